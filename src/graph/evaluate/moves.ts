import { intAttribute, intsAttribute } from '../graph.ts';
import { constantValue } from '../infer/creation.ts';
import { numbers, type Shape, sizeOf, strides, type Tensor } from '../tensor.ts';
import {
  broadcastPlaces,
  type Evaluator,
  fromNumbers,
  type NumericTensor,
  operand,
  picked,
  places,
  reshaped,
} from './operands.ts';

/** Operators that move, join or widen elements without computing much with them. */

const reshape: Evaluator = (node, inputs, [type]) => type && [reshaped(operand(node, inputs, 0), type.dims)];

const transpose: Evaluator = (node, inputs, [type]) => {
  const input = operand(node, inputs, 0);
  const own = strides(input.dims);
  const order = intsAttribute(node, 'perm') ?? [...input.dims.keys()].reverse();
  return (
    type && [
      picked(
        input,
        type.dims,
        places(
          type.dims,
          order.map((axis) => own[axis] ?? 0),
        ),
      ),
    ]
  );
};

const slice: Evaluator = (node, inputs, [type]) => {
  if (type === undefined) return undefined;
  const input = operand(node, inputs, 0);
  const steps = strides(input.dims);
  const starts = numbers(operand(node, inputs, 1));
  const axes = inputs[3] === undefined ? starts.map((_, index) => index) : numbers(inputs[3]);
  const jumps = inputs[4] === undefined ? starts.map(() => 1) : numbers(inputs[4]);
  let offset = 0;
  axes.forEach((given, index) => {
    const axis = given < 0 ? given + input.dims.length : given;
    const dim = input.dims[axis] ?? 0;
    const jump = jumps[index] ?? 1;
    const start = starts[index] ?? 0;
    const from = Math.min(jump > 0 ? dim : dim - 1, Math.max(0, start < 0 ? start + dim : start));
    offset += from * (steps[axis] ?? 0);
    steps[axis] = (steps[axis] ?? 0) * jump;
  });
  return [picked(input, type.dims, places(type.dims, steps, offset))];
};

const gather: Evaluator = (node, inputs, [type]) => {
  if (type === undefined) return undefined;
  const data = operand(node, inputs, 0);
  const indices = operand(node, inputs, 1);
  const axis = (intAttribute(node, 'axis', 0) + data.dims.length) % data.dims.length;
  const length = data.dims[axis] ?? 0;
  const wanted = numbers(indices).map((index) => (index < 0 ? index + length : index));
  if (wanted.some((index) => index < 0 || index >= length)) return undefined;
  const inner = sizeOf(data.dims.slice(axis + 1));
  const outer = sizeOf(data.dims.slice(0, axis));
  const result = new Int32Array(outer * wanted.length * inner);
  let count = 0;
  for (let block = 0; block < outer; block += 1) {
    for (const index of wanted) {
      const start = (block * length + index) * inner;
      for (let place = 0; place < inner; place += 1) result[count++] = start + place;
    }
  }
  return [picked(data, type.dims, result)];
};

/** A block of a tensor along one axis. */
function block(input: NumericTensor, axis: number, start: number, dims: Shape): NumericTensor {
  const own = strides(input.dims);
  return picked(input, dims, places(dims, own, start * (own[axis] ?? 0)));
}

const split: Evaluator = (node, inputs, types) => {
  const input = operand(node, inputs, 0);
  const axis = (intAttribute(node, 'axis', 0) + input.dims.length) % input.dims.length;
  let start = 0;
  const parts: Tensor[] = [];
  for (const type of types) {
    if (type === undefined) return undefined;
    parts.push(block(input, axis, start, type.dims));
    start += type.dims[axis] ?? 0;
  }
  return parts;
};

const concat: Evaluator = (node, inputs, [type]) => {
  if (type === undefined) return undefined;
  const rank = type.dims.length;
  const axis = (intAttribute(node, 'axis', 0) + rank) % rank;
  const outer = sizeOf(type.dims.slice(0, axis));
  const parts = inputs.map((_, index) => {
    const tensor = operand(node, inputs, index);
    return { values: numbers(tensor), run: sizeOf(tensor.dims.slice(axis)) };
  });
  const result: number[] = [];
  for (let row = 0; row < outer; row += 1) {
    for (const { values, run } of parts) {
      for (let place = row * run; place < (row + 1) * run; place += 1) result.push(values[place] ?? 0);
    }
  }
  return [fromNumbers(type.type, type.dims, result)];
};

/** x = (q − zero) · scale, with one scale, one along `axis`, or one for every block of it. */
const dequantize: Evaluator = (node, inputs, [type]) => {
  if (type?.type !== 'float32') return undefined;
  const quantized = operand(node, inputs, 0);
  const scale = operand(node, inputs, 1);
  const zero = inputs[2] === undefined ? undefined : operand(node, inputs, 2);
  const { dims } = quantized;
  const scales = numbers(scale);
  const zeros = zero === undefined ? scales.map(() => 0) : numbers(zero);
  const values = quantized.data;
  const result = new Float32Array(values.length);
  const rank = dims.length;
  const perTensor = scales.length === 1;
  const axis = perTensor ? 0 : (intAttribute(node, 'axis', 1) + rank) % rank;
  if (!perTensor && (scale.dims.length !== 1 || scales.length !== dims[axis])) return undefined;
  const inner = perTensor ? values.length : sizeOf(dims.slice(axis + 1));
  for (let index = 0; index < values.length; index += 1) {
    const channel = Math.floor(index / inner) % scales.length;
    result[index] = (Number(values[index]) - (zeros[channel] ?? 0)) * (scales[channel] ?? 0);
  }
  return [{ type: 'float32', dims, data: result }];
};

const cast: Evaluator = (node, inputs, [type]) => {
  if (type === undefined || type.type === 'string') return undefined;
  const input = operand(node, inputs, 0);
  return [input.type === type.type ? input : fromNumbers(type.type, type.dims, numbers(input))];
};

const expand: Evaluator = (node, inputs, [type]) => {
  const input = operand(node, inputs, 0);
  return type && [picked(input, type.dims, broadcastPlaces(input.dims, type.dims))];
};

const constant: Evaluator = (node) => {
  const value = constantValue(node);
  return value && [value];
};

export const moves: Readonly<Record<string, Evaluator>> = {
  Constant: constant,
  Identity: reshape,
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  DequantizeLinear: dequantize,
  Slice: slice,
  Split: split,
  Gather: gather,
};

/** Those that copy through JavaScript numbers or enlarge: small tensors only. */
export const copies: Readonly<Record<string, Evaluator>> = { Cast: cast, CastLike: cast, Concat: concat, Expand: expand };
