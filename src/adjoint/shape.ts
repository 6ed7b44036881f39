/** Vector–Jacobian products of operators that rearrange, repeat or relabel elements. */
import { int, intAttribute, intsAttribute, requiredInput, requiredOutput, stringAttribute } from '../graph/graph.ts';
import { elementCode } from '../graph/infer/creation.ts';
import { constantNumbers, isFloat, unaryRule, unbroadcast, unsupportedForm } from './common.ts';
import type { AdjointRule } from './rule.ts';

/** For operators that keep the order of the elements: the cotangent in the input's shape. */
const reshapeBack: AdjointRule = unaryRule((builder, node, cotangent) =>
  builder.reshape(cotangent, builder.shape(requiredInput(node, 0))),
);

export const flatten: AdjointRule = reshapeBack;
export const reshape: AdjointRule = reshapeBack;
export const squeeze: AdjointRule = reshapeBack;
export const unsqueeze: AdjointRule = reshapeBack;

export const identity: AdjointRule = unaryRule((_builder, _node, cotangent) => cotangent);

/** The identity, as always at inference; a node that stays in training mode is refused. */
export const dropout: AdjointRule = unaryRule((builder, node, cotangent) => {
  const training = constantNumbers(builder, node, 2, 'training mode')?.[0] ?? 0;
  if (training !== 0) throw unsupportedForm(node, 'it is in training mode and drops elements at random');
  return cotangent;
});

export const transpose: AdjointRule = unaryRule((builder, node, cotangent) => {
  const rank = builder.shape(cotangent).length;
  const permutation = intsAttribute(node, 'perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return builder.transpose(cotangent, inverse);
});

export const expand: AdjointRule = unaryRule((builder, node, cotangent) =>
  unbroadcast(builder, cotangent, builder.shape(requiredInput(node, 0))),
);

/** The sum over the copies. */
export const tile: AdjointRule = unaryRule((builder, node, cotangent) => {
  const dims = builder.shape(requiredInput(node, 0));
  const tiled = builder.shape(requiredOutput(node, 0));
  const split: number[] = [];
  const copies: number[] = [];
  dims.forEach((dim, axis) => {
    const repeats = (tiled[axis] ?? dim) / dim;
    if (repeats !== 1) {
      copies.push(split.length);
      split.push(repeats);
    }
    split.push(dim);
  });
  if (copies.length === 0) return cotangent;
  return builder.reshape(builder.reduceSum(builder.reshape(cotangent, split), copies, false), dims);
});

/** Between float types the cotangent is cast back; anything else is constant almost everywhere. */
export const cast: AdjointRule = unaryRule((builder, node, cotangent) => {
  const input = requiredInput(node, 0);
  if (!isFloat(builder, input) || !isFloat(builder, requiredOutput(node, 0))) return null;
  const { type } = builder.type(input);
  if (builder.type(cotangent).type === type) return cotangent;
  return builder.emit('Cast', [cotangent], { to: int(elementCode(type)) });
});

/** [N, C·b², H, W] → [N, C, H·b, W·b]; backwards the block's rows and columns return to the channels. */
export const depthToSpace: AdjointRule = unaryRule((builder, node, cotangent) => {
  const block = intAttribute(node, 'blocksize', 1);
  const dims = builder.shape(requiredInput(node, 0));
  const [batch = 1, depth = 1, height = 1, width = 1] = dims;
  const blocks = builder.reshape(cotangent, [batch, depth / block ** 2, height, block, width, block]);
  const columnFirst = stringAttribute(node, 'mode', 'DCR') === 'CRD';
  return builder.reshape(builder.transpose(blocks, columnFirst ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]), dims);
});

/** [N, C, H·b, W·b] → [N, b²·C, H, W], undone. */
export const spaceToDepth: AdjointRule = unaryRule((builder, node, cotangent) => {
  const block = intAttribute(node, 'blocksize', 1);
  const dims = builder.shape(requiredInput(node, 0));
  const [batch = 1, channels = 1, height = 1, width = 1] = dims;
  const blocks = builder.reshape(cotangent, [batch, block, block, channels, height / block, width / block]);
  return builder.reshape(builder.transpose(blocks, [0, 3, 4, 1, 5, 2]), dims);
});
