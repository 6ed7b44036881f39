import { describe, expect, it } from 'vitest';
import { median, pairedMedians } from './statistics.ts';

describe('median', () => {
  it('is the middle value, or the mean of the two middle ones', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe('pairedMedians', () => {
  it('takes ratios within a round, so that a slow round does not count twice', async () => {
    // Rounds of a machine that is four times slower in the second: unpaired medians would give 30/10.
    const base = [999, 10, 40, 10];
    const other = [999, 20, 80, 30];
    const play = (list: number[]) => () => Promise.resolve(list.shift() ?? Number.NaN);
    const [forward, twice] = await pairedMedians(
      new Map([
        ['forward', play(base)],
        ['twice', play(other)],
      ]),
      3,
      1,
    );
    expect(forward).toEqual({ name: 'forward', milliseconds: 10, ratio: 1, rounds: 3 });
    expect(twice).toEqual({ name: 'twice', milliseconds: 30, ratio: 2, rounds: 3 });
  });
});
