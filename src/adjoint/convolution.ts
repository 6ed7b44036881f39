import type { GraphBuilder } from '../graph/builder.ts';
import { int, intAttribute, ints, type Node, requiredInput } from '../graph/graph.ts';
import { kernelShape, transposedGeometry } from '../graph/infer/window.ts';
import { type FloatTensor, float32, type Shape, sizeOf } from '../graph/tensor.ts';
import { unsupportedForm } from './common.ts';
import type { AdjointRule } from './rule.ts';
import {
  extentOf,
  isStrided,
  offsetsOf,
  overhang,
  padForWindow,
  padSpatial,
  sliceAtOffset,
  type Window,
  windowOf,
} from './window.ts';

const at = (values: readonly number[], axis: number): number => values[axis] ?? 0;

/** Conv with respect to image, weights and bias. */
export const conv: AdjointRule = (builder, node, [cotangent], wanted) => {
  if (cotangent === null || cotangent === undefined) return node.inputs.map(() => null);
  const image = requiredInput(node, 0);
  const weights = requiredInput(node, 1);
  const groups = intAttribute(node, 'group', 1);
  const window = windowOf(builder, node);
  return [
    wanted[0] ? convolutionToImage(builder, node, cotangent, weights, window, groups) : null,
    wanted[1] ? correlate(builder, image, cotangent, window, groups) : null,
    wanted[2] ? sumPerChannel(builder, cotangent) : null,
  ].slice(0, node.inputs.length);
};

/**
 * ConvTranspose with respect to image, weights and bias. It is the adjoint of a Conv, so its own adjoint is that Conv, and
 * the weights' gradient is the Conv's with image and cotangent exchanged.
 */
export const convTranspose: AdjointRule = (builder, node, [cotangent], wanted) => {
  if (cotangent === null || cotangent === undefined) return node.inputs.map(() => null);
  const image = requiredInput(node, 0);
  const weights = requiredInput(node, 1);
  const groups = intAttribute(node, 'group', 1);
  const small = builder.shape(image).slice(2);
  const { output, ...geometry } = transposedGeometry(node, small, kernelShape(node, builder.shape(weights)));
  const window: Window = { ...geometry, input: output, output: small };
  return [
    wanted[0] ? gatherWindows(builder, cotangent, weights, window, groups) : null,
    wanted[1] ? correlate(builder, cotangent, image, window, groups) : null,
    wanted[2] ? sumPerChannel(builder, cotangent) : null,
  ].slice(0, node.inputs.length);
};

/**
 * The adjoint of a convolution with respect to its image.
 *
 * Stride 1: a Conv with flipped, in/out-transposed weights; on wasm it costs 0.5–0.9 of a ConvTranspose (depthwise 3×3 and 5×5: 0.55,
 * dense 3×3: 0.86). Larger strides: a ConvTranspose; splitting the kernel into stride² phases with a sub-pixel shuffle took 1.9 times
 * as long for a dense 3×3 (64 ← 128 channels, 56×56), 1.3 for a 7×7 stem, 1.3–2.5 for depthwise 3×3, 0.9–1.0 for depthwise 5×5 and
 * for 16×16 patches; zero-insertion 2–8 times. (onnxruntime-web 1.30, two threads.)
 *
 * @param cotangent [N, O, …output]
 * @param weights [O, C / groups, …kernel]
 * @returns [N, C, …input]
 */
export function convolutionToImage(
  builder: GraphBuilder,
  node: Node,
  cotangent: string,
  weights: string,
  window: Window,
  groups: number,
): string {
  return isStrided(window) || miscomputedOnWebGPU(builder.shape(weights), groups)
    ? spreadWindows(builder, node, cotangent, weights, window, groups)
    : flippedConvolution(builder, cotangent, weights, window, groups);
}

/** Σ over all axes but the channels: [N, C, …] → [C]. */
function sumPerChannel(builder: GraphBuilder, value: string): string {
  const axes = builder.shape(value).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  return builder.reduceSum(value, axes, false);
}

