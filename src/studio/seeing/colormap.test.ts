import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  colourOf,
  cssGradient,
  LUT_SIZE,
  lut,
  lutEntry,
  maximumMagnitude,
  oklch,
  type Rgb,
  relativeDensity,
  resolveLimit,
  SEQUENTIAL_ZERO,
  SIGNED_ZERO,
  symmetricLimit,
} from './colormap.ts';

function decode(encoded: number): number {
  return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
}

/** OKLab lightness, 0…1, of an 8-bit sRGB colour. */
function okLightness([red, green, blue]: Rgb): number {
  const r = decode(red / 255);
  const g = decode(green / 255);
  const b = decode(blue / 255);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
}

const seed = { seed: 20261122 };

describe('OKLCH', () => {
  it('agrees with published colours', () => {
    // Ottosson's reference values and CSS Color 4's examples: red, blue, white, mid grey.
    expect(oklch(0.62796, 0.25768, 29.234)).toEqual([255, 0, 0]);
    expect(oklch(0.45201, 0.31321, 264.052)).toEqual([0, 0, 255]);
    expect(oklch(1, 0, 0)).toEqual([255, 255, 255]);
    expect(okLightness([255, 0, 0])).toBeCloseTo(0.62796, 4);
    expect(okLightness([128, 128, 128])).toBeCloseTo(0.59987, 4);
  });
});

describe('diverging scale', () => {
  const table = lut('signed');

  it('has 256 entries and is white at zero', () => {
    expect(table).toHaveLength(LUT_SIZE);
    expect(table[SIGNED_ZERO]).toEqual([255, 255, 255]);
    expect(colourOf(0, 3, 'signed')).toEqual([255, 255, 255]);
  });

  it('falls in lightness strictly and equally on both sides', () => {
    const lightness = table.map(okLightness);
    for (let step = 1; step < SIGNED_ZERO; step++) {
      const up = lightness[SIGNED_ZERO + step] ?? 0;
      const down = lightness[SIGNED_ZERO - step] ?? 0;
      // 8-bit rounding moves lightness by up to about 0.002.
      expect(Math.abs(up - down)).toBeLessThan(0.006);
      expect(up).toBeLessThan((lightness[SIGNED_ZERO + step - 1] ?? 0) + 1e-9);
      expect(down).toBeLessThan((lightness[SIGNED_ZERO - step + 1] ?? 0) + 1e-9);
    }
  });

  it('is red for and blue against', () => {
    const [r, , b] = colourOf(1, 1, 'signed');
    const [r2, , b2] = colourOf(-1, 1, 'signed');
    expect(r).toBeGreaterThan(b + 100);
    expect(b2).toBeGreaterThan(r2 + 100);
  });
});

describe('sequential scales', () => {
  it('are uniform: lightness is monotone, rising for magnitudes and falling for the positive part', () => {
    const magnitude = lut('magnitude').slice(SEQUENTIAL_ZERO).map(okLightness);
    const positive = lut('positive').slice(SEQUENTIAL_ZERO).map(okLightness);
    for (let i = 1; i < magnitude.length; i++) {
      expect(magnitude[i]).toBeGreaterThanOrEqual((magnitude[i - 1] ?? 0) - 0.004);
      expect(positive[i]).toBeLessThanOrEqual((positive[i - 1] ?? 0) + 0.003);
    }
    expect(magnitude.at(-1)).toBeGreaterThan(0.95);
  });
});

describe('lutEntry', () => {
  it('is odd around zero, saturates, and keeps entry 0 for what is no number', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), fc.float({ min: Math.fround(1e-3), max: 1e3, noNaN: true }), (value, limit) => {
        const entry = lutEntry(value, limit, 'signed');
        expect(entry).toBeGreaterThanOrEqual(1);
        expect(entry).toBeLessThanOrEqual(255);
        expect(Math.abs(entry + lutEntry(-value, limit, 'signed') - 2 * SIGNED_ZERO)).toBeLessThanOrEqual(1);
        if (value >= limit) expect(entry).toBe(255);
        if (value <= -limit) expect(entry).toBe(1);
      }),
      seed,
    );
    expect(lutEntry(Number.NaN, 1, 'signed')).toBe(0);
    expect(lutEntry(5, 0, 'signed')).toBe(SIGNED_ZERO);
    expect(lutEntry(-5, 5, 'magnitude')).toBe(255);
    expect(lutEntry(-5, 5, 'positive')).toBe(SEQUENTIAL_ZERO);
  });
});

