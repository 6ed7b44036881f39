/** Moving through a scene: pure steps from one pose to the next, kept where there is something to see. */
import { type Radians, radians } from '../../relight/angle.ts';
import { addScaled, cross, dot, normalise, subtract, type Vec3 } from '../../relight/vector.ts';

export interface Pose {
  readonly eye: Vec3;
  /** The point looked at; orbiting turns about it. */
  readonly target: Vec3;
}

/** Where one may be. Metres. */
export interface Limits {
  /** Lowest and highest corner of the scene. */
  readonly box: readonly [Vec3, Vec3];
  /** Height of the ground. */
  readonly ground: number;
}

/** Looking straight up or down, left and right lose their meaning. */
const STEEPEST = radians((85 * Math.PI) / 180);
/** Nearer, the grid's cells show more than the scene. Metres. */
const NEAREST = 1.5;
/** An orbit stays above the ground by this much. Metres. */
const CLEARANCE = 0.4;
/** A walker's eyes above the ground. Metres. */
export const EYE_HEIGHT = 1.65;
/** Walkers stay this far inside the box. Metres. */
const MARGIN = 0.5;
const UP: Vec3 = [0, 1, 0];

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Size of the scene: the longest side of its box. */
function extent({ box: [low, high] }: Limits): number {
  return Math.max(...subtract(high, low));
}

function clampInto(point: Vec3, { box: [low, high] }: Limits, margin: number): Vec3 {
  const at = (axis: 0 | 1 | 2) => clamp(point[axis], low[axis] + margin, high[axis] - margin);
  return [at(0), at(1), at(2)];
}

/** Distance, heading about Y and steepness of the way from target to eye, or the reverse. */
function polar(from: Vec3, to: Vec3): { distance: number; heading: Radians; steepness: Radians } {
  const [x, y, z] = subtract(to, from);
  const distance = Math.hypot(x, y, z);
  return { distance, heading: radians(Math.atan2(x, z)), steepness: radians(Math.asin(clamp(y / (distance || 1), -1, 1))) };
}

function offset(distance: number, heading: number, steepness: number): Vec3 {
  const level = distance * Math.cos(steepness);
  return [level * Math.sin(heading), distance * Math.sin(steepness), level * Math.cos(heading)];
}

/** Turns the eye about the target; positive `across` moves the eye to its right, positive `up` raises it. */
export function orbit(pose: Pose, across: Radians, up: Radians, limits: Limits): Pose {
  const { distance, heading, steepness } = polar(pose.target, pose.eye);
  const lowest = Math.asin(clamp((limits.ground + CLEARANCE - pose.target[1]) / distance, -1, 1));
  const steep = clamp(steepness + up, Math.min(lowest, STEEPEST), STEEPEST);
  return { target: pose.target, eye: addScaled(pose.target, offset(distance, heading + across, steep), 1) };
}

/** Moves the eye to `factor` times its distance from the target. */
export function dolly(pose: Pose, factor: number, limits: Limits): Pose {
  const { distance, heading, steepness } = polar(pose.target, pose.eye);
  const next = clamp(distance * factor, NEAREST, 2 * extent(limits));
  return orbit(
    { target: pose.target, eye: addScaled(pose.target, offset(next, heading, steepness), 1) },
    radians(0),
    radians(0),
    limits,
  );
}

/** Moves eye and target together across the view; shares of the distance between them. */
export function pan(pose: Pose, right: number, up: number, limits: Limits): Pose {
  const back = normalise(subtract(pose.eye, pose.target));
  const sideways = normalise(cross(UP, back));
  const upwards = cross(back, sideways);
  const { distance } = polar(pose.target, pose.eye);
  const moved = addScaled(addScaled(pose.target, sideways, right * distance), upwards, up * distance);
  const target = clampInto(moved, limits, 0);
  const eye = addScaled(pose.eye, subtract(target, pose.target), 1);
  return orbit({ target, eye }, radians(0), radians(0), limits);
}

/** Turns the head: the eye stays. */
export function look(pose: Pose, across: Radians, up: Radians): Pose {
  const { distance, heading, steepness } = polar(pose.eye, pose.target);
  const steep = clamp(steepness + up, -STEEPEST, STEEPEST);
  return { eye: pose.eye, target: addScaled(pose.eye, offset(distance, heading - across, steep), 1) };
}

/** Steps on the ground, in metres; the eyes are at a walker's height. */
export function walk(pose: Pose, forward: number, right: number, limits: Limits): Pose {
  const ahead = subtract(pose.target, pose.eye);
  const level = normalise([ahead[0], 0, ahead[2]]);
  const sideways = cross(level, UP);
  const moved = addScaled(addScaled(pose.eye, level, forward), sideways, right);
  const eye = clampInto([moved[0], limits.ground + EYE_HEIGHT, moved[2]], limits, MARGIN);
  return { eye, target: addScaled(eye, ahead, 1) };
}

/** The same view with the target moved along it, so that orbiting turns about what is seen there. */
export function retarget(pose: Pose, distance: number): Pose {
  return { eye: pose.eye, target: addScaled(pose.eye, normalise(subtract(pose.target, pose.eye)), distance) };
}

/** The pose of a camera given by its matrix, looking at the point of its axis nearest to the middle of the box. */
export function poseOf(cameraToWorld: readonly number[], { box: [low, high] }: Limits): Pose {
  const column = (index: number): Vec3 => [
    cameraToWorld[index] ?? 0,
    cameraToWorld[4 + index] ?? 0,
    cameraToWorld[8 + index] ?? 0,
  ];
  const eye = column(3);
  const back = column(2);
  const middle: Vec3 = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2];
  const distance = Math.max(NEAREST, -dot(subtract(middle, eye), back));
  return { eye, target: addScaled(eye, back, -distance) };
}
