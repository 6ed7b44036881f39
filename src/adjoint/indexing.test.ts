import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { int } from '../graph/graph.ts';
import { int64, int64s, sizeOf } from '../graph/tensor.ts';
import * as indexing from './indexing.ts';
import type { AdjointRule } from './rule.ts';
import { check, indices, shapes, tensors } from './test-support.ts';

const runs = (seed: number, numRuns: number) => ({ seed, numRuns });
/** A shape and one of its axes. */
const shapeAndAxis = shapes(1, 3).chain((dims) => fc.tuple(fc.constant(dims), fc.nat(dims.length - 1)));

describe('adjoints of indexing', () => {
  it('Slice with any starts, ends and steps', async () => {
    const bound = fc.oneof(fc.integer({ min: -6, max: 6 }), fc.constantFrom(-(2 ** 31), 2 ** 31));
    const step = fc.constantFrom(1, 1, 2, 3, -1, -2, -3);
    const cases = fc.tuple(
      tensors([2, 5]),
      fc.tuple(bound, bound),
      fc.tuple(bound, bound),
      fc.constantFrom([0, 1], [-1, -2]),
      fc.tuple(step, step),
    );
    await fc.assert(
      fc.asyncProperty(cases, ([x, ...ranges]) =>
        check({ rule: indexing.slice, op: 'Slice', inputs: [x, ...ranges.map(int64s)] }),
      ),
      runs(1, 20),
    );
  });

  it.each([
    ['backwards', 5, -1, -100, -1],
    ['in steps that end early', 6, 0, 6, 4],
    ['in steps that end with the axis', 5, 0, 5, 2],
    ['backwards in steps', 6, 4, 0, -3],
    ['one element with a long step', 3, 1, 2, 7],
  ])('Slice %s', async (_name, size, start, end, step) => {
    const [x] = fc.sample(tensors([size]), runs(2, 1));
    await check({ rule: indexing.slice, op: 'Slice', inputs: [x ?? null, ...[[start], [end], [0], [step]].map(int64s)] });
  });

  it('Slice without axes and steps', async () => {
    await fc.assert(
      fc.asyncProperty(tensors([3, 3]), (x) =>
        check({ rule: indexing.slice, op: 'Slice', inputs: [x, int64s([1, 0]), int64s([3, 2])] }),
      ),
      runs(3, 1),
    );
  });

  it('Concat, all or some operands wanted', async () => {
    const cases = shapeAndAxis.chain(([dims, axis]) =>
      fc.tuple(
        fc.array(
          fc.integer({ min: 1, max: 3 }).chain((size) => tensors(dims.with(axis, size))),
          { minLength: 1, maxLength: 3 },
        ),
        fc.constantFrom(axis, axis - dims.length),
        fc.subarray([1, 2]),
      ),
    );
    await fc.assert(
      fc.asyncProperty(cases, ([inputs, axis, constants]) =>
        check({ rule: indexing.concat, op: 'Concat', inputs, attributes: { axis: int(axis) }, constants }),
      ),
      runs(4, 12),
    );
  });

  it('Split, all or some outputs used', async () => {
    const cases = shapeAndAxis.chain(([dims, axis]) =>
      fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 3 }).chain((sizes) =>
        fc.tuple(
          tensors(
            dims.with(
              axis,
              sizes.reduce((sum, size) => sum + size, 0),
            ),
          ),
          fc.constant(sizes),
          fc.constantFrom(axis, axis - dims.length),
          fc.subarray(sizes.slice(1).map((_, index) => index)),
        ),
      ),
    );
    await fc.assert(
      fc.asyncProperty(cases, ([x, sizes, axis, silent]) =>
        check({
          rule: indexing.split,
          op: 'Split',
          inputs: [x, int64s(sizes)],
          attributes: { axis: int(axis) },
          outputs: sizes.length,
          silent,
        }),
      ),
      runs(5, 12),
    );
  });

  it('Gather with constant indices of any shape', async () => {
    const cases = shapeAndAxis.chain(([dims, axis]) => {
      const size = dims[axis] ?? 1;
      return shapes(0, 2).chain((form) =>
        fc.tuple(
          tensors(dims),
          fc
            .array(fc.integer({ min: -size, max: size - 1 }), { minLength: sizeOf(form), maxLength: sizeOf(form) })
            .map((values) => indices(form, values)),
          fc.constantFrom(axis, axis - dims.length),
        ),
      );
    });
    await fc.assert(
      fc.asyncProperty(cases, ([x, index, axis]) =>
        check({ rule: indexing.gather, op: 'Gather', inputs: [x, index], attributes: { axis: int(axis) } }),
      ),
      runs(6, 15),
    );
  });

  it.each([
    ['a reversal', [2, 1, 0]],
    ['every second', [0, 2]],
    ['repeats', [1, 1, 1]],
    ['a permutation', [1, 0, 2]],
  ])('Gather of %s', async (_name, values) => {
    const [x] = fc.sample(tensors([2, 3, 2]), runs(7, 1));
    const inputs = [x ?? null, indices([values.length], values)];
    await check({ rule: indexing.gather, op: 'Gather', inputs, attributes: { axis: int(1) } });
  });

  it('equally spaced Gather needs no scatter', async () => {
    const [x] = fc.sample(tensors([2, 3]), runs(8, 1));
    const emitted: string[] = [];
    const watched: AdjointRule = (builder, ...rest) => {
      const before = builder.nodes.length;
      const result = indexing.gather(builder, ...rest);
      emitted.push(...builder.nodes.slice(before).map((node) => node.op));
      return result;
    };
    await check({ rule: watched, op: 'Gather', inputs: [x ?? null, indices([], [-1])], attributes: { axis: int(1) } });
    expect(emitted).toEqual(['Reshape', 'Pad']);
  });

  it('GatherElements', async () => {
    const cases = shapeAndAxis.chain(([dims, axis]) => {
      const size = dims[axis] ?? 1;
      return fc.integer({ min: 1, max: 3 }).chain((count) => {
        const form = dims.with(axis, count);
        const values = fc.array(fc.integer({ min: -size, max: size - 1 }), { minLength: sizeOf(form), maxLength: sizeOf(form) });
        return fc.tuple(
          tensors(dims),
          values.map((list) => indices(form, list)),
          fc.constant(axis),
        );
      });
    });
    await fc.assert(
      fc.asyncProperty(cases, ([x, index, axis]) =>
        check({ rule: indexing.gatherElements, op: 'GatherElements', inputs: [x, index], attributes: { axis: int(axis) } }),
      ),
      runs(9, 10),
    );
  });

  it('CumSum in all its forms', async () => {
    const cases = shapeAndAxis.chain(([dims, axis]) => fc.tuple(tensors(dims), fc.constant(axis), fc.boolean(), fc.boolean()));
    await fc.assert(
      fc.asyncProperty(cases, ([x, axis, exclusive, reverse]) =>
        check({
          rule: indexing.cumSum,
          op: 'CumSum',
          inputs: [x, int64(axis)],
          attributes: { exclusive: int(Number(exclusive)), reverse: int(Number(reverse)) },
        }),
      ),
      runs(10, 10),
    );
  });
});
