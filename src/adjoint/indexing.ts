/** Vector–Jacobian products of operators that pick, join or accumulate elements along an axis. */
import type { GraphBuilder } from '../graph/builder.ts';
import { int, intAttribute, requiredInput, requiredOutput, text } from '../graph/graph.ts';
import { elementCode } from '../graph/infer/creation.ts';
import { type Shape, sizeOf, type Tensor } from '../graph/tensor.ts';
import { constantNumbers, frontAxis, unaryRule, zeros } from './common.ts';
import type { AdjointRule } from './rule.ts';

/** Elements start, start + step, … of an axis. Steps may be negative. */
interface Progression {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
}

/** Pads with zeros: `before` and `after` elements on each axis. */
function padZeros(builder: GraphBuilder, name: string, before: readonly number[], after: readonly number[]): string {
  if ([...before, ...after].every((amount) => amount === 0)) return name;
  return builder.emit('Pad', [name, builder.ints([...before, ...after])]);
}

/** The elements of one axis from `start` up to, not including, `end`. */
function sliceAxis(builder: GraphBuilder, name: string, axis: number, start: number, end: number, step = 1): string {
  return builder.emit('Slice', [name, ...[start, end, axis, step].map((value) => builder.ints([value]))]);
}

/** Writes `step − 1` zeros behind each element of an axis. */
function dilate(builder: GraphBuilder, name: string, axis: number, step: number): string {
  const dims = builder.shape(name);
  const column = builder.reshape(name, dims.toSpliced(axis + 1, 0, 1));
  const none = new Array<number>(dims.length + 1).fill(0);
  return builder.reshape(
    padZeros(builder, column, none, none.with(axis + 1, step - 1)),
    dims.with(axis, (dims[axis] ?? 1) * step),
  );
}

/** The adjoint of slicing: a zero tensor of shape `dims` with `name` written at the progressions' positions. */
function place(builder: GraphBuilder, name: string, dims: Shape, progressions: readonly Progression[]): string {
  if (sizeOf(builder.shape(name)) === 0) return zeros(builder, dims);
  const before = new Array<number>(dims.length).fill(0);
  const after = [...before];
  let placed = name;
  for (const { axis, start, step } of progressions) {
    const size = dims[axis] ?? 1;
    const count = builder.shape(placed)[axis] ?? 1;
    const first = step < 0 ? start + (count - 1) * step : start;
    const stride = Math.abs(step);
    if (step < 0 && count > 1) placed = sliceAxis(builder, placed, axis, -1, -count - 1, -1);
    if (stride > 1 && count > 1) placed = dilate(builder, placed, axis, stride);
    if (first + (builder.shape(placed)[axis] ?? 1) > size) placed = sliceAxis(builder, placed, axis, 0, size - first);
    before[axis] = first;
    after[axis] = size - first - (builder.shape(placed)[axis] ?? 1);
  }
  return padZeros(builder, placed, before, after);
}

/** Zeros with the cotangent at the sliced positions; starts, axes and steps must be constants. */
export const slice: AdjointRule = unaryRule((builder, node, cotangent) => {
  const dims = builder.shape(requiredInput(node, 0));
  const starts = constantNumbers(builder, node, 1, 'starts') ?? [];
  const axes = constantNumbers(builder, node, 3, 'axes') ?? starts.map((_, axis) => axis);
  const steps = constantNumbers(builder, node, 4, 'steps') ?? starts.map(() => 1);
  const progressions = starts.map((start, index) => {
    const axis = frontAxis(axes[index] ?? 0, dims.length);
    const size = dims[axis] ?? 1;
    const step = steps[index] ?? 1;
    const fromFront = start < 0 ? start + size : start;
    return { axis, step, start: Math.min(Math.max(fromFront, 0), step < 0 ? size - 1 : size) };
  });
  return place(builder, cotangent, dims, progressions);
});

/** Each operand gets its stretch of the cotangent. */
export const concat: AdjointRule = (builder, node, [cotangent], wanted) => {
  if (cotangent === null || cotangent === undefined) return node.inputs.map(() => null);
  const axis = frontAxis(intAttribute(node, 'axis', 0), builder.shape(cotangent).length);
  const sizes = node.inputs.map((name) => builder.shape(name)[axis] ?? 1);
  if (node.inputs.length === 1) return [wanted[0] ? cotangent : null];
  if (wanted.filter(Boolean).length > 1) {
    const hints = node.inputs.map(() => 'split');
    const parts = builder.emitMany('Split', [cotangent, builder.ints(sizes)], { axis: int(axis) }, hints);
    return parts.map((part, index) => (wanted[index] ? part : null));
  }
  return sizes.map((size, index) => {
    if (wanted[index] !== true) return null;
    const start = sizes.slice(0, index).reduce((total, before) => total + before, 0);
    return sliceAxis(builder, cotangent, axis, start, start + size);
  });
};

