import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { degrees, radians, toDegrees, toRadians } from './angle.ts';
import { daylight, sunPath, sunPosition } from './ephemeris.ts';
import { type Place, sunAt, sunDirection, sunFromDirection } from './sun.ts';

const place = (latitude: number, longitude: number): Place => ({ latitude: degrees(latitude), longitude: degrees(longitude) });
const inDegrees = (where: Place, time: string) => {
  const { azimuth, elevation } = sunPosition(where, new Date(time));
  return { azimuth: toDegrees(azimuth), elevation: toDegrees(elevation) };
};
const GOLDEN = place(39.742476, -105.1786);

describe('sun position', () => {
  it('agrees with the worked example of NREL/TP-560-34302 (Reda & Andreas 2008, table A5.1)', () => {
    const { azimuth, elevation } = inDegrees(GOLDEN, '2003-10-17T19:30:30Z');
    expect(azimuth).toBeCloseTo(194.34024, 2);
    expect(elevation).toBeCloseTo(39.872046, 2);
  });

  it('agrees with Meeus, Astronomical Algorithms (2nd ed.), example 25.b: declination −7.783871° on 1992-10-13 at 0h TD', () => {
    // From the north pole the elevation is the declination less the parallax of 0.0024°; TD ran 59 s ahead of UT.
    expect(inDegrees(place(90, 0), '1992-10-12T23:59:01Z').elevation).toBeCloseTo(-7.783871 - 0.0024, 2);
  });

  it('stands due south at noon north of the tropics and due north south of them', () => {
    for (const [latitude, azimuth] of [
      [47, 180],
      [-34, 0],
    ] as const) {
      const where = place(latitude, 8);
      const { noon } = daylight(where, new Date('2026-03-20T09:00:00Z'));
      expect(Math.cos(toRadians(degrees(inDegrees(where, noon.toISOString()).azimuth - azimuth)))).toBeCloseTo(1, 6);
    }
  });

  it('is east in the morning and west in the evening', () => {
    expect(inDegrees(place(47, 8), '2026-03-20T06:00:00Z').azimuth).toBeCloseTo(91, -1);
    expect(inDegrees(place(47, 8), '2026-03-20T17:00:00Z').azimuth).toBeCloseTo(265, -1);
  });
});

describe('daylight', () => {
  it('agrees with the same example of NREL: on 2003-10-17 (UTC) sunrise 13:12:43, transit 18:46:04, sunset 0:20:19', () => {
    const seconds = (date: Date | null, expected: string) => Math.abs(Number(date) - Date.parse(expected)) / 1000;
    const { sunrise, noon } = daylight(GOLDEN, new Date('2003-10-17T19:30:30Z'));
    expect(seconds(sunrise, '2003-10-17T13:12:43Z')).toBeLessThan(10);
    expect(seconds(noon, '2003-10-17T18:46:04Z')).toBeLessThan(5);
    // The example's sunset falls on the same day in UTC and so belongs to the solar day before.
    const { sunset } = daylight(GOLDEN, new Date('2003-10-16T19:30:30Z'));
    expect(seconds(sunset, '2003-10-17T00:20:19Z')).toBeLessThan(10);
  });

  it('has no sunrise in a polar night and no sunset under a midnight sun', () => {
    const tromso = place(69.65, 18.96);
    expect(daylight(tromso, new Date('2026-12-21T12:00:00Z'))).toMatchObject({ sunrise: null, sunset: null });
    expect(daylight(tromso, new Date('2026-06-21T12:00:00Z'))).toMatchObject({ sunrise: null, sunset: null });
  });

  it('takes the solar day around the time, whatever the longitude', () => {
    fc.assert(
      fc.property(fc.double({ min: -180, max: 180, noNaN: true }), fc.integer({ min: 0, max: 365 * 24 }), (longitude, hours) => {
        const time = new Date(Date.UTC(2026, 0, 1) + hours * 3_600_000);
        const { noon } = daylight(place(40, longitude), time);
        expect(Math.abs(noon.getTime() - time.getTime())).toBeLessThanOrEqual(12.02 * 3_600_000);
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});

describe('sun path', () => {
  it('runs from midnight to midnight, highest at noon', () => {
    const path = sunPath(place(47, 8), new Date('2026-06-21T12:00:00Z'), 10);
    expect(path).toHaveLength(145);
    const highest = Math.max(...path.map(({ elevation }) => elevation));
    expect(path[72]?.elevation).toBeCloseTo(highest, 4);
    expect(toDegrees(radians(highest))).toBeCloseTo(90 - 47 + 23.43, 1);
  });
});

describe('sun direction', () => {
  it('has X east, Y up and −Z north without rotation', () => {
    const direction = (azimuth: number, elevation: number) =>
      sunDirection(sunAt(degrees(azimuth), degrees(elevation)), radians(0)).map((value) => Math.round(value * 1e6) / 1e6 + 0);
    expect(direction(0, 0)).toEqual([0, 0, -1]);
    expect(direction(90, 0)).toEqual([1, 0, 0]);
    expect(direction(180, 0)).toEqual([0, 0, 1]);
    expect(direction(0, 90)).toEqual([0, 1, 0]);
  });

  it('turns with ψ as R_y(ψ) does', () => {
    // R_y(90°) takes X to −Z and Z to X: the sun in the east lies along −Z.
    const [x, y, z] = sunDirection(sunAt(degrees(90), degrees(0)), toRadians(degrees(90)));
    expect([x, y, z].map((value) => Math.round(value * 1e6))).toEqual([0, 0, -1e6]);
  });

  it('is undone by sunFromDirection', () => {
    const angle = (bound: number) => fc.double({ min: -bound, max: bound, noNaN: true });
    fc.assert(
      fc.property(
        angle(720),
        angle(89.9),
        angle(720),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (azimuth, elevation, psi, length) => {
          const sun = sunAt(degrees(azimuth), degrees(elevation));
          const [x, y, z] = sunDirection(sun, toRadians(degrees(psi)));
          const back = sunFromDirection([x * length, y * length, z * length], toRadians(degrees(psi)));
          expect(Math.cos(back.azimuth - sun.azimuth)).toBeCloseTo(1, 9);
          expect(back.elevation).toBeCloseTo(sun.elevation, 6);
          expect(back.azimuth).toBeGreaterThanOrEqual(0);
          expect(back.azimuth).toBeLessThan(2 * Math.PI);
        },
      ),
      { seed: 2, numRuns: 300 },
    );
  });
});
