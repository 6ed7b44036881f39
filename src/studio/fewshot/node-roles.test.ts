import { describe, expect, it } from 'vitest';
import { assign } from '../../fewshot/assignments.ts';
import { ensembleFinding, listName, nodeRoles } from './node-roles.ts';

describe('nodeRoles', () => {
  it('says for each node whom it speaks for, and which are unused', () => {
    expect(nodeRoles(5, assign([4, 1, 0, 2, 3], 2, 2))).toEqual([
      { way: 0, list: 1 },
      { way: 1, list: 0 },
      { way: 1, list: 1 },
      null,
      { way: 0, list: 0 },
    ]);
    expect([0, 5].map(listName)).toEqual(['a', 'f']);
  });
});

describe('ensembleFinding', () => {
  it('weighs the gain against a single query', () => {
    expect(ensembleFinding([0.92, 0.96], 25)).toBe(
      'The first assignment alone: 92.0 % right; all 2 together: 96.0 %, +4.0 points. One query is 4.0 points.',
    );
    expect(ensembleFinding([0.96, 0.96], 25)).toContain('no change here');
    expect(ensembleFinding([0.96, 0.92], 25)).toContain('−4.0 points');
  });
});
