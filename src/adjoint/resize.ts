import type { GraphBuilder } from '../graph/builder.ts';
import { intAttribute, ints, intsAttribute, type Node, requiredInput, requiredOutput, stringAttribute } from '../graph/graph.ts';
import { constantNumbers, frontAxis, scale, unaryRule, unsupportedForm } from './common.ts';
import { type Reads, spreadAlongAxis } from './interpolation.ts';

/**
 * Resize, nearest or linear. Both are linear maps along one axis at a time, so the adjoint is a product with a constant matrix per
 * resized axis; enlarging by whole factors with nearest is undone by sums over blocks.
 */
export const resize = unaryRule((builder, node, cotangent) => {
  const mode = stringAttribute(node, 'mode', 'nearest');
  if (mode !== 'nearest' && mode !== 'linear') throw unsupportedForm(node, `its mode is “${mode}”`);
  if (intAttribute(node, 'antialias', 0) !== 0) throw unsupportedForm(node, 'it filters against aliasing');
  const input = builder.shape(requiredInput(node, 0));
  const output = builder.shape(requiredOutput(node, 0));
  const factors = factorsOf(builder, node, input, output);
  const maps = input.map((length, axis) => readsAlong(node, mode, length, output[axis] ?? 1, factors[axis] ?? 1));
  const blocks = maps.map((reads, axis) => blockFactor(reads, input[axis] ?? 1));
  const spatial = input.length > 2 && blocks.slice(0, 2).every((block) => block === 1);
  if (spatial && blocks.every((block) => block !== null)) {
    const kernel = blocks.slice(2).map((block) => block ?? 1);
    const mean = builder.emit('AveragePool', [cotangent], { kernel_shape: ints(kernel), strides: ints(kernel) });
    return scale(
      builder,
      mean,
      kernel.reduce((product, size) => product * size, 1),
    );
  }
  return maps.reduce(
    (value, reads, axis) => (blocks[axis] === 1 ? value : spreadAlongAxis(builder, value, axis, reads, input[axis] ?? 1)),
    cotangent,
  );
});

/** The factor by which each axis' coordinates are scaled, which with `scales` need not be output size over input size. */
function factorsOf(builder: GraphBuilder, node: Node, input: readonly number[], output: readonly number[]): number[] {
  const axes = intsAttribute(node, 'axes') ?? input.map((_, axis) => axis);
  const sizes = constantNumbers(builder, node, 3, 'sizes') ?? [];
  const scales = constantNumbers(builder, node, 2, 'scales') ?? [];
  const factors = input.map((length, axis) => (output[axis] ?? 1) / length);
  if (sizes.length > 0) {
    const policy = stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch');
    if (policy === 'stretch') return factors;
    const ratios = axes.map((axis, index) => (sizes[index] ?? 1) / (input[frontAxis(axis, input.length)] ?? 1));
    const common = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
    for (const axis of axes) factors[frontAxis(axis, input.length)] = common;
    return factors;
  }
  axes.forEach((axis, index) => {
    factors[frontAxis(axis, input.length)] = scales[index] ?? 1;
  });
  return factors;
}

/** What each output position along one axis reads. The runtime rounds coordinates to float32, and so do we: ties depend on it. */
function readsAlong(node: Node, mode: 'nearest' | 'linear', length: number, count: number, factor: number): Reads[] {
  if (length === count && factor === 1) return Array.from({ length }, (_, position): Reads => [[position, 1]]);
  const coordinate = coordinates(node, length, count, factor);
  const round = mode === 'nearest' ? rounding(node) : null;
  const last = length - 1;
  const inside = (position: number) => Math.min(last, Math.max(0, position));
  return Array.from({ length: count }, (_, place): Reads => {
    const source = coordinate(place);
    if (round !== null) return [[inside(round(source)), 1]];
    const clamped = inside(source);
    const low = Math.floor(clamped);
    return low === clamped
      ? [[low, 1]]
      : [
          [low, low + 1 - clamped],
          [low + 1, clamped - low],
        ];
  });
}

/** From an output position to a real input position, by the operator's `coordinate_transformation_mode`. */
function coordinates(node: Node, length: number, count: number, factor: number): (place: number) => number {
  const mode = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  const f = Math.fround;
  const ratio = f(factor);
  const halfPixel = (place: number) => f(f((place + 0.5) / ratio) - 0.5);
  switch (mode) {
    case 'half_pixel':
      return halfPixel;
    case 'half_pixel_symmetric': {
      // An output that was cut to whole pixels is centred on the input.
      const offset = f((length / 2) * (1 - count / f(ratio * length)));
      return (place) => f(offset + halfPixel(place));
    }
    case 'pytorch_half_pixel':
      return count > 1 ? halfPixel : () => 0;
    case 'align_corners':
      return count > 1 ? (place) => f(f(place * (length - 1)) / (count - 1)) : () => 0;
    case 'asymmetric':
      return (place) => f(place / ratio);
    default:
      throw unsupportedForm(node, `its coordinate_transformation_mode is “${mode}”`);
  }
}

function rounding(node: Node): (position: number) => number {
  const mode = stringAttribute(node, 'nearest_mode', 'round_prefer_floor');
  switch (mode) {
    case 'round_prefer_floor':
      return (position) => Math.ceil(position - 0.5);
    case 'round_prefer_ceil':
      return (position) => Math.floor(position + 0.5);
    case 'floor':
      return Math.floor;
    case 'ceil':
      return Math.ceil;
    default:
      throw unsupportedForm(node, `its nearest_mode is “${mode}”`);
  }
}

/** n where every input position is read by n neighbouring output positions in order and by nothing else; otherwise null. */
function blockFactor(reads: readonly Reads[], length: number): number | null {
  const block = reads.length / length;
  const regular = reads.every((taps, place) => taps.length === 1 && taps[0]?.[0] === Math.floor(place / block));
  return Number.isInteger(block) && regular ? block : null;
}
