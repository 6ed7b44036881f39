// Test support: cases and random tensors for the property tests of operators that need no geometry.
import fc from 'fast-check';
import type { Attributes } from '../graph/graph.ts';
import { type FloatTensor, float32, type Shape, sizeOf, type Tensor } from '../graph/tensor.ts';
import { type AdjointCase, checkAdjoint, gradientsOf } from './finite-differences.ts';
import type { AdjointRule } from './rule.ts';

/**
 * Half the distance between neighbouring values of `tensors`. All values are odd multiples of it, so that kinks at even
 * multiples (0, ±1.5, ±3) and ties are farther away than any step of a finite difference.
 */
export const GRID = 0.15;

/** Operators that onnxruntime-web 1.30 does not run on WebGPU, or not in every form. */
const OFF_THE_GPU = new Set([
  ...['Sign', 'Round', 'LogSoftmax', 'Or', 'Sum', 'Mean', 'Mod', 'OneHot', 'NonZero', 'MaxUnpool', 'GridSample', 'Loop'],
  ...['Selu', 'Celu'],
]);

/** One operator: its float inputs are variables unless named in `constants`, the others (axes, shapes, indices) are constants. */
export interface OperatorCase {
  readonly rule: AdjointRule;
  readonly op: string;
  /** null stands for an omitted optional input. */
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes?: Attributes;
  readonly opset?: number;
  readonly constants?: readonly number[];
  readonly outputs?: number;
  readonly silent?: readonly number[];
}

/** The rule, made to fail where it emits an operator that leaves the GPU. */
function onGpu(rule: AdjointRule): AdjointRule {
  return (builder, ...rest) => {
    const before = builder.nodes.length;
    const cotangents = rule(builder, ...rest);
    const strayed = builder.nodes.slice(before).filter((node) => OFF_THE_GPU.has(node.op));
    if (strayed.length > 0) throw new Error(`The rule emits ${strayed.map((node) => node.op)}, which leave the GPU.`);
    return cotangents;
  };
}

function toAdjointCase({ rule, inputs, constants = [], ...rest }: OperatorCase): AdjointCase {
  return {
    ...rest,
    rule: onGpu(rule),
    inputs: inputs.map((tensor, index) =>
      tensor === null ? undefined : { tensor, constant: tensor.type !== 'float32' || constants.includes(index) },
    ),
  };
}

/** The differences' step stays within the grid's distance from kinks. */
const SMOOTH = { step: GRID / 3, relative: 1e-3 };

/** Compares the rule's gradients with finite differences. */
export function check(test: OperatorCase): Promise<void> {
  return checkAdjoint(toAdjointCase(test), SMOOTH);
}

/** The gradient of each input for a cotangent of the output, null where there is none. */
export async function pullBack(test: OperatorCase, cotangent: FloatTensor): Promise<(number[] | null)[]> {
  const gradients = await gradientsOf(toAdjointCase(test), cotangent);
  return gradients.map((gradient) => (gradient === null ? null : [...gradient.data]));
}

/** Grid values with |value| ≤ GRID·(2·steps − 1), both signs. */
function gridValues(count: number, steps: number): fc.Arbitrary<number[]> {
  return fc
    .array(fc.integer({ min: -steps, max: steps - 1 }), { minLength: count, maxLength: count })
    .map((values) => values.map((value) => (2 * value + 1) * GRID));
}

/** Float tensors of a shape with values on the grid within ±2.25. */
export function tensors(dims: Shape): fc.Arbitrary<FloatTensor> {
  return gridValues(sizeOf(dims), 8).map((values) => float32(dims, values));
}

/** Float tensors with values from 1.05 to 3.15, for logarithms, roots and denominators. */
export function positiveTensors(dims: Shape): fc.Arbitrary<FloatTensor> {
  return gridValues(sizeOf(dims), 4).map((values) =>
    float32(
      dims,
      values.map((value) => value + 14 * GRID),
    ),
  );
}

/** Tensors of these shapes whose values all differ, so that maxima are unique. */
export function distinctTensors(...shapes: Shape[]): fc.Arbitrary<FloatTensor[]> {
  const sizes = shapes.map(sizeOf);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const ranks = Array.from({ length: total }, (_, index) => index);
  return fc.shuffledSubarray(ranks, { minLength: total, maxLength: total }).map((order) => {
    let used = 0;
    return shapes.map((dims, index) => {
      const start = used;
      used += sizes[index] ?? 0;
      return float32(
        dims,
        order.slice(start, used).map((rank) => (2 * (rank - Math.floor(total / 2)) + 1) * GRID),
      );
    });
  });
}

/** Shapes of a rank in the range, each axis 1 to 3. */
export function shapes(minRank: number, maxRank: number): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 1, max: 3 }), { minLength: minRank, maxLength: maxRank });
}

/** Groups of shapes that broadcast together: each axis the common size or 1, leading axes left out at random. */
export function broadcastShapes(count: number): fc.Arbitrary<number[][]> {
  return shapes(0, 3).chain((full) =>
    fc.array(
      fc
        .tuple(fc.nat(full.length), fc.array(fc.boolean(), { minLength: full.length, maxLength: full.length }))
        .map(([skipped, repeated]) => full.map((dim, axis) => (repeated[axis] ? 1 : dim)).slice(skipped)),
      { minLength: count, maxLength: count },
    ),
  );
}

/** int64 tensor of a shape, for indices. */
export function indices(dims: Shape, values: readonly number[]): Tensor {
  return { type: 'int64', dims, data: BigInt64Array.from(values, (value) => BigInt(value)) };
}

/** A random subset of the axes of a rank, from the front or from the back. */
export function axesOf(rank: number, minimum = 0): fc.Arbitrary<number[]> {
  const all = Array.from({ length: rank }, (_, axis) => axis);
  return fc
    .tuple(fc.subarray(all, { minLength: Math.min(minimum, rank) }), fc.boolean())
    .map(([axes, fromBack]) => axes.map((axis) => (fromBack ? axis - rank : axis)));
}
