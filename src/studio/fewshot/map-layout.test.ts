import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitPoints } from './map-layout.ts';

describe('fitPoints', () => {
  it('keeps all points in the box and distances in proportion', () => {
    const coordinate = fc.double({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 20 }), (points) => {
        for (const { x, y } of fitPoints(points, 300, 200, 20)) {
          expect(x).toBeGreaterThanOrEqual(20 - 1e-6);
          expect(x).toBeLessThanOrEqual(280 + 1e-6);
          expect(y).toBeGreaterThanOrEqual(20 - 1e-6);
          expect(y).toBeLessThanOrEqual(180 + 1e-6);
        }
      }),
    );
    const [a, b, c] = fitPoints(
      [
        [0, 0],
        [4, 0],
        [0, 2],
      ],
      500,
      100,
      10,
    );
    expect([(b?.x ?? 0) - (a?.x ?? 0), (c?.y ?? 0) - (a?.y ?? 0)]).toEqual([160, 80]);
  });

  it('puts what is all in one place in the middle', () => {
    expect(
      fitPoints(
        [
          [3, 3],
          [3, 3],
        ],
        100,
        60,
        10,
      ),
    ).toEqual([
      { x: 50, y: 30 },
      { x: 50, y: 30 },
    ]);
  });
});
