import { describe, expect, it } from 'vitest';
import { askedClass, followClass, pressClass } from './asked-class.ts';

const SRD = { reason: 'srd', forClass: null } as const;
const OF_TWO = { reason: 'srd', forClass: 2 } as const;

it('leaves the choice to the prediction where the episode has no such class', () => {
  expect([askedClass(OF_TWO, 0, 3), askedClass(OF_TWO, 0, 2), askedClass(SRD, 1, 3)]).toEqual([2, 0, 1]);
});

describe('pressing a class', () => {
  it('asks about it', () => {
    expect(pressClass(2, SRD, 0, 3)).toEqual(OF_TWO);
    expect(pressClass(1, OF_TWO, 0, 3)).toEqual({ reason: 'srd', forClass: 1 });
  });

  it('goes back to the predicted class from the one shown and to the likeliest', () => {
    expect([pressClass(2, OF_TWO, 0, 3), pressClass(0, OF_TWO, 0, 3), pressClass(0, SRD, 0, 3)]).toEqual([SRD, SRD, SRD]);
  });

  it('asks for relevance where the nearest examples were shown, also for the class asked about before', () => {
    expect(pressClass(2, { reason: 'nearest', forClass: 2 }, 0, 3)).toEqual(OF_TWO);
    expect(pressClass(0, { reason: 'nearest', forClass: 2 }, 0, 3)).toEqual(SRD);
  });
});

it('follows the class through changes of the episode', () => {
  const episode = (...names: string[]) => ({ classes: names.map((name) => ({ name })) });
  const before = episode('a', 'b', 'c');
  expect(followClass(2, before, episode('b', 'c'))).toBe(1);
  expect(followClass(2, before, episode('a', 'b'))).toBeNull();
  expect(followClass(2, before, episode('a', 'a 2', 'b', 'c'))).toBe(3);
  expect(followClass(1, before, episode('a', 'renamed', 'c'))).toBe(1);
  expect(followClass(5, before, episode('b', 'c'))).toBeNull();
});
