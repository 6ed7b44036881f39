/**
 * A sun position and its direction in a scene's world (conventions: docs/relight.md).
 *
 * Azimuth a is counted clockwise from north, elevation e up from the horizon. In the local frame east E = cos e · sin a,
 * north N = cos e · cos a, up U = sin e; the direction from the scene to the sun is R_y(ψ)·(E, U, −N). The elevation is the geometric
 * one, without refraction (which stays under 0.15° where the sun is high enough to light a scene), as in the training data.
 */
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
