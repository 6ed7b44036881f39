/** Vector–Jacobian products of matrix products. A product with a plain matrix is pulled back by `Gemm`, whose flags save the transposition. */
import type { GraphBuilder } from '../graph/builder.ts';
import { type Attributes, float, floatAttribute, inputAt, int, intAttribute, requiredInput } from '../graph/graph.ts';
import { type Shape, sizeOf } from '../graph/tensor.ts';
import { scale, unbroadcast } from './common.ts';
import type { AdjointRule } from './rule.ts';

const flags = (transA: boolean, transB: boolean, alpha = 1): Attributes => ({
  transA: int(transA ? 1 : 0),
  transB: int(transB ? 1 : 0),
  alpha: float(alpha),
});

/** Y = α·A′B′ + β·C, A′ and B′ being A and B, transposed or not; C broadcasts to Y. */
export const gemm: AdjointRule = (builder, node, [cotangent], wanted) => {
  if (cotangent === null || cotangent === undefined) return node.inputs.map(() => null);
  const a = requiredInput(node, 0);
  const b = requiredInput(node, 1);
  const c = inputAt(node, 2);
  const transA = intAttribute(node, 'transA', 0) !== 0;
  const transB = intAttribute(node, 'transB', 0) !== 0;
  const alpha = floatAttribute(node, 'alpha', 1);
  const toA = (): string =>
    transA
      ? builder.emit('Gemm', [b, cotangent], flags(transB, true, alpha))
      : builder.emit('Gemm', [cotangent, b], flags(false, !transB, alpha));
  const toB = (): string =>
    transB
      ? builder.emit('Gemm', [cotangent, a], flags(true, transA, alpha))
      : builder.emit('Gemm', [a, cotangent], flags(!transA, false, alpha));
  const toC = (): string => scale(builder, unbroadcast(builder, cotangent, builder.shape(c)), floatAttribute(node, 'beta', 1));
  return [wanted[0] ? toA() : null, wanted[1] ? toB() : null, wanted[2] && c !== '' ? toC() : null].slice(0, node.inputs.length);
};

/** Exchanges the last two axes. */
function swapLast(builder: GraphBuilder, name: string): string {
  const rank = builder.shape(name).length;
  const permutation = Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  return builder.transpose(name, permutation);
}

/** As a matrix whose rows are all but the last axis. */
function asRows(builder: GraphBuilder, name: string): string {
  const dims = builder.shape(name);
  const columns = dims.at(-1) ?? 1;
  return builder.reshape(name, [sizeOf(dims.slice(0, -1)), columns]);
}

/**
 * NumPy's matmul: [..., m, k]·[..., k, n], batch axes broadcast, a 1-D operand is a row on the left or a column on the
 * right and its axis is missing from the output.
 */
export const matMul: AdjointRule = (builder, node, [cotangent], wanted) => {
  if (cotangent === null || cotangent === undefined) return [null, null];
  const left = requiredInput(node, 0);
  const right = requiredInput(node, 1);
  const leftDims = builder.shape(left);
  const rightDims = builder.shape(right);
  const a = builder.reshape(left, leftDims.length === 1 ? [1, ...leftDims] : leftDims);
  const b = builder.reshape(right, rightDims.length === 1 ? [...rightDims, 1] : rightDims);
  const rows = builder.shape(a).at(-2) ?? 1;
  const columns = builder.shape(b).at(-1) ?? 1;
  const outputDims = builder.shape(cotangent);
  const missing = (leftDims.length === 1 ? 1 : 0) + (rightDims.length === 1 ? 1 : 0);
  const batch = outputDims.slice(0, outputDims.length + missing - 2);
  const g = builder.reshape(cotangent, [...batch, rows, columns]);

  const restore = (gradient: string, dims: Shape): string => {
    const promoted = dims.length === 1 ? builder.shape(gradient).slice(-2) : dims;
    return builder.reshape(unbroadcast(builder, gradient, promoted), dims);
  };
  const plainMatrix = builder.shape(b).length === 2;
  const toLeft = (): string =>
    plainMatrix
      ? builder.reshape(builder.emit('Gemm', [asRows(builder, g), b], flags(false, true)), leftDims)
      : restore(builder.emit('MatMul', [g, swapLast(builder, b)]), leftDims);
  const toRight = (): string =>
    plainMatrix
      ? builder.reshape(builder.emit('Gemm', [asRows(builder, a), asRows(builder, g)], flags(true, false)), rightDims)
      : restore(builder.emit('MatMul', [swapLast(builder, a), g]), rightDims);
  return [wanted[0] ? toLeft() : null, wanted[1] ? toRight() : null];
};
