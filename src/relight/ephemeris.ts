/**
 * Where the sun stands at a place and time: Astronomy Engine's ephemeris (truncated VSOP87, tested by its author to within one
 * arcminute of JPL's). A file of its own, because the page loads it only where a scene is relit.
 */
import { Body, Equator, Horizon, Observer, SearchHourAngle, SearchRiseSet } from 'astronomy-engine';
import { fullTurn, radians } from './angle.ts';
import type { Place, SunPosition } from './sun.ts';

export interface SunMoment extends SunPosition {
  readonly time: Date;
}

/** The solar day around a noon. Where the sun does not rise or set on that day, the time is null. */
export interface Daylight {
  readonly noon: Date;
  readonly sunrise: Date | null;
  readonly sunset: Date | null;
}

const MINUTE = 60_000;
const DAY_MINUTES = 1440;
const HALF_DAY = (DAY_MINUTES / 2) * MINUTE;

/** Where the sun stands at a place and time, seen from sea level, without refraction. */
export function sunPosition(place: Place, time: Date): SunPosition {
  const observer = observerAt(place);
  const { ra, dec } = Equator(Body.Sun, time, observer, true, true);
  const { azimuth, altitude } = Horizon(time, observer, ra, dec);
  return { azimuth: fullTurn(radians((azimuth * Math.PI) / 180)), elevation: radians((altitude * Math.PI) / 180) };
}

/**
 * Noon, sunrise and sunset of the solar day (midnight to midnight by the sun) that contains a time.
 * Sunrise and sunset are the almanac's: the upper limb on the horizon, with standard refraction (34′).
 */
export function daylight(place: Place, time: Date): Daylight {
  const observer = observerAt(place);
  const noon = SearchHourAngle(Body.Sun, observer, 0, new Date(time.getTime() - HALF_DAY)).time.date;
  const midnight = new Date(noon.getTime() - HALF_DAY);
  return {
    noon,
    sunrise: SearchRiseSet(Body.Sun, observer, 1, midnight, 0.5)?.date ?? null,
    sunset: SearchRiseSet(Body.Sun, observer, -1, noon, 0.5)?.date ?? null,
  };
}

/** The sun's positions over the solar day that contains a time, from midnight to midnight, ends included. */
export function sunPath(place: Place, time: Date, stepMinutes = 10): readonly SunMoment[] {
  const { noon } = daylight(place, time);
  const count = Math.round(DAY_MINUTES / stepMinutes);
  return Array.from({ length: count + 1 }, (_, index) => {
    const moment = new Date(noon.getTime() - HALF_DAY + index * stepMinutes * MINUTE);
    return { time: moment, ...sunPosition(place, moment) };
  });
}

function observerAt({ latitude, longitude }: Place): Observer {
  return new Observer(latitude, longitude, 0);
}
