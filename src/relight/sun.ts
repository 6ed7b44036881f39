/**
 * Where the sun stands, and where that is in a scene's world (conventions: docs/relight.md).
 *
 * Azimuth a is counted clockwise from north, elevation e up from the horizon. In the local frame east E = cos e · sin a,
 * north N = cos e · cos a, up U = sin e; the direction from the scene to the sun is R_y(ψ)·(E, U, −N). The elevation is the geometric
 * one, without refraction (which stays under 0.15° where the sun is high enough to light a scene), as in the training data.
 *
 * The ephemeris is Astronomy Engine's (truncated VSOP87, tested by its author to within one arcminute of JPL's).
 */
import { Body, Equator, Horizon, Observer, SearchHourAngle, SearchRiseSet } from 'astronomy-engine';
import { type Degrees, fullTurn, type Radians, radians, toRadians } from './angle.ts';
import { normalise, type Vec3 } from './vector.ts';

/** North and east positive. */
export interface Place {
  readonly latitude: Degrees;
  readonly longitude: Degrees;
}

export interface SunPosition {
  /** Clockwise from north, in [0, 2π). */
  readonly azimuth: Radians;
  readonly elevation: Radians;
}

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

/**
 * The unit vector from the scene to the sun.
 *
 * @param psi the scene's north angle ψ: how far the compass is turned about Y into the world
 */
export function sunDirection({ azimuth, elevation }: SunPosition, psi: Radians): Vec3 {
  const east = Math.cos(elevation) * Math.sin(azimuth);
  const south = -Math.cos(elevation) * Math.cos(azimuth);
  const [cos, sin] = [Math.cos(psi), Math.sin(psi)];
  return [cos * east + sin * south, Math.sin(elevation), cos * south - sin * east];
}

/** The inverse of `sunDirection`: the compass reading of a world direction of any length. */
export function sunFromDirection(direction: Vec3, psi: Radians): SunPosition {
  const [x, y, z] = normalise(direction);
  const [cos, sin] = [Math.cos(psi), Math.sin(psi)];
  const east = cos * x - sin * z;
  const south = sin * x + cos * z;
  return {
    azimuth: fullTurn(radians(Math.atan2(east, -south))),
    elevation: radians(Math.asin(Math.min(1, Math.max(-1, y)))),
  };
}

/** A sun position given in degrees, as files and the interface do. */
export function sunAt(azimuth: Degrees, elevation: Degrees): SunPosition {
  return { azimuth: fullTurn(toRadians(azimuth)), elevation: toRadians(elevation) };
}

function observerAt({ latitude, longitude }: Place): Observer {
  return new Observer(latitude, longitude, 0);
}
