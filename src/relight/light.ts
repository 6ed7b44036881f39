/** Light and sky over the sun's elevation. The tables are learned; what happens below their lowest knot is ours (docs/relight.md). */
import { degrees, type Radians, radians, toRadians } from './angle.ts';
import type { LightTable, SkyTable } from './scene.ts';
import type { SunPosition } from './sun.ts';
import { addScaled, type Vec3 } from './vector.ts';

/** The sun's upper limb touches the horizon here: half a degree of disc and refraction. The almanac's sunset. */
const SUNSET = toRadians(degrees(-0.833));
/** End of nautical twilight: what remains is night. */
const NIGHT = toRadians(degrees(-12));
/** Light that stays at night, as a fraction of that at the lowest learned elevation, so that the scene can still be seen. */
const NIGHT_LIGHT = 0.03;

export interface Light {
  readonly ambient: Vec3;
  readonly sun: Vec3;
}

/** Index of the lower knot and the weight of the upper one; constant outside. */
function between(knots: readonly number[], value: number): readonly [index: number, weight: number] {
  if (knots.length < 2) return [0, 0];
  const next = knots.findIndex((knot) => knot > value);
  const upper = next === -1 ? knots.length - 1 : Math.max(1, next);
  const low = knots[upper - 1] ?? 0;
  const high = knots[upper] ?? 1;
  return [upper - 1, Math.min(1, Math.max(0, (value - low) / (high - low)))];
}

function mix(table: readonly Vec3[], [index, weight]: readonly [number, number]): Vec3 {
  const low = table[index] ?? [0, 0, 0];
  const high = table[index + 1] ?? low;
  return addScaled(scaled(low, 1 - weight), high, weight);
}

function scaled([r, g, b]: Vec3, factor: number): Vec3 {
  return [r * factor, g * factor, b * factor];
}

function smoothstep(low: number, high: number, value: number): number {
  const x = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return x * x * (3 - 2 * x);
}

/**
 * How much of the learned light and sky is left: 1 from the lowest learned elevation on, falling until nautical twilight ends.
 * Ours, not learned: the scene was never seen at dusk.
 */
export function twilight(lowest: Radians, elevation: Radians): number {
  return NIGHT_LIGHT + (1 - NIGHT_LIGHT) * smoothstep(NIGHT, Math.max(lowest, SUNSET), elevation);
}

/** How much of the learned direct sunlight is left: 1 from the lowest learned elevation on, nothing after sunset. Ours, not learned. */
export function directLight(lowest: Radians, elevation: Radians): number {
  return lowest <= SUNSET ? Number(elevation > SUNSET) : smoothstep(SUNSET, lowest, elevation);
}

/** The lowest elevation of the sun that was learned. A table of one knot is constant and knows none. */
export function lowestLearned({ elevations: [lowest, next] }: LightTable): Radians {
  return lowest === undefined || next === undefined ? radians(0) : lowest;
}

/** Ambient and direct light at an elevation of the sun, linear RGB. */
export function lightAt(light: LightTable, elevation: Radians): Light {
  const { elevations, ambient, sun } = light;
  const lowest = lowestLearned(light);
  const at = between(elevations, elevation);
  return {
    ambient: scaled(mix(ambient, at), twilight(lowest, elevation)),
    sun: scaled(mix(sun, at), directLight(lowest, elevation)),
  };
}

/** The sky under one elevation of the sun: linear RGB over view sines × sun cosines [m, q, 3], dimmed at dusk like the ambient light. */
export function skyAt({ elevations, colour }: SkyTable, light: LightTable, elevation: Radians): Float32Array {
  const [index, weight] = between(elevations, elevation);
  const [knots = 1] = colour.shape;
  const stride = colour.data.length / knots;
  const dimmed = twilight(lowestLearned(light), elevation);
  const upper = Math.min(index + 1, knots - 1);
  return Float32Array.from({ length: stride }, (_, entry) => {
    const low = colour.data[index * stride + entry] ?? 0;
    const high = colour.data[upper * stride + entry] ?? 0;
    return dimmed * ((1 - weight) * low + weight * high);
  });
}

/**
 * The sun the learned shadow is asked for: not lower than it was ever trained, nor below the horizon.
 * From there to sunset the direct light fades away.
 */
export function shadingSun(light: LightTable, { azimuth, elevation }: SunPosition): SunPosition {
  return { azimuth, elevation: radians(Math.max(elevation, lowestLearned(light), 0)) };
}
