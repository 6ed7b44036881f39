import fc from 'fast-check';
import { expect, test } from 'vitest';
import { float, int } from '../graph/graph.ts';
import { uniform } from '../random.ts';
import { checkAdjoint, randomTensor } from './finite-differences.ts';
import { batchNormalization, instanceNormalization, layerNormalization } from './normalization.ts';

const shape = (minimum: number) => fc.array(fc.integer({ min: 2, max: 4 }), { minLength: minimum, maxLength: 4 });

test('BatchNormalization agrees with finite differences in all five inputs', async () => {
  await fc.assert(
    fc.asyncProperty(shape(2), fc.nat(), fc.constantFrom(1e-5, 0.1), async (dims, seed, epsilon) => {
      const next = uniform(seed);
      const channels = [dims[1] ?? 1];
      const inputs = [
        { tensor: randomTensor(dims, next) },
        { tensor: randomTensor(channels, next) },
        { tensor: randomTensor(channels, next) },
        { tensor: randomTensor(channels, next) },
        { tensor: randomTensor(channels, next, 0.5, 2) },
      ];
      const attributes = { epsilon: float(epsilon) };
      await checkAdjoint({ rule: batchNormalization, op: 'BatchNormalization', inputs, attributes }, { seed });
    }),
    { numRuns: 25, seed: 31 },
  );
});

test('LayerNormalization agrees with finite differences for every axis', async () => {
  await fc.assert(
    fc.asyncProperty(shape(2), fc.nat(), fc.boolean(), fc.boolean(), async (dims, seed, fromBack, bias) => {
      const next = uniform(seed);
      const first = seed % dims.length;
      const tail = dims.slice(first);
      const inputs = [{ tensor: randomTensor(dims, next, -2, 2) }, { tensor: randomTensor(tail, next) }];
      if (bias) inputs.push({ tensor: randomTensor(tail, next) });
      const attributes = { axis: int(fromBack ? first - dims.length : first), epsilon: float(0.01) };
      await checkAdjoint({ rule: layerNormalization, op: 'LayerNormalization', inputs, attributes }, { seed });
    }),
    { numRuns: 30, seed: 32 },
  );
});

test('InstanceNormalization agrees with finite differences', async () => {
  await fc.assert(
    fc.asyncProperty(shape(3), fc.nat(), async (dims, seed) => {
      const next = uniform(seed);
      const channels = [dims[1] ?? 1];
      const inputs = [
        { tensor: randomTensor(dims, next, -2, 2) },
        { tensor: randomTensor(channels, next) },
        { tensor: randomTensor(channels, next) },
      ];
      const attributes = { epsilon: float(0.01) };
      await checkAdjoint({ rule: instanceNormalization, op: 'InstanceNormalization', inputs, attributes }, { seed });
    }),
    { numRuns: 20, seed: 33 },
  );
});

test('a batch normalization in training mode is refused by name', async () => {
  const vector = { tensor: randomTensor([2], uniform(1), 1, 2) };
  const inputs = [{ tensor: randomTensor([2, 2, 3], uniform(2)) }, vector, vector, vector, vector];
  const training = {
    rule: batchNormalization,
    op: 'BatchNormalization',
    inputs,
    attributes: { training_mode: int(1) },
  };
  await expect(checkAdjoint(training)).rejects.toMatchObject({ code: 'unsupported-operator' });
});
