/**
 * Pinhole cameras in the OpenGL convention: looks along −z, y up; pixel (column i, row j) has its centre at (i + ½, j + ½) and sees
 * along ((i + ½ − cx)/fx, −(j + ½ − cy)/fy, −1), turned into the world by `cameraToWorld`.
 */
import type { Radians } from './angle.ts';
import { addScaled, cross, dot, normalise, subtract, type Vec3 } from './vector.ts';

export interface Camera {
  /** Pixels of the picture that `fx` … `cy` speak of. */
  readonly width: number;
  readonly height: number;
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
  /** Row-major 4 × 4, rigid. */
  readonly cameraToWorld: readonly number[];
}

/** The columns of a camera's matrix: its own axes in the world, and where it stands. */
export interface CameraFrame {
  readonly right: Vec3;
  readonly up: Vec3;
  readonly back: Vec3;
  readonly position: Vec3;
}

/** Focal lengths and principal point in pixels of a picture. */
export interface Intrinsics {
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
}

export function cameraFrame({ cameraToWorld: m }: Camera): CameraFrame {
  const column = (index: number): Vec3 => [m[index] ?? 0, m[4 + index] ?? 0, m[8 + index] ?? 0];
  return { right: column(0), up: column(1), back: column(2), position: column(3) };
}

/** The camera's intrinsics on a picture of another size: the vertical field of view stays, the horizontal one follows. */
export function intrinsicsFor(camera: Camera, width: number, height: number): Intrinsics {
  const scale = height / camera.height;
  return {
    fx: camera.fx * scale,
    fy: camera.fy * scale,
    cx: width / 2 + (camera.cx - camera.width / 2) * scale,
    cy: camera.cy * scale,
  };
}

/** The same camera, whose pixels on a picture of that height look `right` and `down` by fractions of a pixel. */
export function shifted<C extends Camera>(camera: C, right: number, down: number, height: number): C {
  const scale = camera.height / height;
  return { ...camera, cx: camera.cx - right * scale, cy: camera.cy - down * scale };
}

/**
 * A camera that stands at `eye` and looks at `target`, upright.
 *
 * @param fieldOfView vertical
 */
export function lookAt(eye: Vec3, target: Vec3, fieldOfView: Radians): Camera {
  const back = normalise(subtract(eye, target));
  const sideways = cross([0, 1, 0], back);
  // Straight up or down there is no upright; any heading will do.
  const right = Math.hypot(...sideways) < 1e-9 ? ([1, 0, 0] as const) : normalise(sideways);
  const up = cross(back, right);
  const focal = 0.5 / Math.tan(fieldOfView / 2);
  const cameraToWorld = [0, 1, 2].flatMap((row) => [right[row] ?? 0, up[row] ?? 0, back[row] ?? 0, eye[row] ?? 0]);
  return { width: 1, height: 1, fx: focal, fy: focal, cx: 0.5, cy: 0.5, cameraToWorld: [...cameraToWorld, 0, 0, 0, 1] };
}

/** The unit direction in which a point of a width × height picture looks; (0, 0) is its upper left corner. */
export function pixelDirection(camera: Camera, x: number, y: number, width: number, height: number): Vec3 {
  const { fx, fy, cx, cy } = intrinsicsFor(camera, width, height);
  const { right, up, back } = cameraFrame(camera);
  const across = addScaled([-back[0], -back[1], -back[2]], right, (x - cx) / fx);
  return normalise(addScaled(across, up, -(y - cy) / fy));
}

/** Where a direction is seen on a width × height picture (maybe outside of it), or null when it lies behind the camera. */
export function projectDirection(
  camera: Camera,
  direction: Vec3,
  width: number,
  height: number,
): readonly [number, number] | null {
  const { fx, fy, cx, cy } = intrinsicsFor(camera, width, height);
  const { right, up, back } = cameraFrame(camera);
  const depth = -dot(direction, back);
  if (depth <= 1e-6 * Math.hypot(...direction)) return null;
  return [cx + (fx * dot(direction, right)) / depth, cy - (fy * dot(direction, up)) / depth];
}
