import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { int } from '../graph/graph.ts';
import { float32, int64s, type Shape } from '../graph/tensor.ts';
import * as reduction from './reduction.ts';
import type { AdjointRule } from './rule.ts';
import { axesOf, check, distinctTensors, positiveTensors, pullBack, shapes, tensors } from './test-support.ts';

const distinct = (dims: Shape) => distinctTensors(dims).map(([x = float32([0], [])]) => x);

const RULES: [string, AdjointRule, typeof tensors][] = [
  ['ReduceSum', reduction.reduceSum, tensors],
  ['ReduceMean', reduction.reduceMean, tensors],
  ['ReduceMax', reduction.reduceMax, distinct],
  ['ReduceMin', reduction.reduceMin, distinct],
  ['ReduceL1', reduction.reduceL1, tensors],
  ['ReduceL2', reduction.reduceL2, positiveTensors],
  ['ReduceSumSquare', reduction.reduceSumSquare, tensors],
  ['ReduceLogSum', reduction.reduceLogSum, positiveTensors],
  ['ReduceLogSumExp', reduction.reduceLogSumExp, tensors],
];

describe('derivatives of reductions', () => {
  it.each(RULES)('%s over any axes', async (op, rule, kind) => {
    const cases = shapes(1, 3).chain((dims) => fc.tuple(kind(dims), axesOf(dims.length, 1), fc.boolean()));
    await fc.assert(
      fc.asyncProperty(cases, ([x, axes, keep]) =>
        check({ rule, op, inputs: [x, int64s(axes)], attributes: { keepdims: int(Number(keep)) } }),
      ),
      { seed: 1, numRuns: 6 },
    );
  });

  it.each(RULES)('%s over all axes where none are given', async (op, rule, kind) => {
    await fc.assert(
      fc.asyncProperty(shapes(1, 3).chain(kind), fc.boolean(), (x, keep) =>
        check({ rule, op, inputs: [x], attributes: { keepdims: int(Number(keep)) } }),
      ),
      { seed: 2, numRuns: 2 },
    );
  });

  it.each(RULES.slice(0, 4))('%s over no axis is the identity', async (op, rule, kind) => {
    await fc.assert(
      fc.asyncProperty(kind([2, 2]), (x) => check({ rule, op, inputs: [x], attributes: { noop_with_empty_axes: int(1) } })),
      { seed: 3, numRuns: 1 },
    );
  });

  it('refuses a norm over no axis', async () => {
    const x = float32([1], [1]);
    const norm = { rule: reduction.reduceL2, op: 'ReduceL2', inputs: [x], attributes: { noop_with_empty_axes: int(1) } };
    await expect(pullBack(norm, x)).rejects.toMatchObject({ code: 'unsupported-operator' });
  });
});

/** Figures from PyTorch 2.15: torch.amax, torch.amin and torch.linalg.vector_norm. */
describe('subgradients', () => {
  it.each<[string, AdjointRule, number[]]>([
    ['ReduceMax', reduction.reduceMax, [0, 0.5, 0.5]],
    ['ReduceMin', reduction.reduceMin, [1, 0, 0]],
    ['ReduceL1', reduction.reduceL1, [0, 1, 1]],
  ])('%s with ties or zeros', async (op, rule, expected) => {
    const [gradient] = await pullBack({ rule, op, inputs: [float32([3], [0, 2, 2])] }, float32([1], [1]));
    expect(gradient?.map(Math.abs)).toEqual(expected);
  });

  it('ReduceL2 gives the zero vector at 0', async () => {
    const zero = { rule: reduction.reduceL2, op: 'ReduceL2', inputs: [float32([2], [0, 0])] };
    const [gradient] = await pullBack(zero, float32([1], [1]));
    expect(gradient).toEqual([0, 0]);
  });
});
