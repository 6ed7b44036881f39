import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrange } from './arrange.ts';

test('three methods of two classes on a wide stage: classes are rows', () => {
  const { turned, cell } = arrange({ width: 816, height: 500 }, 3, 2, 1);
  expect(turned).toBe(true);
  expect(cell).toBeGreaterThan(190);
});

test('three methods of two classes on a tall stage: methods are rows', () => {
  expect(arrange({ width: 400, height: 900 }, 3, 2, 1).turned).toBe(false);
});

test('maps are never below 140 px on their shorter side and never wider than the grid while they can help it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 300, max: 2000 }),
      fc.oneof(fc.integer({ min: 100, max: 1500 }), fc.constant(Infinity)),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 5 }),
      fc.double({ min: 0.5, max: 2, noNaN: true }),
      (width, height, methods, classes, ratio) => {
        const { turned, cell, names } = arrange({ width, height }, methods, classes, ratio);
        expect(Math.min(cell, cell / ratio)).toBeGreaterThanOrEqual(139);
        const columns = turned ? methods : classes;
        if (cell > 140 * Math.max(1, ratio)) expect(names + columns * (cell + 10)).toBeLessThanOrEqual(width);
      },
    ),
    { seed: 7 },
  );
});
