import { describe, expect, it } from 'vitest';
import type { MapData } from '../../runtime/protocol.ts';
import { finding, mainRegion, ninths } from './finding.ts';

const explained = { method: 'SRD', target: 'tabby cat' };

function map(height: number, width: number, value: (y: number, x: number) => number): MapData {
  const values = Float32Array.from({ length: height * width }, (_, i) => value(Math.floor(i / width), i % width));
  return { height, width, values };
}

describe('ninths', () => {
  it('gives every cell of a uniform map the same share', () => {
    const shares = ninths(new Float32Array(36).fill(2), 6, 6);
    for (const share of shares.flat()) expect(share).toBeCloseTo(1 / 9, 12);
  });

  it('keeps the sum at 1 for sizes that three does not divide', () => {
    const shares = ninths(
      Float32Array.from({ length: 7 * 5 }, (_, i) => i),
      7,
      5,
    );
    expect(shares.flat().reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });
});

describe('mainRegion', () => {
  it('prefers one cell, then a band, then a corner block, then none', () => {
    expect(
      mainRegion([
        [0.7, 0.3, 0],
        [0, 0, 0],
        [0, 0, 0],
      ]),
    ).toEqual({ name: 'upper left', share: 0.7 });
    expect(
      mainRegion([
        [0, 0, 0],
        [0, 0, 0],
        [0.3, 0.3, 0.4],
      ])?.name,
    ).toBe('lower third');
    expect(
      mainRegion([
        [0, 0.25, 0],
        [0, 0.25, 0],
        [0.25, 0.25, 0],
      ])?.name,
    ).toBe('middle columns');
    expect(
      mainRegion([
        [0, 0, 0],
        [0, 0.25, 0.25],
        [0, 0.25, 0.25],
      ])?.name,
    ).toBe('lower right two thirds');
    const even = [1, 1, 1].map(() => [1 / 9, 1 / 9, 1 / 9]);
    expect(mainRegion(even)).toBeNull();
  });
});

describe('finding', () => {
  it('names region, share and strongest point', () => {
    // 71 in the upper left third, 29 elsewhere, nothing against.
    const sentence = finding(
      map(30, 30, (y, x) => (y === 3 && x === 4 ? 71 : y === 20 && x === 20 ? 29 : 0)),
      explained,
    );
    expect(sentence).toBe('SRD, tabby cat: 71 % of the relevance lies in the upper left; strongest at x 15 %, y 12 %.');
  });

  it('tells how much speaks against', () => {
    const sentence = finding(
      map(3, 3, (y, x) => (y === 1 && x === 1 ? 3 : y === 0 && x === 0 ? -1 : 0)),
      explained,
    );
    expect(sentence).toBe(
      'SRD, tabby cat: 100 % of the positive relevance lies in the centre; strongest at x 50 %, y 50 %; 25 % of all speaks against.',
    );
  });

  it('says so when relevance is spread, absent or only negative', () => {
    expect(
      finding(
        map(9, 9, () => 1),
        explained,
      ),
    ).toContain('spread over the image');
    expect(
      finding(
        map(4, 4, () => 0),
        explained,
      ),
    ).toBe('SRD, tabby cat: no relevance anywhere.');
    expect(
      finding(
        map(4, 4, () => -1),
        explained,
      ),
    ).toBe('SRD, tabby cat: nothing speaks for it.');
  });

  it('passes over values that are no number and an empty class', () => {
    const sentence = finding(
      map(3, 3, (y, x) => (x === 0 ? Number.NaN : y === 2 && x === 2 ? 1 : 0)),
      { method: 'ERF', target: '' },
    );
    expect(sentence).toBe('ERF: 100 % of the relevance lies in the lower right; strongest at x 83 %, y 83 %.');
  });
});
