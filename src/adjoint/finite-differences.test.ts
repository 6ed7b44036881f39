import { expect, test } from 'vitest';
import { uniform } from '../random.ts';
import { checkAdjoint, randomTensor } from './finite-differences.ts';
import type { AdjointRule } from './rule.ts';

const inputs = [{ tensor: randomTensor([2, 3], uniform(1)) }, { tensor: randomTensor([2, 3], uniform(2)) }];
const product =
  (factor: number): AdjointRule =>
  (builder, node, [cotangent]) => {
    const [a = '', b = ''] = node.inputs;
    const scaled = builder.multiply(cotangent ?? '', builder.scalar(factor));
    return [builder.multiply(scaled, b), builder.multiply(scaled, a)];
  };

test('a right rule passes', async () => {
  await checkAdjoint({ rule: product(1), op: 'Mul', inputs });
});

test('a rule that is wrong by one percent is caught', async () => {
  await expect(checkAdjoint({ rule: product(1.01), op: 'Mul', inputs })).rejects.toThrow('finite differences');
});

test('a rule that claims a zero gradient is caught', async () => {
  const silent: AdjointRule = () => [null, null];
  await expect(checkAdjoint({ rule: silent, op: 'Mul', inputs })).rejects.toThrow('finite differences');
});

test('a gradient of the wrong shape is caught', async () => {
  const summed: AdjointRule = (builder, _node, [cotangent]) => [builder.reduceSum(cotangent ?? '', [0], false), null];
  await expect(checkAdjoint({ rule: summed, op: 'Mul', inputs })).rejects.toThrow('shape');
});
