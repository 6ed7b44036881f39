import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Attributes, int, ints, type Node, text } from '../graph/graph.ts';
import { windowGeometry } from '../graph/infer/window.ts';
import { float32 } from '../graph/tensor.ts';
import { uniform } from '../random.ts';
import { checkAdjoint, gradientsOf, separatedTensor } from './finite-differences.ts';
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from './pooling.ts';
import { dropsWindow } from './window.ts';

const perAxis = (rank: number, value: fc.Arbitrary<number>) => fc.array(value, { minLength: rank, maxLength: rank });

const geometry = fc.constantFrom(1, 2, 2, 2, 3).chain((rank) =>
  fc.record({
    rank: fc.constant(rank),
    channels: fc.integer({ min: 1, max: 3 }),
    kernel: perAxis(rank, fc.integer({ min: 1, max: 3 })),
    strides: perAxis(rank, fc.integer({ min: 1, max: 3 })),
    dilations: perAxis(rank, fc.integer({ min: 1, max: 2 })),
    pads: perAxis(2 * rank, fc.integer({ min: 0, max: 2 })),
    autoPad: fc.constantFrom('NOTSET', 'NOTSET', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'),
    ceilMode: fc.boolean(),
    countPadding: fc.boolean(),
    tiling: fc.boolean(),
    extra: perAxis(rank, fc.integer({ min: 0, max: 3 })),
    opset: fc.constantFrom(18, 19, 22),
    seed: fc.nat(),
  }),
);

type Geometry = typeof geometry extends fc.Arbitrary<infer G> ? G : never;

function pool(g: Geometry, dilated: boolean) {
  const dilations = dilated ? g.dilations : g.dilations.map(() => 1);
  const explicit = g.autoPad === 'NOTSET';
  const pads = g.pads.map((pad, index) => Math.min(pad, (g.kernel[index % g.rank] ?? 1) - 1));
  const size = g.kernel.map((k, axis) => (k - 1) * (dilations[axis] ?? 1) + 1 + (g.extra[axis] ?? 0));
  // With SAME the runtime's own pooling fails where the stride exceeds the kernel ("padding values must be non-negative").
  const strides = g.strides.map((stride, axis) => (explicit ? stride : Math.min(stride, g.kernel[axis] ?? 1)));
  const attributes: Attributes = {
    kernel_shape: ints(g.kernel),
    strides: ints(g.tiling ? g.kernel : strides),
    ...(explicit
      ? { pads: ints(g.tiling ? pads.map(() => 0) : pads), ceil_mode: int(g.ceilMode ? 1 : 0) }
      : { auto_pad: text(g.autoPad) }),
    ...(dilated ? { dilations: ints(dilations) } : {}),
  };
  const node: Node = { op: 'MaxPool', domain: '', name: '', inputs: [], outputs: [], attributes };
  fc.pre(!dropsWindow(node, { input: size, ...windowGeometry(node, size, g.kernel) }));
  const inputs = [{ tensor: separatedTensor([1, g.channels, ...size], uniform(g.seed)) }];
  return { attributes, inputs };
}

test('MaxPool agrees with finite differences', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, async (g) => {
      const { attributes, inputs } = pool(g, g.autoPad === 'NOTSET');
      await checkAdjoint({ rule: maxPool, op: 'MaxPool', inputs, attributes }, { seed: g.seed });
    }),
    { numRuns: 40, seed: 11 },
  );
});

test('AveragePool agrees with finite differences', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, async (g) => {
      const { attributes, inputs } = pool(g, false);
      const counted = { ...attributes, count_include_pad: int(g.countPadding ? 1 : 0) };
      const strided3d = g.rank === 3 && !(g.tiling ? g.kernel : g.strides).every((stride) => stride === 1);
      fc.pre(!strided3d);
      await checkAdjoint(
        { rule: averagePool, op: 'AveragePool', inputs, attributes: counted, opset: g.opset },
        { step: 0.5, seed: g.seed },
      );
    }),
    { numRuns: 60, seed: 12 },
  );
});

test('of equal maxima the first in row-major order gets the gradient, as in PyTorch', async () => {
  // torch.nn.functional.max_pool2d on a constant 4×4 map, kernel 2, stride 2; then kernel 3, stride 1, padding 1 on a 2×2 map.
  const tiles = { rule: maxPool, op: 'MaxPool', inputs: [{ tensor: float32([1, 1, 4, 4], new Float32Array(16)) }] };
  const [tiled] = await gradientsOf(
    { ...tiles, attributes: { kernel_shape: ints([2, 2]), strides: ints([2, 2]) } },
    float32([1, 1, 2, 2], [1, 2, 3, 4]),
  );
  expect([...(tiled?.data ?? [])]).toEqual([1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0]);
  const [overlapping] = await gradientsOf(
    {
      ...tiles,
      inputs: [{ tensor: float32([1, 1, 2, 2], [5, 5, 5, 5]) }],
      attributes: { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) },
    },
    float32([1, 1, 2, 2], [1, 2, 3, 4]),
  );
  expect([...(overlapping?.data ?? [])]).toEqual([10, 0, 0, 0]);
});

test('global pools agree with finite differences, ties go to the first', async () => {
  for (const dims of [
    [2, 3, 4, 5],
    [1, 2, 7],
    [1, 1, 2, 3, 2],
  ]) {
    const inputs = [{ tensor: separatedTensor(dims, uniform(5)) }];
    await checkAdjoint({ rule: globalAveragePool, op: 'GlobalAveragePool', inputs });
    await checkAdjoint({ rule: globalMaxPool, op: 'GlobalMaxPool', inputs });
  }
  const tied = { rule: globalMaxPool, op: 'GlobalMaxPool', inputs: [{ tensor: float32([1, 1, 2, 2], [0, 3, 3, 3]) }] };
  const [gradient] = await gradientsOf(tied, float32([1, 1, 1, 1], [7]));
  expect([...(gradient?.data ?? [])]).toEqual([0, 7, 0, 0]);
});

test('a ceil_mode window that would start in the padding is refused by name', async () => {
  const inputs = [{ tensor: separatedTensor([1, 1, 2], uniform(1)) }];
  const attributes = { kernel_shape: ints([2]), strides: ints([2]), pads: ints([0, 1]), ceil_mode: int(1) };
  await expect(checkAdjoint({ rule: maxPool, op: 'MaxPool', inputs, attributes })).rejects.toMatchObject({
    code: 'unsupported-operator',
    message: expect.stringContaining('MaxPool “tested”'),
  });
});
