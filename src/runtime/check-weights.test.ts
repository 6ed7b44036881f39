import { describe, expect, it } from 'vitest';
import { emptyGraph } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { float32, type Tensor } from '../graph/tensor.ts';
import { node } from '../graph/testing.ts';
import { checkWeights } from './check-weights.ts';

const graphOf = (nodes: readonly Node[], constants: Readonly<Record<string, Tensor>>): Graph => ({
  ...emptyGraph('g'),
  nodes,
  initializers: new Map(Object.entries(constants)),
});

const bad = float32([2, 2], [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]);

describe('checkWeights', () => {
  it.each([
    ['a MatMul weight', [node('MatMul', ['x', 'w'], 'y')]],
    ['a Gemm bias', [node('Gemm', ['x', 'k', 'w'], 'y')]],
    ['a kernel', [node('Conv', ['x', 'w'], 'y')]],
    ['a transposed weight', [node('Identity', ['w'], 'v'), node('Transpose', ['v'], 't'), node('MatMul', ['x', 't'], 'y')]],
    ['a weight that is a mask, too', [node('Add', ['x', 'w'], 'a'), node('MatMul', ['a', 'w'], 'y')]],
  ])('refuses infinities in %s', (_, nodes) => {
    expect(() => checkWeights(graphOf(nodes, { w: bad }))).toThrow('2 of the 4 values of the weight “w” are infinite.');
  });

  it('refuses infinities in a Constant node that an operator reads as its weight', () => {
    const constant = node('Constant', [], 'w', { value: { kind: 'tensor', value: bad } });
    expect(() => checkWeights(graphOf([constant, node('MatMul', ['x', 'w'], 'y')], {}))).toThrow('“w” are infinite');
  });

  it.each([
    [
      'an attention mask that is added',
      [node('Add', ['x', 'w'], 'a'), node('Softmax', ['a'], 's'), node('MatMul', ['s', 'v'], 'y')],
    ],
    ['the value Where puts in', [node('Where', ['mask', 'x', 'w'], 'y')]],
    ['the bounds of a clip', [node('Clip', ['x', 'w', 'w'], 'y')]],
    ['the floor of a maximum', [node('Max', ['x', 'w'], 'y')]],
    ['the filling of a pad', [node('Pad', ['x', 'pads', 'w'], 'y')]],
  ])('accepts infinities as %s', (_, nodes) => {
    expect(() => checkWeights(graphOf(nodes, { w: bad }))).not.toThrow();
  });

  it('refuses NaN wherever it stands', () => {
    const w = float32([2], [Number.NaN, 1]);
    expect(() => checkWeights(graphOf([node('Add', ['x', 'w'], 'y')], { w }))).toThrow(
      '1 of the 2 values of the weight “w” are not numbers (NaN).',
    );
  });
});
