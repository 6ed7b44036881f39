import { describe, expect, it } from 'vitest';
import {
  decimalExponent,
  fittingScale,
  formatCount,
  formatNumber,
  formatReading,
  legendScale,
  powerOfTen,
  tickEnd,
} from './numbers.ts';

describe('numbers', () => {
  it('writes powers of ten', () => {
    expect(powerOfTen(0)).toBe('');
    expect(powerOfTen(-12)).toBe('×10⁻¹²');
    expect(decimalExponent(0.5)).toBe(0);
    expect(decimalExponent(0.00031)).toBe(-4);
    expect(decimalExponent(0.001)).toBe(-3);
    expect(decimalExponent(0)).toBe(0);
  });

  it('rounds to significant digits with a true minus sign', () => {
    expect(formatNumber(0.12345)).toBe('0.123');
    expect(formatNumber(-0.000031)).toBe('−3.1×10⁻⁵');
    expect(formatNumber(0)).toBe('0');
    expect(formatNumber(Number.NaN)).toBe('not a number');
  });

  it('groups the digits of counts as English does', () => {
    for (const count of [0, 7, 999, 1000, 21_841, 100_000, 1_234_567])
      expect(formatCount(count)).toBe(count.toLocaleString('en'));
  });

  it('keeps the decimals of the scale in readings', () => {
    expect(formatReading(0.5, 2)).toBe('+0.50');
    expect(formatReading(-0.000031, 0.0004)).toBe('−0.31×10⁻⁴');
    expect(formatReading(-1e-9, 2)).toBe('0.00');
    expect(formatReading(7, 0.2)).toBe('+7.000');
  });
});

describe('legendScale', () => {
  it('is symmetric with zero in the middle for signed maps', () => {
    const { ticks, power } = legendScale('signed', 0.00025);
    expect(power).toBe('×10⁻⁴');
    expect(ticks.map(({ text }) => text)).toEqual(['−2', '−1', '0', '1', '2']);
    expect(ticks.find(({ value }) => value === 0)?.at).toBe(0.5);
    expect(ticks[0]?.at).toBeCloseTo((2.5 - 2) / 5, 12);
  });

  it('starts at zero otherwise', () => {
    const { ticks } = legendScale('magnitude', 10);
    expect(ticks[0]).toMatchObject({ value: 0, at: 0 });
    expect(ticks.at(-1)).toMatchObject({ value: 10, at: 1 });
  });
});

describe('ticks that fit', () => {
  it.each([0.016, 1.2e-5, 123.4, 1, 0.0999, 9999])('never touch, with zero among them, for limit %s', (limit) => {
    for (const mode of ['signed', 'positive'] as const) {
      for (let bar = 120; bar <= 420; bar += 10) {
        const widthOf = (text: string) => 8 * text.length;
        const { ticks } = fittingScale(mode, limit, bar, widthOf);
        expect(ticks.map(({ value }) => value)).toContain(0);
        const spans = ticks.map(({ at, text }) => {
          const width = widthOf(text);
          const side = tickEnd(at, width, bar);
          const left = at * bar - (side === 'start' ? 0 : side === 'end' ? width : width / 2);
          return [left, left + width] as const;
        });
        for (const [i, [left]] of spans.slice(1).entries()) expect(left).toBeGreaterThan(spans[i]?.[1] ?? Infinity);
        for (const [left, right] of spans) {
          expect(left).toBeGreaterThanOrEqual(0);
          expect(right).toBeLessThanOrEqual(bar);
        }
      }
    }
  });
});
