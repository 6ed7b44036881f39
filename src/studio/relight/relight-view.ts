/** From where the settings ask to see a scene, and the place it lies at. Pure. */
import { degrees, radians, toDegrees } from '../../relight/angle.ts';
import { type Camera, lookAt } from '../../relight/camera.ts';
import type { Scene, SceneCamera } from '../../relight/scene.ts';
import type { Place, SunPosition } from '../../relight/sun.ts';
import type { Vec3 } from '../../relight/vector.ts';
import type { Settings } from '../state.ts';
import { type Limits, type Pose, poseOf } from './navigation.ts';

/** Vertical field of view where the reader moves freely: about what a telephone's camera sees. */
const FIELD_OF_VIEW = radians((55 * Math.PI) / 180);

export function placeOf({ latitude, longitude }: Pick<Settings, 'latitude' | 'longitude'>, scene: Scene): Place {
  return {
    latitude: latitude === null ? scene.place.latitude : degrees(latitude),
    longitude: longitude === null ? scene.place.longitude : degrees(longitude),
  };
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
