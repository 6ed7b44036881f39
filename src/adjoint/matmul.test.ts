import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float, int, text } from '../graph/graph.ts';
import { einsum } from './einsum.ts';
import { gemm, matMul } from './matmul.ts';
import { broadcastShapes, check, pullBack, tensors } from './test-support.ts';

const size = fc.integer({ min: 1, max: 3 });

describe('Gemm', () => {
  it('with all flags, scales and forms of bias', async () => {
    const products = fc.record({ m: size, n: size, k: size, transA: fc.boolean(), transB: fc.boolean(), bias: fc.nat(5) });
    const operands = products.chain(({ m, n, k, transA, transB, bias }) => {
      const addend = [null, [], [n], [1, n], [m, 1], [m, n]][bias];
      return fc.tuple(
        fc.constant({ transA: int(Number(transA)), transB: int(Number(transB)), alpha: float(0.7), beta: float(1.3) }),
        tensors(transA ? [k, m] : [m, k]),
        tensors(transB ? [n, k] : [k, n]),
        addend ? tensors(addend) : fc.constant(null),
      );
    });
    await fc.assert(
      fc.asyncProperty(operands, ([attributes, ...inputs]) => check({ rule: gemm, op: 'Gemm', inputs, attributes })),
      { seed: 1, numRuns: 20 },
    );
  });
});

describe('MatMul', () => {
  it('with broadcast batches', async () => {
    const operands = fc
      .tuple(broadcastShapes(2), size, size, size)
      .chain(([[left = [], right = []], m, k, n]) => fc.tuple(tensors([...left, m, k]), tensors([...right, k, n])));
    await fc.assert(
      fc.asyncProperty(operands, (inputs) => check({ rule: matMul, op: 'MatMul', inputs })),
      { seed: 2, numRuns: 15 },
    );
  });

  it.each([
    ['two vectors', [3], [3]],
    ['a vector and a matrix', [3], [3, 2]],
    ['a matrix and a vector', [2, 3], [3]],
    ['a vector and a batch', [3], [2, 3, 2]],
    ['a batch and a vector', [2, 2, 3], [3]],
  ])('of %s', async (_name, left, right) => {
    await fc.assert(
      fc.asyncProperty(tensors(left), tensors(right), (a, b) => check({ rule: matMul, op: 'MatMul', inputs: [a, b] })),
      { seed: 3, numRuns: 2 },
    );
  });
});

describe('Einsum', () => {
  it.each([
    ['ij,jk->ik', [2, 3], [3, 2]],
    ['bhid,bhjd->bhij', [1, 2, 3, 2], [1, 2, 2, 2]],
    ['ij,jk', [2, 3], [3, 2]],
    ['ba,ac', [2, 3], [3, 2]],
    ['ij->ji', [2, 3]],
    ['ij->i', [2, 3]],
    ['ij,j->', [2, 3], [3]],
    ['ijk,jl->il', [2, 3, 2], [3, 2]],
    ['i,j->ij', [2], [3]],
    ['i,ij,j->', [2], [2, 3], [3]],
  ] as [string, ...number[][]][])('%s', async (equation, ...dims) => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(...dims.map(tensors)), (inputs) =>
        check({ rule: einsum, op: 'Einsum', inputs, attributes: { equation: text(equation) } }),
      ),
      { seed: 4, numRuns: 2 },
    );
  });

  it('refuses a diagonal, naming the node', async () => {
    const [square] = fc.sample(tensors([2, 2]), { seed: 5, numRuns: 1 });
    const [vector] = fc.sample(tensors([2]), { seed: 5, numRuns: 1 });
    if (square === undefined || vector === undefined) throw new RangeError('no sample');
    const diagonal = { rule: einsum, op: 'Einsum', inputs: [square], attributes: { equation: text('ii->i') } };
    await expect(pullBack(diagonal, vector)).rejects.toMatchObject({
      code: 'unsupported-operator',
      message: expect.stringMatching(/Einsum .*diagonal/),
    });
  });
});
