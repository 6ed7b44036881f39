/**
 * Vector–Jacobian products of reductions. ReduceMax and ReduceMin share a tie equally among the tied elements (as
 * torch.amax does); ReduceL1 gives 0 at 0 and ReduceL2 the zero vector where the norm is 0.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import { intAttribute, type Node, requiredInput, requiredOutput } from '../graph/graph.ts';
import type { Shape } from '../graph/tensor.ts';
import { constantNumbers, frontAxis, indicator, scale, select, timesSign, unaryRule, unsupportedForm } from './common.ts';
import type { AdjointRule } from './rule.ts';

/** Below this norm the squares are zero in float32 anyway; keeps 0/0 out of the gradient of a norm. */
const SMALLEST_NORM = 1e-30;

/** What a reduction's rule works with: the cotangent and the output with the reduced axes kept as size 1. */
interface Reduction {
  readonly x: string;
  readonly dims: Shape;
  readonly axes: readonly number[];
  /** Number of elements in each sum. */
  readonly count: number;
  readonly cotangent: string;
  /** The forward output, reshaped where it is asked for. */
  y(): string;
}

type Pull = (builder: GraphBuilder, reduction: Reduction) => string;

/**
 * @param pull writes a cotangent that broadcasts to the input's shape
 * @param identityWithoutAxes whether the operator over no axis at all (`noop_with_empty_axes`) is the identity
 */
function reductionRule(pull: Pull, identityWithoutAxes: boolean): AdjointRule {
  return unaryRule((builder, node, cotangent) => {
    const x = requiredInput(node, 0);
    const dims = builder.shape(x);
    const axes = reducedAxes(builder, node, dims.length);
    if (axes.length === 0 && dims.length > 0) {
      // The specification let this form change its meaning between versions for all but the linear and max/min reductions.
      if (!identityWithoutAxes) throw unsupportedForm(node, 'it reduces over no axis');
      return cotangent;
    }
    const kept = dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    const pulled = pull(builder, {
      x,
      dims,
      axes,
      count: axes.reduce((count, axis) => count * (dims[axis] ?? 1), 1),
      cotangent: builder.reshape(cotangent, kept),
      y: () => builder.reshape(requiredOutput(node, 0), kept),
    });
    const full = builder.shape(pulled).every((dim, axis) => dim === dims[axis]);
    return full ? pulled : builder.emit('Expand', [pulled, builder.ints(dims)]);
  });
}

function reducedAxes(builder: GraphBuilder, node: Node, rank: number): number[] {
  const axes = constantNumbers(builder, node, 1, 'axes') ?? [];
  if (axes.length > 0) return axes.map((axis) => frontAxis(axis, rank));
  if (intAttribute(node, 'noop_with_empty_axes', 0) !== 0) return [];
  return Array.from({ length: rank }, (_, axis) => axis);
}

export const reduceSum: AdjointRule = reductionRule((_builder, { cotangent }) => cotangent, true);

export const reduceMean: AdjointRule = reductionRule(
  (builder, { cotangent, count }) => scale(builder, cotangent, 1 / count),
  true,
);

export const reduceMax: AdjointRule = reductionRule((builder, { x, axes, cotangent, y }) => {
  const chosen = builder.emit('Equal', [x, y()]);
  const ties = builder.reduceSum(indicator(builder, chosen), axes, true);
  return select(builder, chosen, builder.divide(cotangent, ties), builder.scalar(0));
}, true);

export const reduceMin: AdjointRule = reduceMax;

export const reduceL1: AdjointRule = reductionRule(
  (builder, { x, dims, cotangent }) => timesSign(builder, builder.emit('Expand', [cotangent, builder.ints(dims)]), x),
  false,
);

export const reduceL2: AdjointRule = reductionRule((builder, { x, cotangent, y }) => {
  const norm = builder.emit('Max', [y(), builder.scalar(SMALLEST_NORM)]);
  return builder.multiply(x, builder.divide(cotangent, norm));
}, false);

export const reduceSumSquare: AdjointRule = reductionRule(
  (builder, { x, cotangent }) => builder.multiply(x, scale(builder, cotangent, 2)),
  false,
);

export const reduceLogSum: AdjointRule = reductionRule(
  (builder, { cotangent, y }) => builder.divide(cotangent, builder.emit('Exp', [y()])),
  false,
);

/** The cotangent times the softmax over the reduced axes. */
export const reduceLogSumExp: AdjointRule = reductionRule(
  (builder, { x, cotangent, y }) => builder.multiply(cotangent, builder.emit('Exp', [builder.subtract(x, y())])),
  false,
);