describe('limits', () => {
  it('agrees with a closed form on a ramp', () => {
    // |r| of −1000 … 1000 in steps of 1 has its p-percentile at 10 p, but for the doubled values: sorted sizes are 0,1,1,2,2,…
    const values = Float32Array.from({ length: 2001 }, (_, i) => i - 1000);
    expect(symmetricLimit(values, 100)).toBe(1000);
    expect(symmetricLimit(values, 50)).toBe(500);
    expect(symmetricLimit(values, 99.5)).toBe(995);
  });

  it('interpolates between order statistics like numpy', () => {
    // numpy.percentile([1, 2, 3, 4], 40) = 2.2
    expect(symmetricLimit(Float32Array.of(-4, 1, -2, 3), 40)).toBeCloseTo(2.2, 6);
  });

  it('agrees with sorting on random maps', () => {
    const value = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), fc.integer({ min: 1, max: 100 }), (list, percentile) => {
        const sorted = list.map(Math.abs).sort((a, b) => a - b);
        const at = ((sorted.length - 1) * percentile) / 100;
        const low = sorted[Math.floor(at)] ?? 0;
        const high = sorted[Math.ceil(at)] ?? 0;
        const expected = low + (at - Math.floor(at)) * (high - low) || Math.max(...sorted);
        expect(symmetricLimit(Float32Array.from(list), percentile)).toBeCloseTo(expected, 6);
      }),
      seed,
    );
  });

  it('leaves the map alone, passes over what is no number, and never hides a sparse map', () => {
    const values = Float32Array.of(3, -1, Number.NaN, Infinity, 2);
    expect(symmetricLimit(values, 100)).toBe(3);
    expect([...values]).toEqual([3, -1, Number.NaN, Infinity, 2]);
    expect(maximumMagnitude(values)).toBe(3);
    const sparse = new Float32Array(10_000);
    sparse[17] = -4;
    expect(symmetricLimit(sparse)).toBe(4);
    expect(symmetricLimit(new Float32Array(5))).toBe(0);
  });

  it('pools the values of several maps', () => {
    const one = { height: 1, width: 2, values: Float32Array.of(1, 2) };
    const two = { height: 1, width: 2, values: Float32Array.of(-8, 4) };
    expect(resolveLimit([one, two], { kind: 'percentile', percentile: 100 })).toBe(8);
    expect(resolveLimit([one, two], { kind: 'percentile', percentile: 50 })).toBe(3);
    expect(resolveLimit([one], { kind: 'fixed', limit: 0.25 })).toBe(0.25);
    expect(resolveLimit([], { kind: 'percentile', percentile: 99 })).toBe(1);
  });
});

describe('relativeDensity', () => {
  it('makes the mean |r| one and keeps signs', () => {
    const map = relativeDensity({ height: 1, width: 4, values: Float32Array.of(1, -2, 1, 0) });
    expect([...map.values]).toEqual([1, -2, 1, 0]);
    const zero = { height: 1, width: 2, values: new Float32Array(2) };
    expect(relativeDensity(zero)).toBe(zero);
  });

  it('does not depend on unit or number of positions', () => {
    const coarse = relativeDensity({ height: 1, width: 2, values: Float32Array.of(3, -1) });
    const fine = relativeDensity({ height: 1, width: 4, values: Float32Array.of(0.3, 0.3, -0.1, -0.1) });
    expect([...coarse.values]).toEqual([1.5, -0.5]);
    [1.5, 1.5, -0.5, -0.5].forEach((value, i) => {
      expect(fine.values[i]).toBeCloseTo(value, 6);
    });
  });
});

describe('cssGradient', () => {
  it('has white exactly at its middle', () => {
    const stops = cssGradient('signed', 3).match(/rgb\([^)]*\)/g);
    expect(stops?.[1]).toBe('rgb(255 255 255)');
  });
});
