/** What the settings ask to see of a scene. Pure. */
import { degrees, radians, toDegrees } from '../../relight/angle.ts';
import { type Camera, lookAt } from '../../relight/camera.ts';
import type { Look } from '../../relight/renderer.ts';
import type { Scene, SceneCamera } from '../../relight/scene.ts';
import { type Place, type SunPosition, sunAt, sunPosition } from '../../relight/sun.ts';
import type { Vec3 } from '../../relight/vector.ts';
import type { Settings } from '../state.ts';
import { instantOf } from './clock.ts';
import { type Limits, type Pose, poseOf } from './navigation.ts';

/** Vertical field of view where the reader moves freely: about what a telephone's camera sees. */
const FIELD_OF_VIEW = radians((55 * Math.PI) / 180);

type At = Pick<Settings, 'date' | 'minute' | 'freeSun' | 'latitude' | 'longitude'>;

export function placeOf({ latitude, longitude }: Pick<Settings, 'latitude' | 'longitude'>, scene: Scene): Place {
  return {
    latitude: latitude === null ? scene.place.latitude : degrees(latitude),
    longitude: longitude === null ? scene.place.longitude : degrees(longitude),
  };
}

/** The instant the clock shows at the place. */
export function timeOf(settings: At, scene: Scene): Date {
  return instantOf(settings.date, settings.minute, placeOf(settings, scene).longitude);
}

/** Where the sun stands: where it was dragged to, or where date, time and place put it. */
export function sunOf(settings: At, scene: Scene): SunPosition {
  const { freeSun } = settings;
  if (freeSun) return sunAt(degrees(freeSun[0]), degrees(freeSun[1]));
  return sunPosition(placeOf(settings, scene), timeOf(settings, scene));
}

/** The setting that puts the sun there. */
export function freeSunAt({ azimuth, elevation }: SunPosition): readonly [number, number] {
  const tenth = (value: number) => Math.round(value * 10) / 10;
  return [tenth(toDegrees(azimuth)) % 360, tenth(toDegrees(elevation))];
}

/** Worlds have their ground at height 0 unless their box leaves it out. */
export function limitsOf({ box }: Scene): Limits {
  const [low, high] = box;
  return { box, ground: low[1] <= 0 && high[1] > 0 ? 0 : low[1] };
}

/** The camera of the dataset that the reader has chosen and not moved away from; the first one in the beginning. */
export function viewpointOf({ viewpoint, eye }: Pick<Settings, 'viewpoint' | 'eye'>, scene: Scene): SceneCamera | null {
  const named = viewpoint === null ? undefined : scene.cameras.find(({ id }) => id === viewpoint);
  if (named) return named;
  return eye === null ? (scene.cameras[0] ?? null) : null;
}

export function poseIn(settings: Pick<Settings, 'viewpoint' | 'eye' | 'target'>, scene: Scene): Pose {
  const limits = limitsOf(scene);
  const camera = viewpointOf(settings, scene);
  if (camera) return poseOf(camera.cameraToWorld, limits);
  const [low, high] = scene.box;
  const middle: Vec3 = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2];
  return { eye: settings.eye ?? high, target: settings.target ?? middle };
}

export function cameraIn(settings: Pick<Settings, 'viewpoint' | 'eye' | 'target'>, scene: Scene): Camera {
  const camera = viewpointOf(settings, scene);
  if (camera) return camera;
  const { eye, target } = poseIn(settings, scene);
  return lookAt(eye, target, FIELD_OF_VIEW);
}

/** The two halves of the picture; the right one is null where the whole picture is one. */
export function looksOf(settings: Settings, scene: Scene): { readonly left: Look; readonly right: Look | null } {
  const sun = sunOf(settings, scene);
  const left: Look = { layer: settings.show, sun };
  if (settings.split === 'layer') return { left, right: { layer: settings.showRight, sun } };
  if (settings.split === 'time') {
    const later = sunOf({ ...settings, minute: settings.minuteRight, freeSun: null }, scene);
    return { left, right: { layer: settings.show, sun: later } };
  }
  return { left, right: null };
}
