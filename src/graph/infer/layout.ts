import { intAttribute, intsAttribute, stringAttribute } from '../graph.ts';
import { sizeOf } from '../tensor.ts';
import { type Inference, type InferRule, typed } from './inference.ts';

const reshape: InferRule = (at) => {
  const dims = at.dims(0);
  const wanted = at.values(1);
  const allowZero = intAttribute(at.node, 'allowzero', 0) !== 0;
  const open = wanted.indexOf(-1);
  const result = wanted.map((dim, axis) => {
    if (dim === -1) return 1;
    const size = dim === 0 && !allowZero ? dims[axis] : dim;
    if (size === undefined || size < 0) throw at.mismatch(`shape [${wanted}] does not fit an input of shape [${dims}]`);
    return size;
  });
  if (open >= 0) {
    const rest = sizeOf(result);
    result[open] = rest === 0 ? 0 : sizeOf(dims) / rest;
  }
  if (wanted.lastIndexOf(-1) !== open || sizeOf(result) !== sizeOf(dims) || !Number.isInteger(result[open] ?? 0)) {
    throw at.mismatch(`an input of shape [${dims}] cannot become [${wanted}]`);
  }
  return [at.like(0, result)];
};

const concat: InferRule = (at) => {
  const dims = [...at.dims(0)];
  const axis = at.axis(intAttribute(at.node, 'axis', 0), dims.length);
  let total = 0;
  at.inputs.forEach((_, index) => {
    const other = at.dims(index);
    if (other.length !== dims.length || other.some((dim, place) => place !== axis && dim !== dims[place])) {
      throw at.mismatch(`[${dims}] and [${other}] cannot be joined along axis ${axis}`);
    }
    total += other[axis] ?? 0;
  });
  dims[axis] = total;
  return [at.like(0, dims)];
};

const split: InferRule = (at) => {
  const dims = at.dims(0);
  const axis = at.axis(intAttribute(at.node, 'axis', 0), dims.length);
  const length = dims[axis] ?? 0;
  const sizes = at.has(1) ? at.values(1) : evenSplit(length, at.node.outputs.length);
  if (sizes.some((size) => size < 0) || sizes.reduce((sum, size) => sum + size, 0) !== length) {
    throw at.mismatch(`parts [${sizes}] do not add up to ${length}`);
  }
  if (sizes.length < at.node.outputs.length) throw at.mismatch(`there are more outputs than parts [${sizes}]`);
  return sizes.map((size) => at.like(0, dims.with(axis, size)));
};

/** Equal parts, the last one smaller where the length does not divide. */
function evenSplit(length: number, count: number): number[] {
  const size = Math.ceil(length / Math.max(1, count));
  return Array.from({ length: Math.min(count, length + 1) }, (_, index) => Math.max(0, Math.min(size, length - index * size)));
}

/** One axis of a Slice with its bounds clamped as ONNX prescribes. */
interface SliceRange {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** Resolves the constant starts, ends, axes and steps of a Slice node against its input's shape. */
function sliceRanges(at: Inference): SliceRange[] {
  const dims = at.dims(0);
  const starts = at.values(1);
  const ends = at.values(2);
  const axes = at.axes(at.has(3) ? at.values(3) : starts.map((_, index) => index), dims.length);
  const steps = at.has(4) ? at.values(4) : axes.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length || steps.includes(0)) {
    throw at.mismatch('starts, ends, axes and steps do not fit each other');
  }
  return axes.map((axis, index) => {
    const dim = dims[axis] ?? 0;
    const step = steps[index] ?? 1;
    const bound = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value < 0 ? value + dim : value));
    const start = step > 0 ? bound(starts[index] ?? 0, 0, dim) : bound(starts[index] ?? 0, 0, dim - 1);
    const end = step > 0 ? bound(ends[index] ?? 0, 0, dim) : bound(ends[index] ?? 0, -1, dim - 1);
    return { axis, start, step, count: Math.max(0, Math.ceil((end - start) / step)) };
  });
}

