import { HeliographError } from './errors.ts';

/** The ONNX element types a graph can carry once read. Half-precision floats are widened to float32 by the reader. */
export type ElementType =
  | 'float32'
  | 'float64'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool'
  | 'string';

export interface TypedArrays {
  float32: Float32Array;
  float64: Float64Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  string: readonly string[];
}

export type Shape = readonly number[];

/** A dense C-order tensor. `data.length` equals the product of `dims`; a scalar has `dims` []. */
export type Tensor = {
  [T in ElementType]: { readonly type: T; readonly dims: Shape; readonly data: TypedArrays[T] };
}[ElementType];

export type FloatTensor = Extract<Tensor, { type: 'float32' }>;

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(dims: Shape): number {
  let size = 1;
  for (const dim of dims) size *= dim;
  return size;
}

/** A float32 tensor; throws a RangeError when the data does not fill the shape. */
export function float32(dims: Shape, data: Float32Array | readonly number[]): FloatTensor {
  const array = data instanceof Float32Array ? data : Float32Array.from(data);
  if (array.length !== sizeOf(dims)) {
    throw new RangeError(`A tensor of shape [${dims}] needs ${sizeOf(dims)} values, not ${array.length}.`);
  }
  return { type: 'float32', dims: [...dims], data: array };
}

/** A float32 scalar (shape []). */
export function scalar(value: number): FloatTensor {
  return float32([], [value]);
}

/** A one-dimensional int64 tensor, the form in which ONNX takes axes, shapes and slices. */
export function int64s(values: readonly number[]): Tensor {
  return { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, (value) => BigInt(Math.trunc(value))) };
}

/** An int64 scalar (shape []). */
export function int64(value: number): Tensor {
  return { type: 'int64', dims: [], data: BigInt64Array.of(BigInt(Math.trunc(value))) };
}

/** The values of any numeric or boolean tensor as JavaScript numbers. Throws for strings. */
export function numbers(tensor: Tensor): number[] {
  if (tensor.type === 'string') {
    throw new HeliographError('invalid-model', 'A string tensor stands where numbers are needed.');
  }
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** Row-major strides of a shape, in elements. */
export function strides(dims: Shape): number[] {
  const result = new Array<number>(dims.length).fill(1);
  for (let axis = dims.length - 2; axis >= 0; axis -= 1) {
    result[axis] = (result[axis + 1] ?? 1) * (dims[axis + 1] ?? 1);
  }
  return result;
}