/** A Conv whose window is given: the forward direction of {@link spreadWindows}. */
function gatherWindows(builder: GraphBuilder, value: string, weights: string, window: Window, groups: number): string {
  const excess = window.input.map((_, axis) => overhang(window, axis));
  const cropped = padSpatial(
    builder,
    value,
    excess.map(() => 0),
    excess.map((amount) => Math.min(0, amount)),
  );
  return builder.emit('Conv', [cropped, weights], {
    kernel_shape: ints(window.kernel),
    strides: ints(window.strides),
    dilations: ints(window.dilations),
    pads: ints([...window.padsBegin, ...excess.map((amount) => Math.max(0, amount))]),
    group: int(groups),
  });
}

/**
 * Whether the WebGPU kernel would get the flipped convolution of these weights wrong. onnxruntime-web 1.30 miscomputes an image
 * convolution whose input channels divide by 3 but not by 4, 3 itself excepted, where its output channels divide by 4 (6 → 4 and 18 → 16
 * are wrong, 3 → 4, 10 → 4 and 18 → 6 right; github.com/microsoft/onnxruntime/issues/29651 is alike). ConvTranspose is right there.
 */
function miscomputedOnWebGPU([outputs = 0, inputs = 0, ...kernel]: Shape, groups: number): boolean {
  const odd = outputs % 3 === 0 && outputs % 4 !== 0 && outputs !== 3;
  return groups === 1 && kernel.length === 2 && sizeOf(kernel) > 1 && odd && inputs % 4 === 0;
}

/** The adjoint of a strided convolution with respect to its image. */
function spreadWindows(
  builder: GraphBuilder,
  node: Node,
  cotangent: string,
  weights: string,
  window: Window,
  groups: number,
): string {
  if (window.input.length > 2) throw unsupportedForm(node, 'strided windows in three dimensions have no WebGPU kernel');
  const excess = window.input.map((_, axis) => overhang(window, axis));
  return builder.emit('ConvTranspose', [cotangent, weights], {
    kernel_shape: ints(window.kernel),
    strides: ints(window.strides),
    dilations: ints(window.dilations),
    pads: ints([...window.padsBegin, ...excess.map((amount) => Math.max(0, amount))]),
    output_padding: ints(excess.map((amount) => Math.max(0, -amount))),
    group: int(groups),
  });
}

/** The adjoint of a stride-1 convolution with respect to its image. */
function flippedConvolution(builder: GraphBuilder, cotangent: string, weights: string, window: Window, groups: number): string {
  // Full correlation minus the node's own padding; where the node pads by more than its kernel reaches, the cotangent of
  // windows that saw nothing but padding is cut off first.
  const begin = window.padsBegin.map((pad, axis) => extentOf(window, axis) - 1 - pad);
  const end = window.input.map((_, axis) => extentOf(window, axis) - 1 - overhang(window, axis));
  const negative = (amounts: readonly number[]) => amounts.map((amount) => Math.min(0, amount));
  const cropped = padSpatial(builder, cotangent, negative(begin), negative(end));
  return builder.emit('Conv', [cropped, flipWeights(builder, weights, groups)], {
    kernel_shape: ints(window.kernel),
    dilations: ints(window.dilations),
    pads: ints([...begin, ...end].map((amount) => Math.max(0, amount))),
    group: int(groups),
  });
}

/** [O, C/g, …kernel] → [C, O/g, …kernel], in and out exchanged within each group and the kernel reversed along every axis. */
function flipWeights(builder: GraphBuilder, weights: string, groups: number): string {
  const tensor = builder.constant(weights);
  if (tensor?.type === 'float32') return builder.add(flippedTensor(tensor, groups), `${weights}_flipped`);
  const [outputs = 0, perGroup = 0, ...kernel] = builder.shape(weights);
  const taps = sizeOf(kernel);
  let value = builder.reshape(weights, [groups, outputs / groups, perGroup, taps]);
  if (taps > 1) {
    const reversed = builder.ints(Array.from({ length: taps }, (_, tap) => taps - 1 - tap));
    value = builder.emit('Gather', [value, reversed], { axis: int(3) }, `${weights}_reversed`);
  }
  return builder.reshape(builder.transpose(value, [0, 2, 1, 3]), [groups * perGroup, outputs / groups, ...kernel]);
}

