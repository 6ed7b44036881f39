import { describe, expect, it } from 'vitest';
import { confusionOf, type EpisodeResult } from '../../fewshot/evaluation.ts';
import { cellsBetween, confusedPairs, groupOf, layOut, matrixOf } from './confusion.ts';

const NAMES = ['Thai/ko', 'Georgian/ani', 'Georgian/bani', 'Thai/kho'];

/** Two queries a class: ani is once taken for ko, kho once for ko; bani is taken for ani where both were offered. */
const EPISODES: EpisodeResult[] = [
  episode(
    0,
    [1, 0],
    [
      [0, 1],
      [1, 1],
    ],
  ),
  episode(
    1,
    [0, 3],
    [
      [0, 0],
      [0, 1],
    ],
  ),
  episode(
    2,
    [2, 1],
    [
      [1, 1],
      [1, 1],
    ],
  ),
];

function episode(number: number, classes: number[], predicted: number[][]): EpisodeResult {
  return { number, classes, query: classes.map(() => [4, 7]), predicted, accuracy: 0 };
}

const CELLS = confusionOf(EPISODES);

describe('layOut', () => {
  it('orders drawn classes by name', () => {
    const { lines, by, drawn } = layOut(NAMES, CELLS, new Set());
    expect(lines.map(({ label }) => label)).toEqual(['Georgian/ani', 'Georgian/bani', 'Thai/kho', 'Thai/ko']);
    expect([by, drawn]).toEqual(['class', 4]);
  });

  it('leaves out classes that were never drawn', () => {
    expect(layOut([...NAMES, 'Thai/unseen'], CELLS, new Set()).lines).toHaveLength(4);
  });

  it('gathers too many classes by the name before the slash, and opens a group', () => {
    const closed = layOut(NAMES, CELLS, new Set(), 3);
    expect(closed.lines.map(({ label, classes }) => [label, classes])).toEqual([
      ['Georgian', [1, 2]],
      ['Thai', [3, 0]],
    ]);
    expect(layOut(NAMES, CELLS, new Set(['Thai']), 3).lines.map(({ label }) => label)).toEqual([
      'Georgian',
      'Thai/kho',
      'Thai/ko',
    ]);
  });

  it('keeps the most confused classes and one line for the rest where names have no groups', () => {
    const plain = ['ko', 'ani', 'bani', 'kho'];
    const { lines, by } = layOut(plain, CELLS, new Set(), 3);
    expect(lines.map(({ label }) => label)).toEqual(['ani', 'bani', '2 others']);
    expect(by).toBe('confused');
  });

  it('takes a name without a slash as its own group', () => {
    expect([groupOf('Thai/ko/1'), groupOf('ko')]).toEqual(['Thai', 'ko']);
  });
});

describe('matrixOf', () => {
  it('counts the row’s queries and the chances they had', () => {
    const { lines } = layOut(NAMES, CELLS, new Set());
    const { cells, limit } = matrixOf(lines, CELLS);
    // ani: four queries, two of them beside ko, two beside bani.
    expect(cells[0]).toEqual([
      { count: 3, of: 4 },
      { count: 0, of: 2 },
      { count: 0, of: 0 },
      { count: 1, of: 2 },
    ]);
    expect(cells[1]?.[0]).toEqual({ count: 2, of: 2 });
    expect(limit).toBe(1);
  });

  it('keeps every query when classes are gathered', () => {
    const { lines } = layOut(NAMES, CELLS, new Set(), 3);
    const { cells, within } = matrixOf(lines, CELLS);
    const total = cells.flat().reduce((sum, { count }) => sum + count, 0) + within.reduce((sum, count) => sum + count, 0);
    expect(total).toBe(12);
    expect(within).toEqual([2, 1]);
    expect(cells[0]).toEqual([
      { count: 3, of: 6 },
      { count: 1, of: 2 },
    ]);
  });
});

describe('confusedPairs', () => {
  it('names the most frequent first, then the greater share', () => {
    expect(confusedPairs(CELLS, 8)).toEqual([
      { actual: 2, predicted: 1, count: 2, of: 2 },
      { actual: 1, predicted: 0, count: 1, of: 2 },
      { actual: 3, predicted: 0, count: 1, of: 2 },
    ]);
    expect(confusedPairs(CELLS, 1)).toHaveLength(1);
  });
});

describe('cellsBetween', () => {
  it('finds the queries behind a cell, wrong ones where a group stands on the diagonal', () => {
    expect(cellsBetween(CELLS, [1], [0])).toEqual([{ actual: 1, predicted: 0, queries: [{ episode: 0, image: 7 }] }]);
    expect(cellsBetween(CELLS, [1, 2], [1, 2]).map(({ actual, predicted }) => [actual, predicted])).toEqual([[2, 1]]);
    expect(cellsBetween(CELLS, [1], [1])).toHaveLength(1);
  });
});
