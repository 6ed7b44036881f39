import { describe, expect, test } from 'vitest';
import { type Degrees, degrees } from '../../relight/angle.ts';
import { clockAt, formatMinute, instantOf, parseMinute } from './clock.ts';

describe('local mean time', () => {
  // Paris ran on it until 1911: 9 min 21 s ahead of Greenwich, the observatory's meridian being 2° 20′ 14″ east.
  test('is Greenwich’s plus four minutes a degree', () => {
    const paris = degrees(2 + 20 / 60 + 14 / 3600);
    const noon = instantOf('1910-01-01', 720, paris);
    expect(Math.abs(noon.getTime() - Date.parse('1910-01-01T11:50:39Z'))).toBeLessThan(1000);
  });

  test('comes back from the instant, over midnight too', () => {
    const cases: [string, number, Degrees][] = [
      ['2026-06-21', 5, degrees(126.98)],
      ['2026-01-01', 1439, degrees(-120)],
      ['2024-02-29', 720, degrees(0)],
    ];
    for (const [date, minute, longitude] of cases) {
      const shown = clockAt(instantOf(date, minute, longitude), longitude);
      expect(shown.date).toBe(date);
      expect(shown.minute).toBeCloseTo(minute, 3);
    }
  });

  test('is written and read as hours and minutes', () => {
    expect(formatMinute(545.2)).toBe('09:05');
    expect(formatMinute(1440)).toBe('24:00');
    expect(parseMinute(' 9:05 ')).toBe(545);
    for (const wrong of ['24:00', '12:60', 'noon', '', '12']) expect(parseMinute(wrong)).toBeNull();
  });
});
