import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign, checkAssignments, nodesInOrder, selectionMatrix, sumOverAssignments } from './assignments.ts';

describe('assignments', () => {
  it('are cut from the permutation one after another', () => {
    expect(assign([4, 2, 0, 3, 1, 6, 5], 3, 2)).toEqual([
      [4, 2, 0],
      [3, 1, 6],
    ]);
  });

  it('pass their own check, whatever the order of the nodes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 2, max: 12 }), (ways, nodes) => {
        fc.pre(ways <= nodes);
        const order = nodesInOrder(nodes).reverse();
        checkAssignments(assign(order, ways, Math.floor(nodes / ways)), nodes, ways);
      }),
      { seed: 1 },
    );
  });

  it('send more classes than nodes to ProtoNet', () => {
    expect(() => assign(nodesInOrder(10), 12, 1)).toThrow('10 output nodes, too few for 12 classes');
    try {
      assign(nodesInOrder(10), 12, 1);
    } catch (error) {
      expect(error).toMatchObject({ code: 'bad-episode', remedy: expect.stringContaining('ProtoNet') });
    }
  });

  it.each([0, 4, 1.5])('cannot be %s of three', (count) => {
    expect(() => assign(nodesInOrder(9), 3, count)).toThrow('cannot be made from 9 nodes');
  });

  it.each([
    ['none', []],
    ['short lists', [[0, 1]]],
    ['nodes twice', [[0, 1, 1]]],
    [
      'a node in two lists',
      [
        [0, 1, 2],
        [2, 3, 4],
      ],
    ],
    ['nodes that do not exist', [[0, 1, 9]]],
  ] as const)('are refused with %s', (_, lists) => {
    expect(() => checkAssignments(lists, 9, 3)).toThrow();
  });

  it('pick and sum the nodes of each class', () => {
    const lists = [
      [1, 3],
      [0, 2],
    ];
    const logits = Float32Array.of(1, 2, 4, 8, -1, -2, -4, -8);
    expect([...sumOverAssignments(logits, 4, lists)]).toEqual([3, 12, -3, -12]);
    const { dims, data } = selectionMatrix(lists, 4);
    expect(dims).toEqual([4, 4]);
    // Column c has its 1 in the row of the c-th assigned node.
    expect([0, 1, 2, 3].map((column) => [0, 1, 2, 3].findIndex((row) => data[row * 4 + column] === 1))).toEqual([1, 3, 0, 2]);
  });
});
