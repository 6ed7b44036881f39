import { describe, expect, it } from 'vitest';
import type { LearnerInput } from '../fewshot/learner-card.ts';
import { learnerInput, learnerInputs } from './learner-input.ts';
import type { Pixels } from './preprocess.ts';

const drawing: LearnerInput = { channels: 1, height: 2, width: 2, mean: [0], std: [1], ink: 'dark', resize: null };

/** A grey picture, rows of 0 … 255. */
function grey(...rows: readonly (readonly number[])[]): Pixels {
  const data = rows.flat().flatMap((value) => [value, value, value]);
  return { width: rows[0]?.length ?? 0, height: rows.length, channels: 3, data: Uint8Array.from(data) };
}

describe('the input of a learner', () => {
  it('averages over fractions of pixels', () => {
    // Of three pixels each of two outputs covers one and a half.
    const input = learnerInput(grey([0, 0, 255], [0, 0, 255], [0, 0, 255]), drawing);
    const expected = [1, 1 / 3, 1, 1 / 3];
    expected.forEach((value, index) => {
      expect(input[index]).toBeCloseTo(value, 6);
    });
  });

  it('keeps the mean of a picture, whatever its size', () => {
    const rows = Array.from({ length: 105 }, (_, y) => Array.from({ length: 105 }, (_, x) => (x * 7 + y * 13) % 256));
    const input = learnerInput(grey(...rows), { ...drawing, height: 28, width: 28 });
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(input)).toBeCloseTo(1 - mean(rows.flat()) / 255, 6);
  });

  it('puts paper around a drawing of another aspect, and takes a photograph’s centre', () => {
    const wide = grey([0, 100, 100, 0]);
    const ink = learnerInput(wide, { ...drawing, height: 4, width: 4 });
    expect([...ink].map((value) => value > 0)).toEqual([...[0, 0, 0, 0], ...[1, 1, 1, 1], ...new Array(8).fill(0)].map(Boolean));
    const photograph = learnerInput(wide, { ...drawing, height: 1, width: 1, ink: null });
    expect(photograph[0]).toBeCloseTo(100 / 255, 6);
  });

  it('normalises each channel, and lays transparency on white', () => {
    const clear: Pixels = { width: 1, height: 1, channels: 4, data: Uint8Array.of(0, 0, 0, 0) };
    const colours: LearnerInput = {
      channels: 3,
      height: 1,
      width: 1,
      mean: [0, 0.5, 1],
      std: [1, 0.5, 2],
      ink: null,
      resize: null,
    };
    expect([...learnerInput(clear, colours)]).toEqual([1, 1, 0]);
    expect([...learnerInput(clear, { ...drawing, height: 1, width: 1 })]).toEqual([0]);
    expect([...learnerInput(clear, { ...drawing, height: 1, width: 1, ink: 'light' })]).toEqual([1]);
  });

  it('refuses an image without pixels', () => {
    expect(() => learnerInput(grey(), drawing)).toThrow('no pixels');
  });

  it('of several images is theirs one after another', () => {
    const pictures = [grey([0, 255], [255, 0]), grey([0]), grey([10, 20, 30], [40, 50, 60])];
    const single = pictures.flatMap((pixels) => [...learnerInput(pixels, drawing)]);
    expect([...learnerInputs(pictures, drawing)]).toEqual(single);
    expect(learnerInputs([], drawing)).toHaveLength(0);
  });
});
