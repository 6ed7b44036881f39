import { HeliographError } from '../errors.ts';
import { describeNode, intAttribute, intsAttribute, type Node, stringAttribute } from '../graph.ts';
import type { Shape } from '../tensor.ts';

/** How a convolution or pooling window lies on its input, per spatial axis, with `auto_pad` resolved. */
export interface WindowGeometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
  /** Spatial size of the output. */
  readonly output: readonly number[];
}

function perAxis(node: Node, name: string, length: number, fallback: number, least: number): readonly number[] {
  const values = intsAttribute(node, name) ?? new Array<number>(length).fill(fallback);
  if (values.length !== length || values.some((value) => value < least)) {
    throw new HeliographError(
      'shape-mismatch',
      `In ${describeNode(node)}: ${name} [${values}] does not fit ${length} spatial dimensions.`,
    );
  }
  return values;
}

function nonEmpty(node: Node, output: readonly number[], input: Shape): readonly number[] {
  if (output.some((size) => size < 1)) {
    throw new HeliographError(
      'shape-mismatch',
      `In ${describeNode(node)}: the window is larger than its input of size [${input}].`,
    );
  }
  return output;
}

const at = (values: readonly number[], axis: number): number => values[axis] ?? 0;

/**
 * Geometry of Conv, ConvInteger, QLinearConv and the pools.
 * @param input spatial size of the input
 * @param kernel spatial size of the window
 */
export function windowGeometry(node: Node, input: Shape, kernel: readonly number[]): WindowGeometry {
  const rank = input.length;
  if (kernel.length !== rank || kernel.some((size) => size < 1)) {
    throw new HeliographError(
      'shape-mismatch',
      `In ${describeNode(node)}: a window [${kernel}] does not fit an input of size [${input}].`,
    );
  }
  const strides = perAxis(node, 'strides', rank, 1, 1);
  const dilations = perAxis(node, 'dilations', rank, 1, 1);
  const extent = kernel.map((size, axis) => (size - 1) * at(dilations, axis) + 1);
  // ONNX Runtime pads pools as if they were not dilated, and refuses such convolutions.
  const padded = node.op.endsWith('Pool') ? kernel : extent;
  const [padsBegin, padsEnd] = windowPads(node, input, padded, strides);
  const ceil = intAttribute(node, 'ceil_mode', 0) === 1;
  const output = input.map((size, axis) => {
    const stride = at(strides, axis);
    const room = size + at(padsBegin, axis) + at(padsEnd, axis) - at(extent, axis);
    if (room < 0) return 0;
    if (!ceil) return Math.floor(room / stride) + 1;
    const count = Math.ceil(room / stride) + 1;
    // A window that would start in the padding behind the image is left out (as ONNX Runtime and PyTorch do).
    return (count - 1) * stride >= size + at(padsBegin, axis) ? count - 1 : count;
  });
  return { kernel, strides, dilations, padsBegin, padsEnd, output: nonEmpty(node, output, input) };
}

function windowPads(node: Node, input: Shape, extent: readonly number[], strides: readonly number[]): [number[], number[]] {
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  const rank = input.length;
  if (mode === 'NOTSET' || mode === '') {
    const pads = perAxis(node, 'pads', 2 * rank, 0, 0);
    return [pads.slice(0, rank), pads.slice(rank)];
  }
  if (mode === 'VALID') return [new Array<number>(rank).fill(0), new Array<number>(rank).fill(0)];
  const total = input.map((size, axis) => {
    const stride = at(strides, axis);
    return Math.max(0, (Math.ceil(size / stride) - 1) * stride + at(extent, axis) - size);
  });
  return split(node, mode, total);
}

/** Divides padding between front and back; SAME_LOWER gives the odd pixel to the front. */
function split(node: Node, mode: string, total: readonly number[]): [number[], number[]] {
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') {
    throw new HeliographError('invalid-model', `${describeNode(node)} has an unknown auto_pad “${mode}”.`);
  }
  const less = total.map((pad) => Math.floor(pad / 2));
  const more = total.map((pad) => Math.ceil(pad / 2));
  return mode === 'SAME_UPPER' ? [less, more] : [more, less];
}

/**
 * Geometry of ConvTranspose: `output` is its (larger) result, `padsBegin`/`padsEnd` are what is cut off there.
 * @param input spatial size of the input
 * @param kernel spatial size of the window
 */
export function transposedGeometry(node: Node, input: Shape, kernel: readonly number[]): WindowGeometry {
  const rank = input.length;
  if (kernel.length !== rank || kernel.some((size) => size < 1)) {
    throw new HeliographError(
      'shape-mismatch',
      `In ${describeNode(node)}: a window [${kernel}] does not fit an input of size [${input}].`,
    );
  }
  const strides = perAxis(node, 'strides', rank, 1, 1);
  const dilations = perAxis(node, 'dilations', rank, 1, 1);
  const outputPadding = perAxis(node, 'output_padding', rank, 0, 0);
  const full = input.map(
    (size, axis) => (size - 1) * at(strides, axis) + at(outputPadding, axis) + (at(kernel, axis) - 1) * at(dilations, axis) + 1,
  );
  const wanted = intsAttribute(node, 'output_shape')?.slice(-rank);
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  let padsBegin = new Array<number>(rank).fill(0);
  let padsEnd = new Array<number>(rank).fill(0);
  if (wanted !== undefined || mode === 'SAME_UPPER' || mode === 'SAME_LOWER') {
    const size = (axis: number) => wanted?.[axis] ?? at(input, axis) * at(strides, axis);
    const total = full.map((length, axis) => Math.max(0, length - size(axis)));
    // Where only output_shape is given the odd pixel is cut in front, like SAME_LOWER.
    [padsBegin, padsEnd] = split(node, mode === 'SAME_UPPER' ? mode : 'SAME_LOWER', total);
  } else if (mode === 'NOTSET' || mode === '') {
    const pads = perAxis(node, 'pads', 2 * rank, 0, 0);
    padsBegin = pads.slice(0, rank);
    padsEnd = pads.slice(rank);
  } else if (mode !== 'VALID') {
    throw new HeliographError('invalid-model', `${describeNode(node)} has an unknown auto_pad “${mode}”.`);
  }
  const output = full.map((length, axis) => wanted?.[axis] ?? length - at(padsBegin, axis) - at(padsEnd, axis));
  return { kernel, strides, dilations, padsBegin, padsEnd, output: nonEmpty(node, output, input) };
}

/** Spatial size of the window: the attribute, or what the weights say. */
export function kernelShape(node: Node, weights?: Shape): readonly number[] {
  const stated = intsAttribute(node, 'kernel_shape');
  const actual = weights?.slice(2);
  if (stated !== undefined && actual !== undefined && `${stated}` !== `${actual}`) {
    throw new HeliographError(
      'shape-mismatch',
      `In ${describeNode(node)}: kernel_shape [${stated}] differs from the weights' [${actual}].`,
    );
  }
  const shape = actual ?? stated;
  if (shape === undefined) throw new HeliographError('invalid-model', `${describeNode(node)} has no kernel_shape.`);
  return shape;
}
