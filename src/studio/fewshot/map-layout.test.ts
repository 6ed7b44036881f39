import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, cutName, fitPoints, overlap, placeNames } from './map-layout.ts';

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

describe('placeNames', () => {
  const FIELD = { width: 300, height: 240 };
  const REACH = 9;
  const sizes = (count: number, width = 90) => Array.from({ length: count }, () => ({ width, height: 16 }));
  const pairs = (boxes: readonly Box[]) => boxes.flatMap((box, i) => boxes.slice(i + 1).map((other) => overlap(box, other)));

  it('writes to the right where there is room, to the left at the edge, above and below where both are taken', () => {
    const [right] = placeNames([{ x: 100, y: 100 }], sizes(1), FIELD, REACH);
    expect(right).toMatchObject({ x: 109, y: 92 });
    const [left] = placeNames([{ x: 290, y: 100 }], sizes(1), FIELD, REACH);
    expect(left).toMatchObject({ x: 191, y: 92 });
    const row = [100, 150, 200].map((x) => ({ x, y: 100 }));
    const placed = placeNames(row, sizes(3, 60), FIELD, REACH);
    expect(placed.map(({ y }) => y)).toEqual([92, 75, 92]);
  });

  it('never lets names cover each other or leave the field, however the marks lie', () => {
    const spot = fc.record({ x: fc.double({ min: 0, max: 300, noNaN: true }), y: fc.double({ min: 0, max: 240, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(spot, { minLength: 2, maxLength: 7 }), (marks) => {
        const boxes = placeNames(marks, sizes(marks.length), FIELD, REACH);
        expect(Math.max(...pairs(boxes))).toBe(0);
        for (const { x, y } of boxes) {
          expect([x >= 0, x <= 210, y >= 0, y <= 224]).toEqual([true, true, true, true]);
        }
      }),
    );
  });

  it('spreads the names of marks that lie in one place', () => {
    const marks = Array.from({ length: 12 }, () => ({ x: 150, y: 120 }));
    const boxes = placeNames(marks, sizes(12), FIELD, REACH);
    expect(Math.max(...pairs(boxes))).toBe(0);
    expect(boxes.every((box) => overlap(box, { x: 141, y: 111, width: 18, height: 18 }) === 0)).toBe(true);
  });
});

it('cuts names that are too long at their beginning', () => {
  const widthOf = (text: string) => 10 * text.length;
  expect(cutName('Thai/ko', 70, widthOf)).toBe('Thai/ko');
  expect(cutName('folder/animals/cats', 60, widthOf)).toBe('…/cats');
});
