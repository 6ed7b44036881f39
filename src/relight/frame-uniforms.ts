/** What changes from frame to frame: camera, sun and layer. */
import { uniform } from 'three/tsl';
import { Vector3 } from 'three/webgpu';
import { type Camera, cameraFrame, intrinsicsFor } from './camera.ts';
import type { Light } from './light.ts';
import { addScaled, type Vec3 } from './vector.ts';

/** What a picture shows. The numbers are what the shader knows it by. */
export const LAYERS = {
  final: 0,
  albedo: 1,
  'learned-shadow': 2,
  'geometric-shadow': 3,
  depth: 4,
  normals: 5,
} as const;

export type Layer = keyof typeof LAYERS;

/** Depth as a 24-bit fraction of the farthest in the colours and opacity in alpha: read back, never shown. */
export const PACKED_DEPTH = 6;

export class FrameUniforms {
  readonly position = uniform(new Vector3());
  /** The ray through clip coordinates (x, y) goes along ahead + x·across + y·upwards. */
  readonly ahead = uniform(new Vector3());
  readonly across = uniform(new Vector3());
  readonly upwards = uniform(new Vector3());
  /** Towards the sun: where the secondary ray goes, and where the disc is seen. */
  readonly sunRay = uniform(new Vector3());
  readonly sunSeen = uniform(new Vector3());
  readonly ambient = uniform(new Vector3());
  readonly sunlight = uniform(new Vector3());
  readonly layer = uniform(0, 'int');
  /** How much of what was drawn before a picture covers: 1 for all of it, 1/k for the k-th of as many that are averaged. */
  readonly share = uniform(1);
  /** Radiance of the sun's disc over the sky's, 0 for no disc. */
  readonly disc = uniform(new Vector3());

  setCamera(camera: Camera, width: number, height: number): void {
    const { right, up, back, position } = cameraFrame(camera);
    const { fx, fy, cx, cy } = intrinsicsFor(camera, width, height);
    const centre = addScaled(addScaled([-back[0], -back[1], -back[2]], right, (width / 2 - cx) / fx), up, (cy - height / 2) / fy);
    this.position.value.set(...position);
    this.ahead.value.set(...centre);
    this.across.value.set(...right).multiplyScalar(width / 2 / fx);
    this.upwards.value.set(...up).multiplyScalar(height / 2 / fy);
  }

  /** A single ray, for a picture of one pixel. */
  setRay(camera: Camera, direction: Vec3): void {
    this.position.value.set(...cameraFrame(camera).position);
    this.ahead.value.set(...direction);
    this.across.value.set(0, 0, 0);
    this.upwards.value.set(0, 0, 0);
  }

  setSun(ray: Vec3, seen: Vec3, { ambient, sun }: Light, disc: Vec3): void {
    this.sunRay.value.set(...ray);
    this.sunSeen.value.set(...seen);
    this.ambient.value.set(...ambient);
    this.sunlight.value.set(...sun);
    this.disc.value.set(...disc);
  }
}
