import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { int, ints, text } from '../graph/graph.ts';
import { float32, int64s, scalar } from '../graph/tensor.ts';
import * as shape from './shape.ts';
import { broadcastShapes, check, pullBack, shapes, tensors } from './test-support.ts';

const runs = (seed: number, numRuns = 5) => ({ seed, numRuns });
const blocks = fc.record({
  n: fc.integer({ min: 1, max: 2 }),
  c: fc.integer({ min: 1, max: 2 }),
  h: fc.integer({ min: 1, max: 2 }),
});

describe('adjoints of rearrangements', () => {
  it('Flatten', async () => {
    const cases = shapes(1, 3).chain((dims) => fc.tuple(tensors(dims), fc.integer({ min: -dims.length, max: dims.length })));
    await fc.assert(
      fc.asyncProperty(cases, ([x, axis]) =>
        check({ rule: shape.flatten, op: 'Flatten', inputs: [x], attributes: { axis: int(axis) } }),
      ),
      runs(1),
    );
  });

  it('Reshape', async () => {
    const cases = shapes(1, 3).chain((dims) => fc.tuple(tensors(dims), fc.constantFrom([-1], [...dims].reverse(), [1, -1])));
    await fc.assert(
      fc.asyncProperty(cases, ([x, to]) => check({ rule: shape.reshape, op: 'Reshape', inputs: [x, int64s(to)] })),
      runs(2),
    );
  });

  it('Squeeze and Unsqueeze', async () => {
    await fc.assert(
      fc.asyncProperty(shapes(1, 2).chain(tensors), fc.constantFrom([0], [-1], [0, 2]), async (x, axes) => {
        await check({ rule: shape.unsqueeze, op: 'Unsqueeze', inputs: [x, int64s(axes)] });
        const squeezed = float32([1, ...x.dims, 1], x.data);
        await check({ rule: shape.squeeze, op: 'Squeeze', inputs: [squeezed, int64s([0, -1])] });
      }),
      runs(3, 3),
    );
  });

  it('Transpose', async () => {
    const cases = shapes(1, 4).chain((dims) => {
      const axes = dims.map((_, axis) => axis);
      const order = fc.shuffledSubarray(axes, { minLength: axes.length, maxLength: axes.length });
      return fc.tuple(tensors(dims), fc.option(order, { nil: undefined }));
    });
    await fc.assert(
      fc.asyncProperty(cases, ([x, perm]) =>
        check({
          rule: shape.transpose,
          op: 'Transpose',
          inputs: [x],
          attributes: perm === undefined ? {} : { perm: ints(perm) },
        }),
      ),
      runs(4, 8),
    );
  });

  it('Expand, one- and two-sided', async () => {
    const cases = broadcastShapes(2).chain(([from = [], to = []]) => fc.tuple(tensors(from), fc.constant(to)));
    await fc.assert(
      fc.asyncProperty(cases, ([x, to]) => check({ rule: shape.expand, op: 'Expand', inputs: [x, int64s(to)] })),
      runs(5, 10),
    );
  });

  it('Tile', async () => {
    const cases = shapes(1, 3).chain((dims) =>
      fc.tuple(tensors(dims), fc.tuple(...dims.map(() => fc.integer({ min: 1, max: 3 })))),
    );
    await fc.assert(
      fc.asyncProperty(cases, ([x, repeats]) => check({ rule: shape.tile, op: 'Tile', inputs: [x, int64s(repeats)] })),
      runs(6, 8),
    );
  });

  it.each(['DCR', 'CRD'])('DepthToSpace %s', async (mode) => {
    const cases = blocks.chain(({ n, c, h }) => tensors([n, c * 4, h, 3 - h]));
    const attributes = { blocksize: int(2), mode: text(mode) };
    await fc.assert(
      fc.asyncProperty(cases, (x) => check({ rule: shape.depthToSpace, op: 'DepthToSpace', inputs: [x], attributes })),
      runs(7, 4),
    );
  });

  it('SpaceToDepth', async () => {
    const cases = blocks.chain(({ n, c, h }) => tensors([n, c, h * 2, (3 - h) * 2]));
    const attributes = { blocksize: int(2) };
    await fc.assert(
      fc.asyncProperty(cases, (x) => check({ rule: shape.spaceToDepth, op: 'SpaceToDepth', inputs: [x], attributes })),
      runs(8, 4),
    );
  });

  it('Identity, Dropout at inference and Cast to the same type', async () => {
    const x = float32([2, 2], [1, -2, 3, -4]);
    await check({ rule: shape.identity, op: 'Identity', inputs: [x] });
    await check({ rule: shape.dropout, op: 'Dropout', inputs: [x, scalar(0.3)], constants: [1] });
    await check({ rule: shape.cast, op: 'Cast', inputs: [x], attributes: { to: int(1) } });
  });

  it('refuses a Dropout in training mode', async () => {
    const x = float32([1], [1]);
    const training = { type: 'bool', dims: [], data: Uint8Array.of(1) } as const;
    const inputs = [x, scalar(0.3), training];
    await expect(pullBack({ rule: shape.dropout, op: 'Dropout', inputs, constants: [1] }, x)).rejects.toMatchObject({
      code: 'unsupported-operator',
      message: expect.stringMatching(/Dropout .*training mode/),
    });
  });
});
