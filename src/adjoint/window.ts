import type { GraphBuilder } from '../graph/builder.ts';
import { int, intAttribute, type Node, requiredInput } from '../graph/graph.ts';
import { kernelShape, type WindowGeometry, windowGeometry } from '../graph/infer/window.ts';
import { type Shape, sizeOf } from '../graph/tensor.ts';
import { unsupportedForm } from './common.ts';

const at = (values: readonly number[], axis: number): number => values[axis] ?? 0;

/** How the window of a convolution or pooling node lies on its input; every list has one entry per spatial axis. */
export interface Window extends WindowGeometry {
  /** Spatial size of the input. */
  readonly input: Shape;
}

/** One position inside a window, in steps of the kernel: `[dy, dx]` for images. */
export type Offset = readonly number[];

/**
 * The window of a Conv, MaxPool or AveragePool node.
 * @throws HeliographError `unsupported-operator` for a pooling the runtime computes but refuses in a larger graph, see {@link dropsWindow}
 */
export function windowOf(builder: GraphBuilder, node: Node): Window {
  const input = builder.shape(requiredInput(node, 0)).slice(2);
  const kernel = node.op === 'Conv' ? kernelShape(node, builder.shape(requiredInput(node, 1))) : kernelShape(node);
  const window = { input, ...windowGeometry(node, input, kernel) };
  if (dropsWindow(node, window)) throw unsupportedForm(node, 'with ceil_mode its last window would start in the padding');
  return window;
}

/**
 * Whether `ceil_mode` asks for a window that starts behind the image. The runtime leaves it out, but its checker of ONNX files
 * (onnxruntime-web 1.30) counts it, so no graph whose shapes are known throughout can contain such a node.
 */
export function dropsWindow(node: Node, window: Window): boolean {
  const { input, output, strides, padsBegin, padsEnd } = window;
  const room = (axis: number) => at(input, axis) + at(padsBegin, axis) + at(padsEnd, axis) - extentOf(window, axis);
  return intAttribute(node, 'ceil_mode', 0) === 1 && output.some((count, axis) => room(axis) > (count - 1) * at(strides, axis));
}

/** All offsets of a window in row-major order. */
export function offsetsOf(window: WindowGeometry): Offset[] {
  return window.kernel.reduce<number[][]>(
    (offsets, size) => offsets.flatMap((offset) => Array.from({ length: size }, (_, step) => [...offset, step])),
    [[]],
  );
}

/** Length of input a window of `kernel` taps covers along an axis. */
export function extentOf(window: WindowGeometry, axis: number): number {
  return (at(window.kernel, axis) - 1) * at(window.dilations, axis) + 1;
}

/**
 * How far the last window reaches beyond the input along an axis. Negative where it ends before the input does; with
 * `ceil_mode` it may be more than the node's own padding.
 */
export function overhang(window: Window, axis: number): number {
  const reach = (at(window.output, axis) - 1) * at(window.strides, axis) + extentOf(window, axis);
  return reach - at(window.padsBegin, axis) - at(window.input, axis);
}

export function isStrided(window: WindowGeometry): boolean {
  return window.strides.some((stride) => stride > 1);
}

/**
 * Adds `begin` and `end` entries of `fill` around the spatial axes of [N, C, …]; negative numbers cut off.
 * Cutting is a Slice, because not every provider takes negative pads.
 */
export function padSpatial(
  builder: GraphBuilder,
  value: string,
  begin: readonly number[],
  end: readonly number[],
  fill = 0,
): string {
  const axes = begin.map((_, axis) => axis + 2);
  const positive = (amounts: readonly number[]) => amounts.map((amount) => Math.max(0, amount));
  let result = value;
  if (begin.some((amount) => amount < 0) || end.some((amount) => amount < 0)) {
    const size = builder.shape(value).slice(2);
    const starts = begin.map((amount) => Math.max(0, -amount));
    const ends = size.map((length, axis) => length + Math.min(0, at(end, axis)));
    result = builder.emit('Slice', [result, builder.ints(starts), builder.ints(ends), builder.ints(axes)], {}, 'crop');
  }
  if (begin.some((amount) => amount > 0) || end.some((amount) => amount > 0)) {
    const pads = builder.ints([0, 0, ...positive(begin), 0, 0, ...positive(end)]);
    result = builder.emit('Pad', fill === 0 ? [result, pads] : [result, pads, builder.scalar(fill)]);
  }
  return result;
}

/** The input with `fill` wherever a window reaches outside, so that every offset is a plain strided slice of it. */
export function padForWindow(builder: GraphBuilder, value: string, window: Window, fill: number): string {
  const end = window.input.map((_, axis) => Math.max(0, overhang(window, axis)));
  return padSpatial(builder, value, window.padsBegin, end, fill);
}

