import type { GraphBuilder } from '../graph/builder.ts';
import { intAttribute, type Node, requiredInput, requiredOutput } from '../graph/graph.ts';
import { type ElementType, float32 } from '../graph/tensor.ts';
import { constantNumbers, frontAxis, greater, less, select, unaryRule, unsupportedForm } from './common.ts';

/** Smallest and largest code of each quantised type. */
const CODES: Partial<Record<ElementType, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};

/** Scale and zero point of a node as constants that broadcast against a tensor of `rank` dimensions. */
function parameters(builder: GraphBuilder, node: Node, rank: number) {
  const scales = constantNumbers(builder, node, 1, 'scales') ?? [];
  if (intAttribute(node, 'block_size', 0) !== 0) throw unsupportedForm(node, 'it is quantised in blocks');
  const zeroPoints = constantNumbers(builder, node, 2, 'zero points') ?? scales.map(() => 0);
  const dims = new Array<number>(scales.length === 1 ? 0 : rank).fill(1);
  if (scales.length > 1) dims[frontAxis(intAttribute(node, 'axis', 1), rank)] = scales.length;
  const constant = (values: readonly number[]) => builder.add(float32(dims, values), 'quantisation');
  return { scales, zeroPoints, constant };
}

/**
 * QuantizeLinear by the straight-through estimator (Bengio, Léonard, Courville 2013, arXiv 1308.3432): rounding counts as the
 * identity, so where a value rounds to a code the gradient is 1 / scale, where it saturates it is 0 (as in PyTorch's fake_quantize;
 * quantisers leave ReLUs out where the lowest code stands for 0, and then saturation is the ReLU). Scale and zero point are fixed. The cotangent of
 * the integer output is a float32 tensor of its shape; followed by DequantizeLinear with the same scale the pair is the identity
 * inside the range.
 */
export const quantizeLinear = unaryRule((builder, node, cotangent) => {
  const image = requiredInput(node, 0);
  const codes = CODES[builder.type(requiredOutput(node, 0)).type];
  if (codes === undefined)
    throw unsupportedForm(node, `codes of type ${builder.type(requiredOutput(node, 0)).type} are not covered`);
  const [low, high] = codes;
  const { scales, zeroPoints, constant } = parameters(builder, node, builder.shape(image).length);
  // Half a step further out a value still rounds to the last code.
  const bound = (code: number) => constant(scales.map((step, index) => (code - (zeroPoints[index] ?? 0)) * step));
  const zero = builder.scalar(0);
  const inner = builder.divide(cotangent, constant(scales));
  const notAbove = select(builder, greater(builder, image, bound(high + 0.5)), zero, inner);
  return select(builder, less(builder, image, bound(low - 0.5)), zero, notAbove);
});

/** DequantizeLinear, y = (code − zero point) · scale, with respect to the codes; scale and zero point are fixed. */
export const dequantizeLinear = unaryRule((builder, node, cotangent) => {
  const { scales, constant } = parameters(builder, node, builder.shape(requiredInput(node, 0)).length);
  return builder.multiply(cotangent, constant(scales));
});
