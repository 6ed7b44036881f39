import { describe, expect, it } from 'vitest';
import type { MapData } from '../../runtime/protocol.ts';
import { colourOf } from './colormap.ts';
import { colourise, mapContours, resample } from './map-canvas.ts';
import { DEFAULT_LOOK } from './types.ts';

const solid = { ...DEFAULT_LOOK, ground: 'solid', opacity: 1 } as const;

/** Shoelace formula; positive whatever the orientation. */
function area(ring: readonly (readonly [number, number])[]): number {
  let twice = 0;
  for (let i = 1; i < ring.length; i++) {
    const [x0, y0] = ring[i - 1] ?? [0, 0];
    const [x1, y1] = ring[i] ?? [0, 0];
    twice += x0 * y1 - x1 * y0;
  }
  return Math.abs(twice) / 2;
}

function cone(size: number, sign: number): MapData {
  const middle = size / 2;
  const values = Float32Array.from({ length: size * size }, (_, i) => {
    const y = Math.floor(i / size) + 0.5 - middle;
    const x = (i % size) + 0.5 - middle;
    return sign * (1 - Math.hypot(x, y) / middle);
  });
  return { height: size, width: size, values };
}

describe('resample', () => {
  it('keeps a map at its own size', () => {
    const values = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
    expect([...resample({ height: 3, width: 4, values }, 3, 4)]).toEqual([...values]);
  });

  it('gives the closed form of half-pixel bilinear interpolation', () => {
    // 0 and 4 at the centres 0.5 and 1.5; four samples at 0.25, 0.75, 1.25 and 1.75.
    expect([...resample({ height: 1, width: 2, values: Float32Array.of(0, 4) }, 1, 4)]).toEqual([0, 1, 3, 4]);
  });

  it('reproduces a plane away from the edges', () => {
    const plane = (y: number, x: number) => 2 * y - 3 * x + 1;
    const values = Float32Array.from({ length: 25 }, (_, i) => plane(Math.floor(i / 5) + 0.5, (i % 5) + 0.5));
    const out = resample({ height: 5, width: 5, values }, 20, 20);
    for (let y = 2; y < 18; y++) {
      for (let x = 2; x < 18; x++) expect(out[y * 20 + x]).toBeCloseTo(plane((y + 0.5) / 4, (x + 0.5) / 4), 4);
    }
  });
});

describe('threshold and opacity', () => {
  const alphas = (values: number[], look = DEFAULT_LOOK) =>
    [...colourise(Float32Array.from(values), 2, look)].filter((_, i) => i % 4 === 3);

  it('hides exactly what is below the fraction of the limit', () => {
    expect(alphas([0, 0.49, 0.5, -0.49, -0.5, 9], { ...solid, threshold: 0.25 })).toEqual([0, 0, 255, 0, 255, 255]);
  });

  it('shows the signs the mode is about', () => {
    expect(alphas([-1, 1, Number.NaN], { ...DEFAULT_LOOK, opacity: 1, mode: 'positive' })).toEqual([0, 213, 0]);
    expect(alphas([-1, 1, Number.NaN], { ...solid, mode: 'positive' })).toEqual([255, 255, 0]);
    expect(alphas([-1, 1, Number.NaN], { ...solid, mode: 'positive', threshold: 0.1 })).toEqual([0, 255, 0]);
    expect(alphas([-1, 1, Number.NaN], { ...solid, mode: 'magnitude', threshold: 0.5 })).toEqual([255, 255, 0]);
  });

  it('takes the same entries of the table as single colours do', () => {
    const values = Float32Array.from({ length: 999 }, (_, i) => (i - 499) / 200);
    for (const mode of ['signed', 'positive', 'magnitude'] as const) {
      const pixels = colourise(values, 2, { ...solid, mode });
      values.forEach((value, i) => {
        if (mode !== 'positive' || value >= 0)
          expect([...pixels.subarray(4 * i, 4 * i + 3)]).toEqual([...colourOf(value, 2, mode)]);
      });
    }
  });

  it('is transparent at zero on clear ground and has the same weight for both signs', () => {
    const [zero, weak, weakAgainst, strong, strongAgainst] = alphas([0, 0.4, -0.4, 2, -2]);
    expect(zero).toBe(0);
    expect(weak).toBe(weakAgainst);
    expect(weak).toBeGreaterThan(0);
    expect(strong).toBe(strongAgainst);
    expect(strong).toBe(Math.round(255 * DEFAULT_LOOK.opacity));
  });

  it('writes red, green and blue in this order', () => {
    const [r, , b] = colourise(Float32Array.of(2), 2, solid);
    expect(r).toBeGreaterThan((b ?? 0) + 100);
  });
});

describe('contours', () => {
  it('of a cone are circles of the right area', () => {
    const [half] = mapContours(cone(64, 1), 1, [0.5], 'positive');
    expect(half?.rings).toHaveLength(1);
    // The cone is 0.5 at radius 16.
    expect(area(half?.rings[0] ?? [])).toBeCloseTo(Math.PI * 16 ** 2, -1);
    for (const [x, y] of half?.rings[0] ?? []) expect(Math.hypot(x - 32, y - 32)).toBeCloseTo(16, 1);
  });

  it('of a fine noisy map keep to its broad shape', () => {
    const smooth = cone(128, 1);
    let state = 1;
    const noise = () => {
      state = (state * 1664525 + 1013904223) % 2 ** 32;
      return state / 2 ** 32 - 0.5;
    };
    const noisy = { ...smooth, values: smooth.values.map((value) => value + 0.3 * noise()) };
    const [half] = mapContours(noisy, 1, [0.5], 'positive');
    const areas = (half?.rings ?? []).map(area).sort((a, b) => b - a);
    expect(areas[0]).toBeGreaterThan(0.9 * Math.PI * 32 ** 2);
    expect(areas[0]).toBeLessThan(1.1 * Math.PI * 32 ** 2);
  });

  it('are levels of the limit, on both sides of a signed map', () => {
    const lines = mapContours(cone(32, -1), 0.5, [0.5], 'signed');
    expect(lines.map(({ level }) => level)).toEqual([0.25, -0.25]);
    expect(lines[0]?.rings).toHaveLength(4); // the corners beyond the cone's foot are positive
    expect(area(lines[1]?.rings[0] ?? [])).toBeCloseTo(Math.PI * 12 ** 2, -1);
    expect(mapContours(cone(32, -1), 0.5, [0.5], 'magnitude')).toHaveLength(1);
    expect(mapContours(cone(32, 1), 1, [], 'signed')).toEqual([]);
  });
});
