import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float32, scalar } from '../graph/tensor.ts';
import * as arithmetic from './arithmetic.ts';
import type { AdjointRule } from './rule.ts';
import { broadcastShapes, check, distinctTensors, indices, positiveTensors, pullBack, shapes, tensors } from './test-support.ts';

/** Operands that broadcast together, each from its own kind of tensors. */
const operands = (...kinds: (typeof tensors)[]) =>
  broadcastShapes(kinds.length).chain((dims) => fc.tuple(...dims.map((shape, index) => (kinds[index] ?? tensors)(shape))));

describe('derivatives of arithmetic', () => {
  it.each<[string, AdjointRule, (typeof tensors)[]]>([
    ['Add', arithmetic.add, [tensors, tensors]],
    ['Sub', arithmetic.sub, [tensors, tensors]],
    ['Mul', arithmetic.mul, [tensors, tensors]],
    ['Div', arithmetic.div, [tensors, positiveTensors]],
    ['Pow', arithmetic.pow, [positiveTensors, tensors]],
    ['Sum', arithmetic.sum, [tensors, tensors, tensors]],
    ['Mean', arithmetic.mean, [tensors, tensors, tensors]],
  ])('%s with broadcasting', async (op, rule, kinds) => {
    await fc.assert(
      fc.asyncProperty(operands(...kinds), (inputs) => check({ rule, op, inputs })),
      { seed: 1, numRuns: 8 },
    );
  });

  it.each<[string, AdjointRule]>([
    ['Max', arithmetic.max],
    ['Min', arithmetic.min],
  ])('%s of one to three operands with broadcasting', async (op, rule) => {
    const distinct = fc
      .integer({ min: 1, max: 3 })
      .chain(broadcastShapes)
      .chain((dims) => distinctTensors(...dims));
    await fc.assert(
      fc.asyncProperty(distinct, (inputs) => check({ rule, op, inputs })),
      { seed: 2, numRuns: 8 },
    );
  });

  it.each<[string, AdjointRule, typeof tensors]>([
    ['Sqrt', arithmetic.sqrt, positiveTensors],
    ['Log', arithmetic.log, positiveTensors],
    ['Reciprocal', arithmetic.reciprocal, positiveTensors],
    ['Exp', arithmetic.exp, tensors],
    ['Neg', arithmetic.neg, tensors],
    ['Abs', arithmetic.abs, tensors],
    ['Sin', arithmetic.sin, tensors],
    ['Cos', arithmetic.cos, tensors],
  ])('%s', async (op, rule, kind) => {
    await fc.assert(
      fc.asyncProperty(shapes(0, 3).chain(kind), (x) => check({ rule, op, inputs: [x] })),
      { seed: 3, numRuns: 3 },
    );
  });

  it.each([2, 3, 1, 0])('Pow of any base to the constant %i', async (exponent) => {
    await fc.assert(
      fc.asyncProperty(tensors([4]), (x) =>
        check({ rule: arithmetic.pow, op: 'Pow', inputs: [x, scalar(exponent)], constants: [1] }),
      ),
      { seed: 4, numRuns: 3 },
    );
  });

  it('Pow with integer exponents', async () => {
    const inputs = [float32([4], [-1.5, 1.5, -0.6, 2]), indices([4], [1, 2, 3, 0])];
    await check({ rule: arithmetic.pow, op: 'Pow', inputs });
  });

  it('Where with broadcasting', async () => {
    const choices = broadcastShapes(3).chain(([condition = [], a = [], b = []]) =>
      fc.tuple(tensors(condition), tensors(a), tensors(b)),
    );
    await fc.assert(
      fc.asyncProperty(choices, ([condition, a, b]) => {
        const mask = {
          type: 'bool',
          dims: condition.dims,
          data: Uint8Array.from(condition.data, (value) => (value > 0 ? 1 : 0)),
        } as const;
        return check({ rule: arithmetic.where, op: 'Where', inputs: [mask, a, b] });
      }),
      { seed: 5, numRuns: 8 },
    );
  });
});

/** Figures from PyTorch 2.15: torch.abs, torch.maximum and torch.minimum. */
describe('subgradients at kinks', () => {
  it('Abs gives 0 at 0', async () => {
    const [gradient] = await pullBack({ rule: arithmetic.abs, op: 'Abs', inputs: [float32([1], [0])] }, float32([1], [1]));
    expect(gradient?.[0]).toBeCloseTo(0);
  });

  it.each<[string, AdjointRule]>([
    ['Max', arithmetic.max],
    ['Min', arithmetic.min],
  ])('%s shares a tie equally', async (op, rule) => {
    const gradients = await pullBack({ rule, op, inputs: [float32([1], [2]), float32([1], [2])] }, float32([1], [1]));
    expect(gradients).toEqual([[0.5], [0.5]]);
  });
});

it('a power with base 0 has finite derivatives', async () => {
  const inputs = [float32([2], [0, 0]), float32([2], [1, 2])];
  const gradients = await pullBack({ rule: arithmetic.pow, op: 'Pow', inputs }, float32([2], [1, 1]));
  expect(gradients).toEqual([
    [1, 0],
    [0, 0],
  ]);
});
