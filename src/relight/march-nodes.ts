/** The march rule of docs/relight-format.md, section 4, as shader nodes. */
import { Break, exp, float, If, int, Loop, log, max, min, select, vec3 } from 'three/tsl';
import type { Node } from 'three/webgpu';
import type { GridNodes } from './grid-nodes.ts';
import type { Scene } from './scene.ts';

export interface Ray {
  readonly origin: Node<'vec3'>;
  readonly direction: Node<'vec3'>;
}

export interface Sample {
  /** Distance along the ray, metres. */
  readonly t: Node<'float'>;
  /** Grid coordinates, clamped. */
  readonly g: Node<'vec3'>;
  readonly alpha: Node<'float'>;
}

export interface March {
  /** Samples lie at start + (k + ½)·step while before end. */
  readonly start: Node<'float'>;
  readonly end: Node<'float'>;
  readonly step: number;
  readonly effort: Effort;
}

/** What a march leaves out. The format's rule leaves out both; a benchmark compares with a march that does not. */
export interface Effort {
  /** Whether empty cells are leapt over, else every sample is evaluated. */
  readonly leaps: boolean;
  /** Whether the march stops where the light is used up. */
  readonly stops: boolean;
}

export const FORMAT_EFFORT: Effort = { leaps: true, stops: true };

/** What is large enough to lose no ray and small enough to divide by. */
export const TINY = 1e-9;
/** Above it softplus(x) is x to a float's precision, and exp(x) still far from overflow. */
const LINEAR_SOFTPLUS = 20;

/** Distances at which a ray enters (at least 0) and leaves the box; leave ≤ enter means missed. */
export function boxInterval({ origin, direction }: Ray, { box: [low, high] }: Scene): readonly [Node<'float'>, Node<'float'>] {
  const sign = select(direction.x.lessThan(0), float(-1), float(1));
  const signs = vec3(
    sign,
    select(direction.y.lessThan(0), float(-1), float(1)),
    select(direction.z.lessThan(0), float(-1), float(1)),
  );
  const inverse = signs.div(max(direction.abs(), vec3(TINY))).toVar();
  const a = vec3(...low)
    .sub(origin)
    .mul(inverse)
    .toVar();
  const b = vec3(...high)
    .sub(origin)
    .mul(inverse)
    .toVar();
  const enters = min(a, b).toVar();
  const leaves = max(a, b).toVar();
  const enter = max(max(enters.x, enters.y), max(enters.z, float(0))).toVar();
  return [enter, min(min(leaves.x, leaves.y), leaves.z).toVar()];
}

/** α of one step from the shifted density feature: 1 − exp(−softplus(x)·step·distance_scale). */
export function alphaOf(shifted: Node<'float'>, step: number, { header }: Scene): Node<'float'> {
  const x = shifted.toVar();
  const sigma = select(x.greaterThan(LINEAR_SOFTPLUS), x, log(exp(min(x, float(LINEAR_SOFTPLUS))).add(1)));
  return exp(sigma.mul(-step * header.distance_scale)).oneMinus();
}

/**
 * Marches along a ray and calls back (once, inside the loop on the GPU) with a sample and the transmittance in front of it.
 *
 * @returns the transmittance at the end
 */
export function marchRay(
  scene: Scene,
  grid: GridNodes,
  { origin, direction }: Ray,
  { start, end, step, effort: { leaps, stops } }: March,
  visit: (sample: Sample, transmittance: Node<'float'>) => void,
): Node<'float'> {
  const [low] = scene.box;
  const from = grid.toGrid(origin.sub(vec3(...low))).toVar();
  const speed = grid.toGrid(direction).toVar();
  const transmittance = float(1).toVar();
  const k = int(0).toVar();
  const count = int(max(end.sub(start).div(step).sub(0.5).ceil(), float(0))).toVar();
  const g = vec3(0).toVar();
  const t = float(0).toVar();
  const place = () => {
    t.assign(float(k).add(0.5).mul(step).add(start));
    g.assign(grid.clamped(from.add(speed.mul(t))));
  };
  const limit = { start: int(0), end: count, type: 'int' as const };
  Loop(limit, () => {
    if (leaps) {
      Loop(limit, () => {
        If(k.greaterThanEqual(count), () => {
          Break();
        });
        place();
        const empty = grid.emptySteps(g, speed, float(step)).toVar();
        If(empty.equal(int(0)), () => {
          Break();
        });
        k.addAssign(empty);
      });
      If(k.greaterThanEqual(count), () => {
        Break();
      });
    } else {
      place();
    }
    const alpha = alphaOf(grid.shiftedDensity(g), step, scene).toVar();
    if (!leaps) {
      // An empty cell is empty whatever the tensors say there.
      If(grid.emptySteps(g, speed, float(step)).greaterThan(int(0)), () => {
        alpha.assign(0);
      });
    }
    visit({ t, g, alpha }, transmittance);
    transmittance.mulAssign(alpha.oneMinus());
    if (stops) {
      If(transmittance.lessThan(scene.header.march.termination), () => {
        Break();
      });
    }
    k.addAssign(int(1));
  });
  return transmittance;
}

/** T_sun: how much of the sun a point of the scene sees, by the density between them. */
export function sunTransmittance(scene: Scene, grid: GridNodes, ray: Ray, effort: Effort): Node<'float'> {
  const { step, march } = scene.header;
  const [, end] = boxInterval(ray, scene);
  const start = float(march.shadow_bias);
  return marchRay(scene, grid, ray, { start, end, step: step * march.shadow_step_factor, effort }, () => {});
}
