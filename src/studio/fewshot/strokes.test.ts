import { describe, expect, test } from 'vitest';
import type { LearnerInput } from '../../fewshot/learner-card.ts';
import { learnerInput } from '../../runtime/learner-input.ts';
import {
  BLANK,
  BRUSHES,
  begin,
  CHARACTER_SIDE,
  centre,
  clear,
  type Drawing,
  extend,
  pathOf,
  picture,
  redo,
  undo,
} from './strokes.ts';

function line(drawing: Drawing, from: [x: number, y: number], to: [x: number, y: number], erases = false): Drawing {
  const [a, b] = [
    { x: from[0], y: from[1] },
    { x: to[0], y: to[1] },
  ];
  return extend(begin(drawing, a, 'medium', erases), [b]);
}

/** Ink of each pixel, 0…1, with the rectangle that holds all of it in fractions of the sheet. */
function seen(drawing: Drawing) {
  const pixels = picture(drawing.strokes);
  if (!pixels) throw new Error('no ink');
  const { width: side, data } = pixels;
  const at = (x: number, y: number) => 1 - (data[3 * (Math.floor(y * side) * side + Math.floor(x * side))] ?? 0) / 255;
  const dark = Array.from({ length: side * side }, (_, i) => i).filter((i) => (data[3 * i] ?? 0) < 128);
  const columns = dark.map((i) => i % side);
  const rows = dark.map((i) => Math.floor(i / side));
  const span = (values: number[]) => [Math.min(...values) / side, (Math.max(...values) + 1) / side] as const;
  return { at, columns: span(columns), rows: span(rows), share: dark.length / side ** 2 };
}

const across = line(BLANK, [0.2, 0.5], [0.8, 0.5]);

describe('what is drawn', () => {
  test('is dark on white, where it was drawn, as wide as the brush', () => {
    const { at, columns, rows } = seen(across);
    expect(at(0.5, 0.5)).toBe(1);
    expect(at(0.5, 0.4)).toBe(0);
    expect(columns[0]).toBeCloseTo(0.2 - BRUSHES.medium / 2, 2);
    expect(columns[1]).toBeCloseTo(0.8 + BRUSHES.medium / 2, 2);
    expect(rows[1] - rows[0]).toBeCloseTo(BRUSHES.medium, 2);
  });

  test('is for a learner of 28 × 28 what five pixels of 105 are: ink of one to two pixels, black in the middle', () => {
    const pixels = picture(across.strokes);
    const card = { channels: 1, height: 28, width: 28, mean: [0], std: [1], ink: 'dark', resize: null } satisfies LearnerInput;
    const input = pixels ? learnerInput(pixels, card) : new Float32Array();
    const column = Array.from({ length: 28 }, (_, row) => input[row * 28 + 14] ?? 0);
    expect(column.reduce((sum, value) => sum + value, 0)).toBeCloseTo((5 / 105) * 28, 1);
    expect(Math.max(...column)).toBeGreaterThan(0.6);
  });

  test('gets no darker where strokes cross or points lie close', () => {
    const crossed = line(across, [0.5, 0.2], [0.5, 0.8]);
    expect(seen(crossed).at(0.5, 0.5)).toBe(1);
    const trembling = extend(
      across,
      Array.from({ length: 50 }, () => ({ x: 0.8001, y: 0.5 })),
    );
    expect(trembling).toBe(across);
  });

  test('is a dot where the pointer did not move', () => {
    const dot = seen(begin(BLANK, { x: 0.25, y: 0.75 }, 'medium', false));
    expect(dot.at(0.25, 0.75)).toBe(1);
    expect(dot.share).toBeCloseTo((Math.PI / 4) * BRUSHES.medium ** 2, 3);
  });

  test('may run off the sheet', () => {
    expect(seen(line(BLANK, [0.5, 0.5], [2, 0.5])).columns[1]).toBe(1);
    expect(picture(line(BLANK, [1.5, 0.5], [2, 0.5]).strokes)).toBeNull();
  });

  test('curves: the corner of three points is rounded, its ends are kept', () => {
    const bent = extend(line(BLANK, [0.2, 0.8], [0.2, 0.2]), [{ x: 0.8, y: 0.2 }]);
    const { at } = seen(bent);
    expect([at(0.2, 0.79), at(0.79, 0.2)]).toEqual([1, 1]);
    expect(at(0.2, 0.2)).toBe(0);
    expect(pathOf(bent.strokes[0] ?? { points: [], width: 0, erases: false })).toBe(
      'M0.2000 0.8000L0.2000 0.5000Q0.2000 0.2000 0.5000 0.2000L0.8000 0.2000',
    );
  });
});

describe('the eraser', () => {
  test('takes ink away where it passes, and its own marks are no ink', () => {
    const cut = seen(line(across, [0.5, 0.3], [0.5, 0.7], true));
    expect([cut.at(0.5, 0.5), cut.at(0.3, 0.5)]).toEqual([0, 1]);
    expect(picture(line(BLANK, [0, 0.5], [1, 0.5], true).strokes)).toBeNull();
    expect(picture(line(across, [0, 0.5], [1, 0.5], true).strokes)).toBeNull();
  });

  test('has erased after centring what it had before', () => {
    const small = line(line(BLANK, [0.1, 0.1], [0.3, 0.1]), [0.25, 0.1], [0.4, 0.1], true);
    const { at, columns } = seen(centre(small));
    expect(at(0.5, 0.5)).toBe(1);
    expect((columns[0] + columns[1]) / 2).toBeCloseTo(0.5, 1);
  });
});

describe('centring', () => {
  test('brings ink to the middle, its longer side to a character’s, and keeps the brush', () => {
    const { columns, rows } = seen(centre(line(line(BLANK, [0.05, 0.1], [0.25, 0.1]), [0.05, 0.1], [0.05, 0.2])));
    expect((columns[0] + columns[1]) / 2).toBeCloseTo(0.5, 1);
    expect((rows[0] + rows[1]) / 2).toBeCloseTo(0.5, 1);
    expect(columns[1] - columns[0]).toBeGreaterThan(CHARACTER_SIDE - 0.15);
    expect(columns[1] - columns[0]).toBeLessThan(CHARACTER_SIDE + 0.01);
  });

  test('leaves an empty sheet alone, and makes no wall of a dot', () => {
    expect(centre(BLANK)).toBe(BLANK);
    expect(seen(centre(begin(BLANK, { x: 0.1, y: 0.1 }, 'medium', false))).share).toBeLessThan(0.01);
  });
});

describe('undo', () => {
  test('takes back whole strokes, a cleared sheet and a centring, and redo brings them again', () => {
    const two = line(across, [0.5, 0.2], [0.5, 0.8]);
    expect(undo(two).strokes).toEqual(across.strokes);
    expect(undo(undo(two)).strokes).toEqual([]);
    expect(undo(clear(two)).strokes).toEqual(two.strokes);
    expect(undo(centre(two)).strokes).toEqual(two.strokes);
    expect(redo(undo(two)).strokes).toEqual(two.strokes);
  });

  test('ends with the empty sheet, and a new stroke forgets what was taken back', () => {
    expect(undo(BLANK)).toEqual(BLANK);
    expect(clear(BLANK)).toBe(BLANK);
    const other = line(undo(across), [0.1, 0.1], [0.2, 0.2]);
    expect(redo(other)).toEqual(other);
  });
});
