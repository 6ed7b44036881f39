import { describe, expect, it } from 'vitest';
import { cellColour, colourLimit } from './confusion-colour.ts';

/** WCAG 2.2 relative luminance of “rgb(1, 2, 3)” or “#010203”. */
function luminance(colour: string): number {
  const parts = colour.startsWith('#')
    ? [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
    : (colour.match(/[\d.]+/g) ?? []).map(Number);
  const [r = 0, g = 0, b = 0] = parts.map((part) => {
    const encoded = part / 255;
    return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The two grounds, and lightness 0…1 of the inks upon them, for light and dark pages. */
function sides(share: number): { ground: number; ink: number }[] {
  const { ground, ink } = cellColour(share);
  const grounds = ground.match(/#[0-9a-f]{6}|rgb\([^)]*\)/g) ?? [];
  const inks = [...ink.matchAll(/oklch\(([\d.]+)% 0 0\)/g)].map(([, percent]) => (Number(percent) / 100) ** 3);
  return grounds.map((colour, side) => ({ ground: luminance(colour), ink: inks[side] ?? Number.NaN }));
}

describe('cellColour', () => {
  it('keeps numbers legible at every share, on light and dark pages', () => {
    for (let share = 0; share <= 1; share += 0.02) {
      for (const { ground, ink } of sides(share)) {
        const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
        expect(ratio, `share ${share}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it('goes one way on each page: darker on light ones, lighter on dark ones', () => {
    const steps = Array.from({ length: 21 }, (_, index) => sides(index / 20).map(({ ground }) => ground));
    for (let index = 1; index < steps.length; index += 1) {
      expect(steps[index]?.[0]).toBeLessThan(steps[index - 1]?.[0] ?? 0);
      expect(steps[index]?.[1]).toBeGreaterThan(steps[index - 1]?.[1] ?? 0);
    }
  });
});

it('ends the scale at a round share that is not too small', () => {
  expect([0, 0.03, 0.101, 0.15, 1].map(colourLimit)).toEqual([0.1, 0.1, 0.15, 0.15, 1]);
});
