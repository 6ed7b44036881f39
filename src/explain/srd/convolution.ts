import { conv } from '../../adjoint/convolution.ts';
import { gatherAtOffset, placeAll, placeAtOffset, windowOf } from '../../adjoint/window.ts';
import { type Attributes, inputAt, int, ints, type Node, requiredInput, requiredOutput } from '../../graph/graph.ts';
import { float32, numbers } from '../../graph/tensor.ts';
import { notCovered } from '../positions.ts';
import { contributionNorms, contributionVectors, kernelOffsets, weightOf } from './contributions.ts';
import { type RelevanceWalk, TINY } from './walk.ts';

/**
 * Relevance through a convolution: R_i = ⟨x_i, Jᵀg⟩ plus the bias's relevance ⟨b, g_j⟩, shared among the contributors of
 * output position j in proportion to ‖W_k x_i‖ (methods §1). Offsets in the zero padding contribute nothing.
 *
 * @param cotangent g at the convolution's output, [1, C_out, H_out, W_out]
 */
export function shareConvolution(walk: RelevanceWalk, node: Node, cotangent: string): void {
  const { builder } = walk;
  const input = requiredInput(node, 0);
  if (builder.shape(input).length !== 4) throw notCovered(node, 'only two-dimensional convolutions are covered');
  const pool = walk.paths.producer(input);
  if (pool?.op !== 'MaxPool' && windowOf(builder, node).kernel.every((extent) => extent === 1)) {
    // A strided 1×1 kernel: one contributor, share 1. Positions it steps over get nothing.
    const share = walk.dot(requiredOutput(node, 0), requiredOutput(node, 0), cotangent);
    walk.addScalar(input, placeAtOffset(builder, share, node, [0, 0]));
    return;
  }
  const [throughKernel = null] = conv(builder, node, [cotangent], [true, false, false]);
  if (throughKernel === null) return;
  const bias = biasRelevance(walk, node, cotangent);
  if (pool?.op === 'MaxPool') {
    // The pool and this convolution are one affine map: the vector goes on to the pool, the bias to the pool's input.
    walk.addVector(input, throughKernel);
    if (bias !== null) sharePooledBias(walk, node, pool, bias);
    return;
  }
  const share = walk.dot(input, input, throughKernel);
  walk.addScalar(input, bias === null ? share : builder.addValues(share, shareBias(walk, node, bias)));
}

/** ⟨b, g_j⟩ for each output position, [1, 1, H_out, W_out]; null without a bias. */
function biasRelevance(walk: RelevanceWalk, node: Node, cotangent: string): string | null {
  const name = inputAt(node, 2);
  if (name === '') return null;
  const bias = walk.builder.constant(name);
  if (bias === undefined) throw notCovered(node, 'its bias is computed, not a constant');
  const values = numbers(bias);
  if (values.every((value) => value === 0)) return null;
  const weight = walk.builder.add(float32([1, values.length, 1, 1], values), 'bias_row');
  return walk.builder.emit('Conv', [cotangent, weight], {}, 'bias_relevance');
}

/** Window attributes of a convolution without its groups. */
function windowAttributes(node: Node): Attributes {
  const { group: _group, ...rest } = node.attributes;
  return rest;
}

/**
 * The convolution that sums, for each output position, channel k of its input read at offset k: with norms ‖W_k x_i‖ as
 * input its value is Σ_i ‖u_ij‖, and its adjoint spreads a map over the positions each output position reads.
 */
function offsetSum(walk: RelevanceWalk, node: Node, norms: string): Node {
  const offsets = kernelOffsets(walk.builder, node);
  const [, , height = 1, width = 1] = weightOf(walk.builder, node).dims;
  const kernel = new Float32Array(offsets.length * height * width);
  offsets.forEach(([y, x], k) => {
    kernel[(k * height + y) * width + x] = 1;
  });
  const { builder } = walk;
  const weight = builder.add(float32([1, offsets.length, height, width], kernel), 'offset_kernel');
  const sum = builder.emit('Conv', [norms, weight], windowAttributes(node), 'norm_sum');
  const made = builder.nodes.at(-1);
  if (made === undefined || made.outputs[0] !== sum) throw new RangeError('unreachable: the node was just emitted');
  return made;
}

function safeDivide(walk: RelevanceWalk, numerator: string, denominator: string): string {
  const { builder } = walk;
  return builder.divide(numerator, builder.emit('Max', [denominator, builder.scalar(TINY)], {}, 'safe'));
}

/** Spreads bias / Σ_i ‖u_ij‖ over the positions each output position reads: [1, K², H, W] for norms of that shape. */
function spreadDensity(walk: RelevanceWalk, node: Node, bias: string, norms: string): string {
  const sum = offsetSum(walk, node, norms);
  const [spread = null] = conv(walk.builder, sum, [safeDivide(walk, bias, requiredOutput(sum, 0))], [true, false]);
  if (spread === null) throw new RangeError('unreachable: the adjoint of a convolution was asked for');
  return spread;
}

