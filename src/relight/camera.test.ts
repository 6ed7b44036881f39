import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { degrees, toRadians } from './angle.ts';
import { lookAt, pixelDirection, projectDirection, shifted } from './camera.ts';

const FIELD = toRadians(degrees(60));

describe('cameras', () => {
  it('look at their target through the middle of the picture', () => {
    const camera = lookAt([1, 2, 3], [5, 2, 3], FIELD);
    const [x, y, z] = pixelDirection(camera, 80, 45, 160, 90);
    expect([x, y, z].map((value) => Math.round(value * 1e9) / 1e9 + 0)).toEqual([1, 0, 0]);
  });

  it('see upwards in upper rows and to the right in right columns', () => {
    const camera = lookAt([0, 0, 0], [0, 0, -1], FIELD);
    expect(pixelDirection(camera, 80, 0, 160, 90)[1]).toBeCloseTo(Math.sin(FIELD / 2), 9);
    expect(pixelDirection(camera, 160, 45, 160, 90)[0]).toBeGreaterThan(0.5);
  });

  it('project what they see back onto the same point, and nothing that lies behind', () => {
    const coordinate = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(
        fc.tuple(coordinate, coordinate, coordinate),
        fc.double({ min: 0, max: 320, noNaN: true }),
        fc.double({ min: 0, max: 180, noNaN: true }),
        (eye, x, y) => {
          const camera = lookAt(eye, [eye[0] + 1, eye[1] + 0.2, eye[2] - 2], FIELD);
          const [dx, dy, dz] = pixelDirection(camera, x, y, 320, 180);
          const [px, py] = projectDirection(camera, [dx, dy, dz], 320, 180) ?? [Number.NaN, Number.NaN];
          expect(px).toBeCloseTo(x, 6);
          expect(py).toBeCloseTo(y, 6);
          expect(projectDirection(camera, [-dx, -dy, -dz], 320, 180)).toBeNull();
        },
      ),
      { seed: 3, numRuns: 200 },
    );
  });

  it('keep the vertical field of view on any shape of picture', () => {
    const camera = lookAt([0, 0, 0], [0, 0, -1], FIELD);
    const wide = pixelDirection(camera, 200, 0, 400, 100);
    const tall = pixelDirection(camera, 50, 0, 100, 300);
    expect(wide[1]).toBeCloseTo(tall[1], 9);
  });

  it('shifted by fractions of a pixel look through another point of it', () => {
    const camera = { ...lookAt([1, 2, 3], [0, 1, -4], FIELD), cx: 0.6 };
    const there = pixelDirection(shifted(camera, 0.25, -0.125, 90), 40.5, 7.5, 160, 90);
    const expected = pixelDirection(camera, 40.75, 7.375, 160, 90);
    for (const axis of [0, 1, 2]) expect(there[axis]).toBeCloseTo(expected[axis] ?? Number.NaN, 12);
  });

  it('stand upright and look straight down all the same', () => {
    const [x, y, z] = pixelDirection(lookAt([0, 9, 0], [0, 0, 0], FIELD), 50, 50, 100, 100);
    expect([x, y, z].every(Number.isFinite)).toBe(true);
    expect(y).toBeCloseTo(-1, 9);
  });
});
