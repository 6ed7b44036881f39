import { HeliographError } from '../errors.ts';
import { describeNode, type Node, type ValueType } from '../graph.ts';
import { type ElementType, numbers, type Shape, sizeOf, strides, type Tensor, type TypedArrays } from '../tensor.ts';

/** Computes a node's outputs from its constant inputs; undefined for a form it does not cover. */
export type Evaluator = (
  node: Node,
  inputs: readonly (Tensor | undefined)[],
  types: readonly (ValueType | undefined)[],
) => readonly Tensor[] | undefined;

export type NumericType = Exclude<ElementType, 'string'>;
export type NumericTensor = Exclude<Tensor, { type: 'string' }>;
type NumericArray = TypedArrays[NumericType];

const LIMIT = Number.MAX_SAFE_INTEGER;
const toBigInt = (value: number): bigint =>
  BigInt(Number.isNaN(value) ? 0 : Math.trunc(Math.max(-LIMIT, Math.min(LIMIT, value))));

const ARRAYS: { readonly [T in NumericType]: (values: ArrayLike<number>) => TypedArrays[T] } = {
  float32: (values) => Float32Array.from(values),
  float64: (values) => Float64Array.from(values),
  int8: (values) => Int8Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  int16: (values) => Int16Array.from(values),
  uint16: (values) => Uint16Array.from(values),
  int32: (values) => Int32Array.from(values),
  uint32: (values) => Uint32Array.from(values),
  int64: (values) => BigInt64Array.from(values, toBigInt),
  uint64: (values) => BigUint64Array.from(values, toBigInt),
  bool: (values) => Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)),
};

/** A tensor of any numeric type from numbers, rounded or truncated as the type demands. */
export function fromNumbers(type: ElementType, dims: Shape, values: ArrayLike<number>): NumericTensor {
  if (type === 'string') throw new HeliographError('invalid-model', 'Strings cannot be computed with.');
  return withData(type, dims, ARRAYS[type](values));
}

function withData(type: NumericType, dims: Shape, data: NumericArray): NumericTensor {
  return { type, dims, data } as NumericTensor;
}

/** The same elements under another shape. */
export function reshaped(tensor: NumericTensor, dims: Shape): NumericTensor {
  return { ...tensor, dims };
}

/** A tensor of the elements at these places of another's data. */
export function picked(tensor: NumericTensor, dims: Shape, places: ArrayLike<number>): NumericTensor {
  const data = tensor.data;
  if (data instanceof BigInt64Array)
    return withData(
      tensor.type,
      dims,
      BigInt64Array.from(places, (place) => data[place] ?? 0n),
    );
  if (data instanceof BigUint64Array)
    return withData(
      tensor.type,
      dims,
      BigUint64Array.from(places, (place) => data[place] ?? 0n),
    );
  return withData(tensor.type, dims, gather(data, places));
}

type SmallArray = Exclude<NumericArray, BigInt64Array | BigUint64Array>;

function gather(data: SmallArray, places: ArrayLike<number>): SmallArray {
  const result = new (data.constructor as new (length: number) => SmallArray)(places.length);
  for (let index = 0; index < places.length; index += 1) result[index] = data[places[index] ?? 0] ?? 0;
  return result;
}

/**
 * Places of a strided walk in row-major order: `offset + Σ index·step` for every index of `dims`.
 * Steps may be 0 (broadcasting) or negative (reversal).
 */
export function places(dims: Shape, steps: readonly number[], offset = 0): Int32Array {
  const result = new Int32Array(sizeOf(dims));
  const index = new Array<number>(dims.length).fill(0);
  let place = offset;
  for (let count = 0; count < result.length; count += 1) {
    result[count] = place;
    for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
      const next = (index[axis] ?? 0) + 1;
      place += steps[axis] ?? 0;
      if (next < (dims[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      place -= (steps[axis] ?? 0) * next;
      index[axis] = 0;
    }
  }
  return result;
}

/** Places of a tensor's elements when broadcast to a larger shape. */
export function broadcastPlaces(from: Shape, to: Shape): Int32Array {
  const own = strides(from);
  const missing = to.length - from.length;
  const steps = to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : (own[axis - missing] ?? 0)));
  return places(to, steps);
}

/** A required constant input. */
export function operand(node: Node, inputs: readonly (Tensor | undefined)[], index: number): NumericTensor {
  const tensor = inputs[index];
  if (tensor === undefined || tensor.type === 'string') {
    throw new HeliographError('invalid-model', `${describeNode(node)} lacks its input ${index}.`);
  }
  return tensor;
}

/** Values of a constant input broadcast to a shape. */
export function broadcastNumbers(tensor: Tensor, to: Shape): ArrayLike<number> {
  const values = numbers(tensor);
  if (`${tensor.dims}` === `${to}`) return values;
  return Float64Array.from(broadcastPlaces(tensor.dims, to), (place) => values[place] ?? 0);
}
