import { describe, expect, it } from 'vitest';
import { cellAt, describeReading, extremePoint, readAt, stepPoint } from './reading.ts';

const map = { height: 2, width: 3, values: Float32Array.of(0, 1, 2, 3, -4, 5) };
/** 4 × 2 pixels whose red is the pixel's number. */
const picture = {
  width: 4,
  height: 2,
  colorSpace: 'srgb',
  data: Uint8ClampedArray.from({ length: 32 }, (_, i) => (i % 4 === 0 ? i / 4 : 255)),
} as ImageData;

describe('readings', () => {
  it('finds the cell of the map and the pixel of a picture of another size', () => {
    expect(readAt({ y: 0.75, x: 0.5 }, map, picture)).toEqual({
      row: 1,
      column: 1,
      value: -4,
      rgb: [6, 255, 255],
      y: 0.75,
      x: 0.5,
    });
    expect(readAt({ y: 1, x: 1 }, map, null)).toMatchObject({ row: 1, column: 2, value: 5, rgb: null });
    expect(readAt({ y: 0, x: 0 }, null, picture).value).toBeNaN();
  });

  it('moves by whole cells and stops at the edge', () => {
    expect(stepPoint({ y: 0.3, x: 0.3 }, 0, 1, 2, 4)).toEqual({ y: 0.25, x: 0.625 });
    expect(stepPoint({ y: 0.9, x: 0.9 }, 5, 5, 2, 4)).toEqual({ y: 0.75, x: 0.875 });
    expect(cellAt(-0.1, 4)).toBe(0);
  });

  it('finds the strongest positions of either sign', () => {
    expect(extremePoint(map, 1)).toEqual({ y: 0.75, x: 2.5 / 3 });
    expect(extremePoint(map, -1)).toEqual({ y: 0.75, x: 0.5 });
    expect(extremePoint({ height: 1, width: 1, values: Float32Array.of(Number.NaN) }, 1)).toEqual({ y: 0.5, x: 0.5 });
  });

  it('can be spoken', () => {
    expect(describeReading(readAt({ y: 0.75, x: 0.5 }, map, null), 5)).toBe('x 50 %, y 75 %: −4.00');
  });
});
