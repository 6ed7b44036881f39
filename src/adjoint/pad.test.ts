import fc from 'fast-check';
import { expect, test } from 'vitest';
import { text } from '../graph/graph.ts';
import { float32, int64s } from '../graph/tensor.ts';
import { uniform } from '../random.ts';
import { type CaseInput, checkAdjoint, randomTensor } from './finite-differences.ts';
import { pad } from './pad.ts';

const LINEAR = { step: 0.5, relative: 2e-4 };

const cases = fc.integer({ min: 1, max: 4 }).chain((rank) =>
  fc.record({
    dims: fc.array(fc.integer({ min: 3, max: 5 }), { minLength: rank, maxLength: rank }),
    pads: fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 2 * rank, maxLength: 2 * rank }),
    mode: fc.constantFrom('constant', 'reflect', 'edge'),
    constant: fc.boolean(),
    oneAxis: fc.boolean(),
    seed: fc.nat(),
  }),
);

test('Pad agrees with finite differences in every mode, the constant included', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ dims, pads, mode, constant, oneAxis, seed }) => {
      const next = uniform(seed);
      const axis = seed % dims.length;
      const all = mode === 'constant' ? pads : pads.map(Math.abs);
      const used = oneAxis ? [all[axis] ?? 0, all[axis + dims.length] ?? 0] : all;
      const inputs: (CaseInput | undefined)[] = [{ tensor: randomTensor(dims, next) }, { tensor: int64s(used), constant: true }];
      inputs.push(constant && mode === 'constant' ? { tensor: float32([], [next()]) } : undefined);
      if (oneAxis) inputs.push({ tensor: int64s([axis - dims.length]), constant: true });
      await checkAdjoint({ rule: pad, op: 'Pad', inputs, attributes: { mode: text(mode) } }, { ...LINEAR, seed });
    }),
    { numRuns: 50, seed: 51 },
  );
});

test('wrapping around is refused by name', async () => {
  const inputs = [{ tensor: randomTensor([3], uniform(1)) }, { tensor: int64s([1, 1]), constant: true }];
  const wrapped = checkAdjoint({ rule: pad, op: 'Pad', inputs, attributes: { mode: text('wrap') }, opset: 19 });
  await expect(wrapped).rejects.toMatchObject({ code: 'unsupported-operator', message: expect.stringContaining('Pad “tested”') });
});