/** What each window sees at one offset: [N, C, …output] out of the result of {@link padForWindow}. */
export function sliceAtOffset(builder: GraphBuilder, padded: string, window: Window, offset: Offset): string {
  const starts = offset.map((step, axis) => step * at(window.dilations, axis));
  const ends = starts.map((start, axis) => start + (at(window.output, axis) - 1) * at(window.strides, axis) + 1);
  const size = builder.shape(padded).slice(2);
  const whole = starts.every((start) => start === 0) && ends.every((end, axis) => end === at(size, axis)) && !isStrided(window);
  if (whole) return padded;
  const axes = builder.ints(starts.map((_, axis) => axis + 2));
  const inputs = [padded, builder.ints(starts), builder.ints(ends), axes];
  return builder.emit('Slice', isStrided(window) ? [...inputs, builder.ints(window.strides)] : inputs);
}

/**
 * What each window of a Conv, MaxPool or AveragePool node sees at one offset.
 *
 * @param value [N, c, …input], any number of channels
 * @param fill what stands for padding
 * @returns [N, c, …output]
 */
export function gatherAtOffset(builder: GraphBuilder, value: string, node: Node, offset: Offset, fill = 0): string {
  const window = windowOf(builder, node);
  return sliceAtOffset(builder, padForWindow(builder, value, window, fill), window, offset);
}

/**
 * The adjoint of {@link gatherAtOffset} with `fill` 0: puts each window's value back where that window sees its input at
 * `offset`, zero elsewhere; what lies in the padding is dropped.
 *
 * @param value [N, c, …output]
 * @returns [N, c, …input]
 */
export function placeAtOffset(builder: GraphBuilder, value: string, node: Node, offset: Offset): string {
  return placeAll(builder, node, [{ offset, value }]);
}

/** Several {@link placeAtOffset} added up, at a fraction of their cost. */
export function placeAll(
  builder: GraphBuilder,
  node: Node,
  placements: readonly { readonly offset: Offset; readonly value: string }[],
): string {
  const window = windowOf(builder, node);
  const { strides, padsBegin, input, output } = window;
  // Input position i, seen at padded position j = i + pad = stride · q + phase. Each phase is a sum over shifted maps of
  // output size; the phases interleave to the input.
  const first = padsBegin.map((pad, axis) => Math.floor(pad / at(strides, axis)));
  const count = input.map((size, axis) => Math.floor((at(padsBegin, axis) + size - 1) / at(strides, axis)) - at(first, axis) + 1);
  const phases = new Map<string, string>();
  for (const { offset, value } of placements) {
    const reach = offset.map((step, axis) => step * at(window.dilations, axis));
    const phase = reach.map((distance, axis) => distance % at(strides, axis)).join(',');
    const begin = reach.map((distance, axis) => Math.floor(distance / at(strides, axis)) - at(first, axis));
    const end = begin.map((shift, axis) => at(count, axis) - at(output, axis) - shift);
    // A map pushed out of the picture altogether has nothing left to add.
    if (begin.some((shift, axis) => shift <= -at(output, axis) || at(end, axis) <= -at(output, axis))) continue;
    const shifted = padSpatial(builder, value, begin, end);
    const known = phases.get(phase);
    phases.set(phase, known === undefined ? shifted : builder.addValues(known, shifted));
  }
  const channels = placements[0] === undefined ? [] : builder.shape(placements[0].value).slice(0, 2);
  const zero = () => builder.emit('Expand', [builder.scalar(0), builder.ints([...channels, ...count])], {}, 'zeros');
  const ordered = offsetsOf({ ...window, kernel: strides }).map((phase) => phases.get(phase.join(',')) ?? zero());
  const whole = interleave(builder, ordered, strides);
  const begin = padsBegin.map((pad, axis) => at(first, axis) * at(strides, axis) - pad);
  const end = input.map((size, axis) => size - at(count, axis) * at(strides, axis) - at(begin, axis));
  return padSpatial(builder, whole, begin, end);
}

/**
 * Sub-pixel shuffle: maps [N, C, q…], one per phase in row-major order, become [N, C, q · stride…]. One transposition of
 * two neighbouring axes per spatial axis: on wasm 1.8 times as fast as DepthToSpace, 4 times as fast as one transposition of six axes.
 */
function interleave(builder: GraphBuilder, phases: readonly string[], strides: readonly number[]): string {
  const [only] = phases;
  if (phases.length === 1 && only !== undefined) return only;
  let value = builder.emit('Concat', phases, { axis: int(0) });
  const [batch = 1, channels = 1, ...size] = builder.shape(phases[0] ?? value);
  const full = size.map((length, axis) => length * at(strides, axis));
  for (let axis = size.length - 1; axis >= 0; axis -= 1) {
    const stride = at(strides, axis);
    if (stride === 1) continue;
    const before = sizeOf(strides.slice(0, axis));
    const split = [before, stride, batch * channels * sizeOf(size.slice(0, axis + 1)), sizeOf(full.slice(axis + 1))];
    value = builder.transpose(builder.reshape(value, split), [0, 2, 1, 3]);
  }
  return builder.reshape(value, [batch, channels, ...full]);
}
