import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Attributes, float, text } from '../graph/graph.ts';
import { float32, scalar } from '../graph/tensor.ts';
import * as activation from './activation.ts';
import type { AdjointRule } from './rule.ts';
import { check, GRID, pullBack, shapes, tensors } from './test-support.ts';

const anyTensor = shapes(0, 3).chain(tensors);

describe('derivatives of activations', () => {
  it.each<[string, AdjointRule, Attributes?]>([
    ['Relu', activation.relu],
    ['LeakyRelu', activation.leakyRelu],
    ['LeakyRelu', activation.leakyRelu, { alpha: float(-0.3) }],
    ['Sigmoid', activation.sigmoid],
    ['HardSigmoid', activation.hardSigmoid],
    ['HardSigmoid', activation.hardSigmoid, { alpha: float(1 / 3), beta: float(0.5) }],
    ['HardSwish', activation.hardSwish],
    ['Tanh', activation.tanh],
    ['Elu', activation.elu],
    ['Elu', activation.elu, { alpha: float(0.4) }],
    ['Elu', activation.elu, { alpha: float(-0.4) }],
    ['Selu', activation.selu],
    ['Celu', activation.celu],
    ['Celu', activation.celu, { alpha: float(2.5) }],
    ['Gelu', activation.gelu],
    ['Gelu', activation.gelu, { approximate: text('tanh') }],
    ['Erf', activation.erf],
    ['Softplus', activation.softplus],
    ['Mish', activation.mish],
  ])('%s', async (op, rule, attributes = {}) => {
    await fc.assert(
      fc.asyncProperty(anyTensor, (x) => check({ rule, op, inputs: [x], attributes, opset: 20 })),
      { seed: 1, numRuns: 3 },
    );
  });

  it('HardSwish beyond both corners', async () => {
    await check({ rule: activation.hardSwish, op: 'HardSwish', inputs: [float32([4], [-4, -2.8, 2.8, 4])] });
  });

  it('PRelu, its slope broadcast to the input', async () => {
    const operands = shapes(1, 3).chain((dims) =>
      fc
        .tuple(fc.nat(dims.length), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }))
        .chain(([skipped, whole]) =>
          fc.tuple(tensors(dims), tensors(dims.map((dim, axis) => (whole[axis] ? dim : 1)).slice(skipped))),
        ),
    );
    await fc.assert(
      fc.asyncProperty(operands, (inputs) => check({ rule: activation.pRelu, op: 'PRelu', inputs })),
      { seed: 2, numRuns: 8 },
    );
  });

  it.each([
    ['both bounds', scalar(-8 * GRID), scalar(6 * GRID)],
    ['a lower bound', scalar(0), null],
    ['an upper bound', null, scalar(2 * GRID)],
    ['no bound', null, null],
  ])('Clip with %s', async (_name, lower, upper) => {
    await fc.assert(
      fc.asyncProperty(anyTensor, (x) => check({ rule: activation.clip, op: 'Clip', inputs: [x, lower, upper] })),
      { seed: 3, numRuns: 3 },
    );
  });
});

/** Figures from PyTorch 2.15: torch.autograd.grad of the function of the same name at its kinks. */
describe('subgradients at kinks', () => {
  const one = (value: number) => float32([1], [value]);

  it.each<[string, AdjointRule, number, number]>([
    ['Relu', activation.relu, 0, 0],
    ['LeakyRelu', activation.leakyRelu, 0, 0.01],
    ['HardSigmoid', activation.hardSigmoid, -2.5, 0],
    ['HardSigmoid', activation.hardSigmoid, 2.5, 0],
    ['HardSwish', activation.hardSwish, -3, 0],
    ['HardSwish', activation.hardSwish, 3, 1],
    ['Elu', activation.elu, 0, 1],
    ['Celu', activation.celu, 0, 1],
  ])('%s', async (op, rule, at, expected) => {
    const [gradient] = await pullBack({ rule, op, inputs: [one(at)] }, one(1));
    expect(gradient?.[0]).toBeCloseTo(expected, 6);
  });

  it('Clip gives 0 at both bounds, as ReLU6 does', async () => {
    const inputs = [float32([3], [0, 3, 6]), scalar(0), scalar(6)];
    const [gradient] = await pullBack({ rule: activation.clip, op: 'Clip', inputs, constants: [1, 2] }, float32([3], [1, 1, 1]));
    expect(gradient).toEqual([0, 1, 0]);
  });
});

it('saturated activations have finite gradients', async () => {
  const extremes = float32([4], [-200, -90, 90, 200]);
  const rules = {
    Sigmoid: activation.sigmoid,
    Tanh: activation.tanh,
    Softplus: activation.softplus,
    Mish: activation.mish,
    Gelu: activation.gelu,
    Elu: activation.elu,
  };
  for (const [op, rule] of Object.entries(rules)) {
    const [gradient] = await pullBack({ rule, op, inputs: [extremes], opset: 20 }, float32([4], [1, 1, 1, 1]));
    const top = op === 'Sigmoid' || op === 'Tanh' ? 0 : 1;
    expect(gradient, op).toEqual([0, 0, top, top].map((value) => expect.closeTo(value, 5)));
  }
});
