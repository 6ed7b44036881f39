import { describe, expect, it } from 'vitest';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import { learnsHow, type OfferedLearner, offItsWay, wayOut } from './compared.ts';
import type { ComparedLearner } from './fewshot-status.ts';

const card = (facts: object) => facts as LearnerCard;
const FIXED = card({ name: 'fixed5', kind: 'maml', ways: 5, nodes: 5 });
const ANY = card({ name: 'any', kind: 'maml', ways: 'any', nodes: 30 });
const PROTO = card({ name: 'proto', kind: 'protonet', ways: 'any' });
const SIMPLE = card({ name: 'simple', kind: 'simpleshot', ways: 'any' });
const row = (of: LearnerCard) => ({ name: of.name, card: of }) as ComparedLearner;
const offered = (of: LearnerCard, obstacle: string | null = null): OfferedLearner => ({ card: of, obstacle });

describe('offItsWay', () => {
  it('warns of fixed-way learners off their way and of too few nodes', () => {
    expect(offItsWay(FIXED, 3)).toBe('was trained for 5 classes; this episode has 3');
    expect(offItsWay(FIXED, 7)).toBe('has 5 output nodes, too few for 7 classes');
    expect([offItsWay(FIXED, 5), offItsWay(ANY, 7), offItsWay(PROTO, 20)]).toEqual([null, null, null]);
  });
});

describe('wayOut', () => {
  it('offers a learner without nodes where one had too few, ProtoNet first', () => {
    expect(wayOut([row(FIXED)], [offered(SIMPLE), offered(PROTO)], 7)).toBe(PROTO);
    expect(wayOut([row(FIXED)], [offered(PROTO, 'for drawings'), offered(SIMPLE)], 7)).toBe(SIMPLE);
  });

  it('offers nothing where nothing is amiss, or it is there already', () => {
    expect(wayOut([row(FIXED)], [offered(PROTO)], 5)).toBeNull();
    expect(wayOut([row(FIXED), row(PROTO)], [offered(PROTO)], 7)).toBeNull();
    expect(wayOut([row(FIXED)], [], 7)).toBeNull();
  });
});

it('says how each kind learns', () => {
  expect([ANY, FIXED, PROTO].map(learnsHow)).toEqual([
    'Adapts by gradient steps, any way (MAML)',
    'Adapts by gradient steps, fixed way (MAML)',
    'Compares with class means in a learned feature space (ProtoNet)',
  ]);
});
