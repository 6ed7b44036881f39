import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Attributes, ints, text } from '../graph/graph.ts';
import { float32, int64s } from '../graph/tensor.ts';
import { uniform } from '../random.ts';
import { type CaseInput, checkAdjoint, randomTensor } from './finite-differences.ts';
import { resize } from './resize.ts';

const LINEAR = { step: 0.5, relative: 2e-4 };
const pair = (value: fc.Arbitrary<number>) => fc.tuple(value, value);

const cases = fc.record({
  size: pair(fc.integer({ min: 1, max: 6 })),
  scales: pair(fc.constantFrom(0.5, 0.6, 1, 1.5, 2, 2, 2.7, 3, 4)),
  sizes: pair(fc.integer({ min: 1, max: 9 })),
  bySizes: fc.boolean(),
  byAxes: fc.boolean(),
  mode: fc.constantFrom('nearest', 'linear'),
  coordinates: fc.constantFrom('half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric', 'half_pixel_symmetric'),
  nearest: fc.constantFrom('round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'),
  seed: fc.nat(),
});

test('Resize agrees with finite differences in every coordinate and rounding mode', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (c) => {
      fc.pre(c.bySizes || c.size.every((length, axis) => Math.floor(length * (c.scales[axis] ?? 1)) >= 1));
      const attributes: Attributes = {
        mode: text(c.mode),
        coordinate_transformation_mode: text(c.coordinates),
        nearest_mode: text(c.nearest),
        ...(c.byAxes ? { axes: ints([2, 3]) } : {}),
      };
      const dims = [1, 2, ...c.size];
      const scales = { tensor: float32([c.byAxes ? 2 : 4], c.byAxes ? c.scales : [1, 1, ...c.scales]), constant: true };
      const sizes = { tensor: int64s(c.byAxes ? c.sizes : [1, 2, ...c.sizes]), constant: true };
      const image: CaseInput = { tensor: randomTensor(dims, uniform(c.seed)) };
      const inputs = c.bySizes ? [image, undefined, undefined, sizes] : [image, undefined, scales];
      await checkAdjoint({ rule: resize, op: 'Resize', inputs, attributes }, { ...LINEAR, seed: c.seed });
    }),
    { numRuns: 100, seed: 61 },
  );
});

test('cubic interpolation is refused by name', async () => {
  const inputs = [
    { tensor: randomTensor([1, 1, 4, 4], uniform(1)) },
    undefined,
    { tensor: float32([4], [1, 1, 2, 2]), constant: true },
  ];
  const cubic = checkAdjoint({ rule: resize, op: 'Resize', inputs, attributes: { mode: text('cubic') } });
  await expect(cubic).rejects.toMatchObject({
    code: 'unsupported-operator',
    message: expect.stringContaining('Resize “tested”'),
  });
});
