import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanInterval } from '../../fewshot/interval.ts';
import { accuracyBins, roughDuration, runningIntervals, timeLeft } from './accuracies.ts';

describe('accuracyBins', () => {
  it('holds every episode once, in bins of equally many counts that end at 1', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.array(fc.nat(300), { minLength: 1 }), (queries, draws) => {
        const accuracies = draws.map((draw) => (draw % (queries + 1)) / queries);
        const bins = accuracyBins(accuracies, queries);
        expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(accuracies.length);
        expect(bins.length).toBeLessThanOrEqual(24);
        expect(bins.at(-1)?.greatest).toBe(1);
        for (const [index, bin] of bins.entries()) if (index > 0) expect(bin.from).toBeCloseTo(bins[index - 1]?.to ?? 0, 12);
      }),
    );
  });

  it('gives each accuracy a bin of its own where there are few', () => {
    expect(accuracyBins([0.8, 1, 1], 10).map(({ least, greatest, count }) => [least, greatest, count])).toEqual([
      [0.8, 0.8, 1],
      [0.9, 0.9, 0],
      [1, 1, 2],
    ]);
  });
});

describe('runningIntervals', () => {
  it('ends where the interval of all episodes is', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 50 }), (values) => {
        const whole = meanInterval(values);
        const last = runningIntervals(values).at(-1);
        expect(last?.mean).toBeCloseTo(whole.mean, 9);
        expect(last?.halfWidth).toBeCloseTo(whole.halfWidth ?? Number.NaN, 6);
      }),
    );
  });

  it('has no interval after one episode', () => expect(runningIntervals([0.5])).toEqual([{ mean: 0.5, halfWidth: null }]));
});

describe('time left', () => {
  it('is not guessed from too few episodes', () => {
    expect(timeLeft(2, 100, 500)).toBeNull();
    expect(timeLeft(10, 100, null)).toBeNull();
    expect(timeLeft(100, 100, 500)).toBeNull();
  });

  it('goes on as so far, in round numbers', () => {
    expect(timeLeft(10, 100, 5000)).toBe(45_000);
    expect([200, 8_700, 43_000, 200_000].map(roughDuration)).toEqual(['1 s', '9 s', '45 s', '3 min']);
  });
});
