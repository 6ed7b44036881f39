import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pan, reveal, toPicture, WHOLE, zoomAt } from './zoom.ts';

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const factor = fc.double({ min: 0.2, max: 5, noNaN: true });

describe('zoom', () => {
  it('keeps the point under the pointer in place while there is room', () => {
    const point = { y: 0.4, x: 0.7 };
    const zoomed = zoomAt(WHOLE, 4, point);
    expect(zoomed.side).toBe(0.25);
    // The whole shows the point at its own fractions; so must the part.
    expect(toPicture(zoomed, point).y).toBeCloseTo(0.4, 12);
    expect(toPicture(zoomed, point).x).toBeCloseTo(0.7, 12);
  });

  it('never leaves the picture', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(factor, fraction, fraction, fraction), { maxLength: 12 }), (steps) => {
        let crop = WHOLE;
        for (const [by, y, x, shift] of steps) {
          crop = pan(zoomAt(crop, by, { y, x }), shift - 0.5, 0.5 - shift);
          expect(crop.side).toBeGreaterThanOrEqual(1 / 32);
          expect(crop.side).toBeLessThanOrEqual(1);
          for (const start of [crop.y, crop.x]) {
            expect(start).toBeGreaterThanOrEqual(0);
            expect(start + crop.side).toBeLessThanOrEqual(1 + 1e-12);
          }
        }
      }),
      { seed: 20261122 },
    );
  });

  it('moves only as far as shows a point', () => {
    const crop = { y: 0.5, x: 0.5, side: 0.25 };
    expect(reveal(crop, { y: 0.6, x: 0.6 })).toEqual(crop);
    expect(reveal(crop, { y: 0.25, x: 0.875 })).toEqual({ y: 0.25, x: 0.625, side: 0.25 });
  });
});
