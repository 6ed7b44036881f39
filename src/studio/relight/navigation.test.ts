import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { radians } from '../../relight/angle.ts';
import { lookAt } from '../../relight/camera.ts';
import { subtract, type Vec3 } from '../../relight/vector.ts';
import { dolly, EYE_HEIGHT, type Limits, look, orbit, type Pose, pan, poseOf, retarget, walk } from './navigation.ts';

const LIMITS: Limits = {
  box: [
    [-20, 0, -20],
    [20, 20, 20],
  ],
  ground: 0,
};
const START: Pose = { eye: [0, 5, 10], target: [0, 3, 0] };

const length = (from: Vec3, to: Vec3) => Math.hypot(...subtract(to, from));
const close = (actual: Vec3, wanted: Vec3) => {
  for (const axis of [0, 1, 2] as const) expect(actual[axis]).toBeCloseTo(wanted[axis], 9);
};
const angle = fc.double({ min: -7, max: 7, noNaN: true }).map(radians);

describe('orbit', () => {
  test('a quarter turn to the right ends at the target’s right side, as seen before', () => {
    const { eye } = orbit({ eye: [0, 3, 10], target: [0, 3, 0] }, radians(Math.PI / 2), radians(0), LIMITS);
    close(eye, [10, 3, 0]);
  });

  test('keeps target and distance, stays above the ground and below the zenith', () => {
    fc.assert(
      fc.property(angle, angle, (across, up) => {
        const pose = orbit(START, across, up, LIMITS);
        close(pose.target, START.target);
        expect(length(pose.eye, pose.target)).toBeCloseTo(length(START.eye, START.target), 9);
        expect(pose.eye[1]).toBeGreaterThan(0.39);
        expect((pose.eye[1] - 3) / length(pose.eye, pose.target)).toBeLessThan(Math.sin((85.001 * Math.PI) / 180));
      }),
      { seed: 1 },
    );
  });
});

test('dolly multiplies the distance within its limits', () => {
  const distance = length(START.eye, START.target);
  expect(length(dolly(START, 0.5, LIMITS).eye, START.target)).toBeCloseTo(distance / 2, 9);
  expect(length(dolly(START, 1e-9, LIMITS).eye, START.target)).toBeCloseTo(1.5, 9);
  expect(length(dolly(START, 1e9, LIMITS).eye, START.target)).toBeCloseTo(80, 9);
});

test('pan moves across the view and keeps the target in the box', () => {
  const moved = pan({ eye: [0, 3, 10], target: [0, 3, 0] }, 0.2, 0.1, LIMITS);
  close(moved.target, [2, 4, 0]);
  close(moved.eye, [2, 4, 10]);
  close(pan(START, 1e6, 0, LIMITS).target, [20, 3, 0]);
});

test('looking right turns the view clockwise seen from above', () => {
  const { eye, target } = look({ eye: [0, 2, 0], target: [0, 2, -5] }, radians(Math.PI / 2), radians(0));
  close(eye, [0, 2, 0]);
  close(target, [5, 2, 0]);
});

test('walking goes where one looks, at the height of eyes, and stops at the edge', () => {
  const pose: Pose = { eye: [0, 9, 0], target: [0, 4, -5] };
  close(walk(pose, 3, 0, LIMITS).eye, [0, EYE_HEIGHT, -3]);
  close(walk(pose, 0, 2, LIMITS).eye, [2, EYE_HEIGHT, 0]);
  close(walk(pose, 1000, 0, LIMITS).eye, [0, EYE_HEIGHT, -19.5]);
  // The direction of the view stays.
  close(subtract(walk(pose, 3, 1, LIMITS).target, walk(pose, 3, 1, LIMITS).eye), subtract(pose.target, pose.eye));
});

test('a camera’s pose looks along its axis', () => {
  const camera = lookAt([0, 5, 30], [0, 5, 0], radians(1));
  const pose = poseOf(camera.cameraToWorld, LIMITS);
  close(pose.eye, [0, 5, 30]);
  close(pose.target, [0, 5, 0]);
  close(retarget(pose, 10).target, [0, 5, 20]);
});
