import type { GraphBuilder } from '../graph/builder.ts';
import { int, intAttribute, type Node, requiredInput, requiredOutput, text } from '../graph/graph.ts';
import { float32, sizeOf } from '../graph/tensor.ts';
import { scale, select, unaryRule } from './common.ts';
import { convolutionToImage } from './convolution.ts';
import { type Offset, offsetsOf, overhang, padForWindow, placeAll, sliceAtOffset, type Window, windowOf } from './window.ts';

/** Stands for padding in a maximum: below every value a network computes, and finite. */
const LOWEST = -3.4028234663852886e38;

const at = (values: readonly number[], axis: number): number => values[axis] ?? 0;

/**
 * Hands `amount` [N, C, …output] to the offset at which each window has its maximum; of equal maxima the first in
 * row-major order takes it all, as in PyTorch. Without the operator's Indices output, which fails on WebGPU.
 *
 * @returns for every offset its share, [N, C, …output]
 */
function award(builder: GraphBuilder, node: Node, window: Window, offsets: readonly Offset[], amount: string): string[] {
  const maximum = requiredOutput(node, 0);
  const padded = padForWindow(builder, requiredInput(node, 0), window, LOWEST);
  const zero = builder.scalar(0);
  let left = amount;
  return offsets.map((offset, index) => {
    // Nobody before it won: what is left belongs to the last offset.
    if (index === offsets.length - 1) return left;
    const wins = builder.emit('Equal', [sliceAtOffset(builder, padded, window, offset), maximum]);
    const share = select(builder, wins, left, zero);
    left = select(builder, wins, zero, left);
    return share;
  });
}

/** Which offset of each window a MaxPool passed on: one mask [N, C, …output] per offset, 1 at the first maximum, else 0. */
export function poolSwitches(builder: GraphBuilder, node: Node): { offsets: Offset[]; masks: string[] } {
  const window = windowOf(builder, node);
  const offsets = offsetsOf(window);
  const one = builder.emit('Expand', [builder.scalar(1), builder.ints(builder.shape(requiredOutput(node, 0)))], {}, 'ones');
  return { offsets, masks: award(builder, node, window, offsets, one) };
}

/** MaxPool: the cotangent goes to the first maximum of each window. */
export const maxPool = unaryRule((builder, node, cotangent) => {
  const window = windowOf(builder, node);
  const offsets = offsetsOf(window);
  const shares = award(builder, node, window, offsets, cotangent);
  return placeAll(
    builder,
    node,
    shares.map((value, index) => ({ offset: offsets[index] ?? [], value })),
  );
});

/** AveragePool: the cotangent, divided by what each window counted, is spread evenly over the window. */
export const averagePool = unaryRule((builder, node, cotangent) => {
  const window = windowOf(builder, node);
  const dims = builder.shape(requiredInput(node, 0));
  const counts = divisors(window, intAttribute(node, 'count_include_pad', 0) === 1);
  const [first = 1] = counts;
  const share = counts.every((count) => count === first)
    ? scale(builder, cotangent, 1 / first)
    : builder.multiply(
        cotangent,
        builder.add(
          float32(
            [1, 1, ...window.output],
            counts.map((count) => 1 / count),
          ),
          'shares',
        ),
      );
  if (isGlobal(window)) return builder.emit('Expand', [share, builder.ints(dims)]);
  if (isTiling(window)) {
    // Half the price of a ConvTranspose with a kernel of ones.
    return builder.emit('Resize', [share, '', builder.add(float32([dims.length], [1, 1, ...window.kernel]), 'scales')], {
      mode: text('nearest'),
      coordinate_transformation_mode: text('asymmetric'),
      nearest_mode: text('floor'),
    });
  }
  const channels = dims[1] ?? 1;
  const kernel = [channels, 1, ...window.kernel];
  const ones = builder.add(float32(kernel, new Float32Array(sizeOf(kernel)).fill(1)), 'ones');
  return convolutionToImage(builder, node, share, ones, window, channels);
});

/** One window that is the whole input. */
function isGlobal(window: Window): boolean {
  return window.kernel.every((size, axis) => size === window.input[axis] && at(window.output, axis) === 1) && unpadded(window);
}

/** Windows that neither overlap nor leave anything out. */
function isTiling(window: Window): boolean {
  const tiles = window.kernel.every(
    (size, axis) => size === window.strides[axis] && (size === 1 || window.dilations[axis] === 1),
  );
  return tiles && unpadded(window);
}

function unpadded(window: Window): boolean {
  return window.padsBegin.every((pad, axis) => pad === 0 && overhang(window, axis) === 0);
}

/**
 * By what each window divides its sum, in row-major order of `window.output`. Padding counts where `countPadding` says so, but
 * never what a window of `ceil_mode` reaches beyond the padding.
 */
function divisors(window: Window, countPadding: boolean): number[] {
  const perAxis = window.output.map((length, axis) => {
    const before = countPadding ? at(window.padsBegin, axis) : 0;
    const after = countPadding ? at(window.padsEnd, axis) : 0;
    return Array.from({ length }, (_, place) => {
      const start = place * at(window.strides, axis) - at(window.padsBegin, axis);
      const taps = Array.from({ length: at(window.kernel, axis) }, (_, tap) => start + tap * at(window.dilations, axis));
      return taps.filter((position) => position >= -before && position < at(window.input, axis) + after).length;
    });
  });
  return perAxis.reduce<number[]>((all, axis) => all.flatMap((count) => axis.map((covered) => count * covered)), [1]);
}

/** GlobalAveragePool: every position gets the same share. */
export const globalAveragePool = unaryRule((builder, node, cotangent) => {
  const dims = builder.shape(requiredInput(node, 0));
  const share = scale(builder, cotangent, 1 / sizeOf(dims.slice(2)));
  return builder.emit('Expand', [share, builder.ints(dims)]);
});

/** GlobalMaxPool: the cotangent goes to the first maximum of each channel. */
export const globalMaxPool = unaryRule((builder, node, cotangent) => {
  const image = requiredInput(node, 0);
  const [, , ...size] = builder.shape(image);
  const zero = builder.scalar(0);
  // Of equal maxima the first has the highest rank.
  const positions = sizeOf(size);
  const ranks = Float32Array.from({ length: positions }, (_, position) => positions - position);
  const ranked = select(
    builder,
    builder.emit('Equal', [image, requiredOutput(node, 0)]),
    builder.add(float32([1, 1, ...size], ranks), 'ranks'),
    zero,
  );
  const axes = size.map((_, axis) => axis + 2);
  const best = builder.emit('ReduceMax', [ranked, builder.ints(axes)], { keepdims: int(1) });
  return select(builder, builder.emit('Equal', [ranked, best]), cotangent, zero);
});