function flippedTensor(weights: FloatTensor, groups: number): FloatTensor {
  const [outputs = 0, perGroup = 0, ...kernel] = weights.dims;
  const taps = sizeOf(kernel);
  const outputsPerGroup = outputs / groups;
  const data = new Float32Array(weights.data.length);
  let to = 0;
  for (let channel = 0; channel < groups * perGroup; channel += 1) {
    const group = Math.floor(channel / perGroup);
    for (let output = 0; output < outputsPerGroup; output += 1) {
      const from = ((group * outputsPerGroup + output) * perGroup + (channel % perGroup)) * taps;
      for (let tap = taps - 1; tap >= 0; tap -= 1) data[to++] = weights.data[from + tap] ?? 0;
    }
  }
  return float32([groups * perGroup, outputsPerGroup, ...kernel], data);
}

/**
 * The gradient of a convolution with respect to its weights: Σ over batch and windows of cotangent ⊗ what the window saw.
 *
 * One group: the windows are unfolded by slices and one matrix product does the rest; on wasm that is 1.7–2.5 times as fast as
 * the convolution below for 3×3 kernels and 9 times for 1×1. Several groups: a convolution whose batch is the input's channels, whose
 * channels are the batch and whose dilation is the stride.
 *
 * @param image [N, C, …window.input]
 * @param cotangent [N, O, …window.output]
 * @returns [O, C / groups, …kernel]
 */
function correlate(builder: GraphBuilder, image: string, cotangent: string, window: Window, groups: number): string {
  return groups === 1
    ? correlateByProduct(builder, image, cotangent, window)
    : correlateByConvolution(builder, image, cotangent, window, groups);
}

function correlateByProduct(builder: GraphBuilder, image: string, cotangent: string, window: Window): string {
  const [batch = 1, channels = 1] = builder.shape(image);
  const [, outputs = 1, ...size] = builder.shape(cotangent);
  const places = sizeOf(size);
  const padded = padForWindow(builder, image, window, 0);
  const slices = offsetsOf(window).map((offset) => sliceAtOffset(builder, padded, window, offset));
  const [first] = slices;
  const unfolded =
    slices.length === 1 && first !== undefined ? first : builder.emit('Concat', slices, { axis: int(1) }, 'unfolded');
  const taps = slices.length;
  // The cotangent is transposed rather than the unfolded image: it is `taps` times smaller.
  const columns = builder.transpose(builder.reshape(cotangent, [batch, outputs, places]), [0, 2, 1]);
  const products = builder.emit('MatMul', [builder.reshape(unfolded, [batch, taps * channels, places]), columns]);
  const sum = batch === 1 ? products : builder.reduceSum(products, [0], false);
  const byTap = builder.reshape(sum, [taps, channels, outputs]);
  return builder.reshape(builder.transpose(byTap, [2, 1, 0]), [outputs, channels, ...window.kernel]);
}

function correlateByConvolution(builder: GraphBuilder, image: string, cotangent: string, window: Window, groups: number): string {
  const [batch = 1, channels = 1, ...size] = builder.shape(image);
  const [, outputs = 1, ...places] = builder.shape(cotangent);
  const perGroup = channels / groups;
  const grouped = builder.reshape(image, [batch, groups, perGroup, sizeOf(size)]);
  const swapped = builder.reshape(builder.transpose(grouped, [2, 1, 0, 3]), [perGroup, groups * batch, ...size]);
  const order = [1, 0, ...places.map((_, axis) => axis + 2)];
  const kernels = batch === 1 ? builder.reshape(cotangent, [outputs, 1, ...places]) : builder.transpose(cotangent, order);
  const end = size.map((_, axis) => Math.max(0, overhang(window, axis)));
  const taps = builder.emit('Conv', [swapped, kernels], {
    kernel_shape: ints(places),
    strides: ints(window.dilations),
    dilations: ints(window.strides),
    pads: ints([...window.padsBegin, ...end]),
    group: int(groups),
  });
  // Rows the windows never reach show up as further taps behind the kernel.
  const surplus = window.kernel.map((length, axis) => length - at(builder.shape(taps), axis + 2));
  const kernel = padSpatial(
    builder,
    taps,
    surplus.map(() => 0),
    surplus,
  );
  return builder.transpose(kernel, order);
}
