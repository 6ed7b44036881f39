import fc from 'fast-check';
import { test } from 'vitest';
import { int } from '../graph/graph.ts';
import { uniform } from '../random.ts';
import { checkAdjoint, randomTensor } from './finite-differences.ts';
import { logSoftmax, softmax } from './softmax.ts';

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

test('Softmax and LogSoftmax agree with finite differences along every axis', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat(), fc.boolean(), async (dims, seed, fromBack) => {
      const axis = seed % dims.length;
      const attributes = { axis: int(fromBack ? axis - dims.length : axis) };
      const inputs = [{ tensor: randomTensor(dims, uniform(seed), -3, 3) }];
      await checkAdjoint({ rule: softmax, op: 'Softmax', inputs, attributes }, { seed });
      await checkAdjoint({ rule: logSoftmax, op: 'LogSoftmax', inputs, attributes }, { seed });
    }),
    { numRuns: 25, seed: 41 },
  );
});