const pad: InferRule = (at) => {
  const dims = [...at.dims(0)];
  const axes = at.axes(at.has(3) ? at.values(3) : dims.map((_, axis) => axis), dims.length);
  const pads = at.values(1);
  if (pads.length !== 2 * axes.length) throw at.mismatch(`pads [${pads}] do not fit ${axes.length} axes`);
  axes.forEach((axis, index) => {
    dims[axis] = (dims[axis] ?? 0) + (pads[index] ?? 0) + (pads[index + axes.length] ?? 0);
  });
  if (dims.some((dim) => dim < 0)) throw at.mismatch(`pads [${pads}] cut more than there is`);
  const mode = stringAttribute(at.node, 'mode', 'constant');
  if (mode === 'reflect') {
    axes.forEach((axis, index) => {
      const room = (at.dims(0)[axis] ?? 0) - 1;
      if ((pads[index] ?? 0) > room || (pads[index + axes.length] ?? 0) > room) {
        throw at.mismatch(`pads [${pads}] reflect more than there is`);
      }
    });
  }
  return [at.like(0, dims)];
};

export const layout: Readonly<Record<string, InferRule>> = {
  Reshape: reshape,
  Flatten: (at) => {
    const dims = at.dims(0);
    const axis = intAttribute(at.node, 'axis', 1);
    const cut = axis < 0 ? axis + dims.length : axis;
    if (cut < 0 || cut > dims.length) throw at.mismatch(`axis ${axis} lies outside a tensor of ${dims.length} dimensions`);
    return [at.like(0, [sizeOf(dims.slice(0, cut)), sizeOf(dims.slice(cut))])];
  },
  Transpose: (at) => {
    const dims = at.dims(0);
    const order = intsAttribute(at.node, 'perm') ?? [...dims.keys()].reverse();
    if (order.length !== dims.length) throw at.mismatch(`permutation [${order}] does not fit ${dims.length} dimensions`);
    return [
      at.like(
        0,
        at.axes(order, dims.length).map((axis) => dims[axis] ?? 0),
      ),
    ];
  },
  Squeeze: (at) => {
    const dims = at.dims(0);
    const given = at.givenAxes(1);
    const axes = new Set(given === undefined ? [...dims.keys()].filter((axis) => dims[axis] === 1) : at.axes(given, dims.length));
    for (const axis of axes) if (dims[axis] !== 1) throw at.mismatch(`axis ${axis} of shape [${dims}] is not 1`);
    return [
      at.like(
        0,
        dims.filter((_, axis) => !axes.has(axis)),
      ),
    ];
  },
  Unsqueeze: (at) => {
    const given = at.givenAxes(1) ?? [];
    const rank = at.dims(0).length + given.length;
    const axes = new Set(at.axes(given, rank));
    const rest = at.dims(0).values();
    return [
      at.like(
        0,
        Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : (rest.next().value ?? 1))),
      ),
    ];
  },
  Concat: concat,
  Split: split,
  Slice: (at) => {
    const dims = [...at.dims(0)];
    for (const { axis, count } of sliceRanges(at)) dims[axis] = count;
    return [at.like(0, dims)];
  },
  Pad: pad,
  Expand: (at) => [at.like(0, at.broadcast([at.dims(0), at.values(1)]))],
  Tile: (at) => {
    const dims = at.dims(0);
    const repeats = at.values(1);
    if (repeats.length !== dims.length || repeats.some((count) => count < 0))
      throw at.mismatch(`repeats [${repeats}] do not fit shape [${dims}]`);
    return [
      at.like(
        0,
        dims.map((dim, axis) => dim * (repeats[axis] ?? 1)),
      ),
    ];
  },
  Shape: (at) => {
    const rank = at.dims(0).length;
    const bound = (value: number) => Math.min(rank, Math.max(0, value < 0 ? value + rank : value));
    const start = bound(intAttribute(at.node, 'start', 0));
    const end = bound(intAttribute(at.node, 'end', rank));
    return [typed('int64', [Math.max(0, end - start)])];
  },
  Size: () => [typed('int64', [])],
};
