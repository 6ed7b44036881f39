import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Attributes, int, ints, text } from '../graph/graph.ts';
import { uniform } from '../random.ts';
import { conv, convTranspose } from './convolution.ts';
import { checkAdjoint, randomTensor } from './finite-differences.ts';

const perAxis = (rank: number, value: fc.Arbitrary<number>) => fc.array(value, { minLength: rank, maxLength: rank });

/** Linear operators: a large step keeps rounding away from the differences. */
const LINEAR = { step: 0.5, relative: 2e-4 };

const geometry = fc.constantFrom(1, 2, 2, 2).chain((rank) =>
  fc.record({
    rank: fc.constant(rank),
    batch: fc.integer({ min: 1, max: 2 }),
    groups: fc.integer({ min: 1, max: 3 }),
    inPerGroup: fc.integer({ min: 1, max: 2 }),
    outPerGroup: fc.integer({ min: 1, max: 2 }),
    kernel: perAxis(rank, fc.integer({ min: 1, max: 4 })),
    strides: perAxis(rank, fc.integer({ min: 1, max: 3 })),
    dilations: perAxis(rank, fc.integer({ min: 1, max: 2 })),
    pads: perAxis(2 * rank, fc.integer({ min: 0, max: 3 })),
    autoPad: fc.constantFrom('NOTSET', 'NOTSET', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'),
    extra: perAxis(rank, fc.integer({ min: 0, max: 4 })),
    bias: fc.boolean(),
    constantWeights: fc.boolean(),
    seed: fc.nat(),
  }),
);

test('Conv: image, weights and bias agree with finite differences', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, async (g) => {
      const next = uniform(g.seed);
      const unpadded = g.autoPad === 'VALID' || g.autoPad === 'NOTSET';
      const size = g.kernel.map((k, axis) => {
        const extent = (k - 1) * (g.dilations[axis] ?? 1) + 1;
        const pad = g.autoPad === 'NOTSET' ? (g.pads[axis] ?? 0) + (g.pads[axis + g.rank] ?? 0) : 0;
        return Math.max(1, (unpadded ? extent - pad : 1) + (g.extra[axis] ?? 0));
      });
      const outputs = g.groups * g.outPerGroup;
      const attributes: Attributes = {
        kernel_shape: ints(g.kernel),
        strides: ints(g.strides),
        // ONNX Runtime refuses auto_pad SAME with dilations for Conv.
        dilations: ints(unpadded ? g.dilations : g.dilations.map(() => 1)),
        group: int(g.groups),
        ...(g.autoPad === 'NOTSET' ? { pads: ints(g.pads) } : { auto_pad: text(g.autoPad) }),
      };
      const image = randomTensor([g.batch, g.groups * g.inPerGroup, ...size], next);
      const weights = randomTensor([outputs, g.inPerGroup, ...g.kernel], next);
      const inputs = [{ tensor: image }, { tensor: weights, constant: g.constantWeights }];
      if (g.bias) inputs.push({ tensor: randomTensor([outputs], next), constant: false });
      await checkAdjoint({ rule: conv, op: 'Conv', inputs, attributes }, { ...LINEAR, seed: g.seed });
    }),
    { numRuns: 70, seed: 7 },
  );
});

test('ConvTranspose: image, weights and bias agree with finite differences', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, async (g) => {
      const next = uniform(g.seed);
      const outputPadding = g.extra.map((amount, axis) => Math.min(amount, (g.strides[axis] ?? 1) - 1));
      const extent = g.kernel.map((k, axis) => (k - 1) * (g.dilations[axis] ?? 1) + 1);
      const half = g.pads.map((pad, index) => Math.min(pad, Math.floor(((extent[index % g.rank] ?? 1) - 1) / 2)));
      const explicit = g.autoPad === 'NOTSET';
      const attributes: Attributes = {
        kernel_shape: ints(g.kernel),
        strides: ints(g.strides),
        dilations: ints(explicit ? g.dilations : g.dilations.map(() => 1)),
        group: int(g.groups),
        ...(explicit ? { pads: ints(half), output_padding: ints(outputPadding) } : { auto_pad: text(g.autoPad) }),
      };
      const size = g.extra.map((amount) => amount + 1);
      const inputs = [
        { tensor: randomTensor([g.batch, g.groups * g.inPerGroup, ...size], next) },
        { tensor: randomTensor([g.groups * g.inPerGroup, g.outPerGroup, ...g.kernel], next), constant: g.constantWeights },
      ];
      if (g.bias) inputs.push({ tensor: randomTensor([g.groups * g.outPerGroup], next), constant: false });
      await checkAdjoint({ rule: convTranspose, op: 'ConvTranspose', inputs, attributes }, { ...LINEAR, seed: g.seed });
    }),
    { numRuns: 50, seed: 8 },
  );
});

test('Conv with the channel counts that WebGPU gets wrong when flipped', async () => {
  const next = uniform(4);
  const inputs = [{ tensor: randomTensor([1, 4, 6, 5], next) }, { tensor: randomTensor([6, 4, 3, 2], next) }];
  const attributes = { pads: ints([1, 0, 2, 1]), dilations: ints([1, 2]) };
  await checkAdjoint({ rule: conv, op: 'Conv', inputs, attributes }, LINEAR);
});

test('Conv in three dimensions works at stride 1 and says so where it does not', async () => {
  const next = uniform(3);
  const inputs = [{ tensor: randomTensor([1, 2, 3, 4, 3], next) }, { tensor: randomTensor([2, 2, 2, 3, 2], next) }];
  await checkAdjoint({ rule: conv, op: 'Conv', inputs, attributes: { pads: ints([1, 1, 0, 0, 1, 1]) } }, LINEAR);
  const strided = checkAdjoint({ rule: conv, op: 'Conv', inputs, attributes: { strides: ints([2, 1, 1]) } }, LINEAR);
  await expect(strided).rejects.toMatchObject({ code: 'unsupported-operator', message: expect.stringContaining('tested') });
});