function shareBias(walk: RelevanceWalk, node: Node, bias: string): string {
  const norms = contributionNorms(walk.builder, node, requiredInput(node, 0));
  const spread = spreadDensity(walk, node, bias, norms);
  return walk.builder.reduceSum(walk.builder.multiply(norms, spread), [1], true);
}

/** The bias of a convolution on a max-pooled map, shared among the pre-pool positions. */
function sharePooledBias(walk: RelevanceWalk, node: Node, pool: Node, bias: string): void {
  const { kernel, strides } = windowOf(walk.builder, pool);
  const overlapping = kernel.some((extent, axis) => extent > (strides[axis] ?? 1));
  const wide = windowOf(walk.builder, node).kernel.some((extent) => extent > 1);
  walk.addScalar(requiredInput(pool, 0), (overlapping && wide ? shareThroughOverlap : shareThroughTiles)(walk, node, pool, bias));
}

/** Every (kernel offset, pool offset) pair reads another pre-pool position: norms can be taken pair by pair. */
function shareThroughTiles(walk: RelevanceWalk, node: Node, pool: Node, bias: string): string {
  const { builder } = walk;
  const parts = walk.pooledParts(pool);
  const norms = contributionNorms(builder, node, parts.stacked());
  const spread = spreadDensity(walk, node, bias, builder.reduceSum(norms, [0], true));
  const shares = builder.reduceSum(builder.multiply(norms, spread), [1], true);
  const placements = parts.offsets.map((offset, index) => ({
    offset,
    value: builder.emit('Slice', [shares, builder.ints([index]), builder.ints([index + 1]), builder.ints([0])]),
  }));
  return placeAll(builder, pool, placements);
}

/**
 * Overlapping pool windows under a kernel: several (kernel offset k, pool offset o) pairs read the same pre-pool position,
 * whose contribution is the sum of theirs before the norm is taken.
 */
function shareThroughOverlap(walk: RelevanceWalk, node: Node, pool: Node, bias: string): string {
  const { builder } = walk;
  const parts = walk.pooledParts(pool);
  const vectors = contributionVectors(builder, node, parts.stacked());
  const [inner, outer] = [windowOf(builder, pool), windowOf(builder, node)];
  const at = (values: readonly number[], axis: number) => values[axis] ?? 1;
  const axes = [0, 1];
  const sums = new Map<string, { offset: readonly number[]; vector: string }>();
  kernelOffsets(builder, node).forEach((kernelOffset, k) => {
    parts.offsets.forEach((poolOffset, o) => {
      const offset = axes.map(
        (axis) =>
          at(kernelOffset, axis) * at(outer.dilations, axis) * at(inner.strides, axis) +
          at(poolOffset, axis) * at(inner.dilations, axis),
      );
      const vector = gatherAtOffset(builder, vectors(k, o), node, kernelOffset);
      const known = sums.get(offset.join());
      sums.set(offset.join(), { offset, vector: known === undefined ? vector : builder.addValues(known.vector, vector) });
    });
  });
  // The two windows as one that reads the pool's input; its end padding is whatever makes the output sizes agree.
  const extent = (window: { kernel: readonly number[]; dilations: readonly number[] }, axis: number) =>
    (at(window.kernel, axis) - 1) * at(window.dilations, axis);
  const kernel = axes.map((axis) => extent(outer, axis) * at(inner.strides, axis) + extent(inner, axis) + 1);
  const strides = axes.map((axis) => at(outer.strides, axis) * at(inner.strides, axis));
  const begin = axes.map((axis) => at(outer.padsBegin, axis) * at(inner.strides, axis) + at(inner.padsBegin, axis));
  const end = axes.map((axis) =>
    Math.max(0, (at(outer.output, axis) - 1) * at(strides, axis) + at(kernel, axis) - at(inner.input, axis) - at(begin, axis)),
  );
  const combined: Node = {
    ...pool,
    attributes: { kernel_shape: ints(kernel), strides: ints(strides), pads: ints([...begin, ...end]) },
  };
  const norms = [...sums.values()].map(({ offset, vector }) => ({
    offset,
    norm: builder.emit('ReduceL2', [vector, builder.ints([1])], { keepdims: int(1) }, 'norm'),
  }));
  const density = safeDivide(
    walk,
    bias,
    norms.map(({ norm }) => norm).reduce((a, b) => builder.addValues(a, b)),
  );
  const placements = norms.map(({ offset, norm }) => ({ offset, value: builder.multiply(norm, density) }));
  return placeAll(builder, combined, placements);
}