/** The cotangents side by side, zeros where nothing flows. */
export const split: AdjointRule = (builder, node, cotangents, wanted) => {
  const none = node.inputs.map(() => null);
  const flowing = cotangents.filter((name) => name !== null);
  const [only] = flowing;
  if (only === undefined || wanted[0] !== true) return none;
  const dims = builder.shape(requiredInput(node, 0));
  const axis = frontAxis(intAttribute(node, 'axis', 0), dims.length);
  const shapes = node.outputs.map((_, index) => builder.shape(requiredOutput(node, index)));
  if (flowing.length === 1) {
    const before = shapes.slice(0, cotangents.indexOf(only));
    const start = before.reduce((total, shape) => total + (shape[axis] ?? 1), 0);
    return [place(builder, only, dims, [{ axis, start, step: 1 }]), ...none.slice(1)];
  }
  const parts = shapes.map((shape, index) => cotangents[index] ?? zeros(builder, shape));
  return [builder.emit('Concat', parts, { axis: int(axis) }), ...none.slice(1)];
};

/** Start and step of equally spaced distinct indices, or null. */
function progressionOf(indices: readonly number[]): { start: number; step: number } | null {
  const [start, second] = indices;
  if (start === undefined) return null;
  const step = second === undefined ? 1 : second - start;
  return step !== 0 && indices.every((value, index) => value === start + index * step) ? { start, step } : null;
}

/**
 * Adds each picked slice back to where it came from. Constant, equally spaced indices (a class token, a reversal) need
 * only `Pad`; others are scattered, repeated ones adding up.
 */
export const gather: AdjointRule = unaryRule((builder, node, cotangent) => {
  const dims = builder.shape(requiredInput(node, 0));
  const axis = frontAxis(intAttribute(node, 'axis', 0), dims.length);
  const size = dims[axis] ?? 1;
  const indices = requiredInput(node, 1);
  const count = sizeOf(builder.shape(indices));
  const rows = builder.reshape(cotangent, dims.with(axis, count));
  const known = builder.constant(indices) === undefined ? undefined : constantNumbers(builder, node, 1, 'indices');
  const positions = known?.map((value) => frontAxis(value, size));
  const progression = positions === undefined ? null : progressionOf(positions);
  if (progression !== null) return place(builder, rows, dims, [{ axis, ...progression }]);

  const toFront = [axis, ...dims.keys()].filter((from, index) => index === 0 || from !== axis);
  const back = toFront.map((_, to) => toFront.indexOf(to));
  const target = zeros(
    builder,
    toFront.map((from) => dims[from] ?? 1),
  );
  const column = positions === undefined ? indexColumn(builder, indices, count) : builder.add(columnOf(positions), 'indices');
  const scattered = builder.emit('ScatterND', [target, column, builder.transpose(rows, toFront)], { reduction: text('add') });
  return builder.transpose(scattered, back);
});

function columnOf(values: readonly number[]): Tensor {
  return { type: 'int64', dims: [values.length, 1], data: BigInt64Array.from(values, (value) => BigInt(value)) };
}

/** Indices that are known only at run time, as ScatterND takes them: int64 [count, 1]. */
function indexColumn(builder: GraphBuilder, indices: string, count: number): string {
  const column = builder.reshape(indices, [count, 1]);
  return builder.type(indices).type === 'int64' ? column : builder.emit('Cast', [column], { to: int(elementCode('int64')) });
}

export const gatherElements: AdjointRule = unaryRule((builder, node, cotangent) => {
  const target = zeros(builder, builder.shape(requiredInput(node, 0)));
  const attributes = { axis: int(intAttribute(node, 'axis', 0)), reduction: text('add') };
  return builder.emit('ScatterElements', [target, requiredInput(node, 1), cotangent], attributes);
});

/** A running sum in the opposite direction. */
export const cumSum: AdjointRule = unaryRule((builder, node, cotangent) =>
  builder.emit('CumSum', [cotangent, requiredInput(node, 1)], {
    exclusive: int(intAttribute(node, 'exclusive', 0)),
    reverse: int(1 - intAttribute(node, 'reverse', 0)),
  }),
);
