/**
 * The shader of a scene: marches with leaps over empty space, composites the linear outputs, then shades once a pixel. One source for WebGPU and
 * WebGL2, in three's node language.
 */
import { Fn, float, If, int, Loop, log, max, mix, select, vec3, vec4 } from 'three/tsl';
import type { Node } from 'three/webgpu';
import { type FrameUniforms, LAYERS, PACKED_DEPTH } from './frame-uniforms.ts';
import type { GridNodes, VectorArray } from './grid-nodes.ts';
import { boxInterval, FORMAT_EFFORT, marchRay, type Ray, type Sample, sunTransmittance, TINY } from './march-nodes.ts';
import type { Scene } from './scene.ts';
import { discCoverage, type PerceptronNodes, type SkyNodes, sigmoid, toSrgb } from './shade-nodes.ts';

/** What a shader is made from. */
export interface ShaderParts {
  readonly scene: Scene;
  readonly grid: GridNodes;
  readonly frame: FrameUniforms;
  readonly perceptron: PerceptronNodes | null;
  readonly sky: SkyNodes;
  /** Linear outputs of a sample, and what is added to them after compositing. */
  readonly outputs: number;
  readonly offsets: VectorArray;
  /** Distance shown as black in the depth layer, metres. */
  readonly farthest: number;
  /** Clip coordinates of the pixel. */
  readonly clip: Node<'vec2'>;
}

/** Builds the colour of a pixel, sRGB. */
export type Shader = (parts: ShaderParts) => Node<'vec4'>;

/** The shipped shader. */
export const deferredShader: Shader = (parts) => Fn(() => deferred(parts))();

/** The ray of a pixel. */
export function pixelRay({ frame, clip }: ShaderParts): Ray {
  const direction = frame.ahead.add(frame.across.mul(clip.x)).add(frame.upwards.mul(clip.y)).normalize().toVar();
  return { origin: frame.position, direction };
}

/** The offset of a linear output. */
export function offsetOf({ offsets }: ShaderParts, output: number): Node<'float'> {
  const group = offsets.at(Math.floor(output / 4));
  return [group.x, group.y, group.z, group.w][output % 4] ?? group.x;
}

/** The shadow's logits from composited (or a sample's) linear outputs behind the albedo's. */
export function shadowLogits({ perceptron }: ShaderParts, features: readonly Node<'float'>[]): readonly Node<'float'>[] {
  return perceptron === null ? features : perceptron.logits(features);
}

/** What stands between a point and its light: shadow s and incidence φ of the sun's, surroundings κ of the ambient. */
export interface Obstruction {
  readonly shadow: Node<'float'>;
  readonly incidence: Node<'float'>;
  readonly surroundings: Node<'float'>;
}

/** Shadow, incidence and surroundings from the logits and T_sun (docs/relight-format.md, section 5). */
export function obstructionOf(
  { scene: { shadow } }: ShaderParts,
  [ofShadow, ofIncidence, ofSurroundings]: readonly Node<'float'>[],
  sun: Node<'float'>,
): Obstruction {
  if (shadow.variant === 'none') return { shadow: float(1), incidence: float(1), surroundings: float(1) };
  const compared = shadow.transmittance === null ? float(0) : sun.mul(shadow.transmittance.weight).add(shadow.transmittance.bias);
  return {
    shadow: sigmoid(ofShadow === undefined ? compared : compared.add(ofShadow)),
    incidence: ofIncidence === undefined ? float(1) : sigmoid(ofIncidence),
    surroundings: ofSurroundings === undefined ? float(1) : sigmoid(ofSurroundings).mul(2),
  };
}

/** Keeps the distance at which half of a ray's light is used up, within the step in which it happens: whole steps would fray the shadows' edges. */
export function noteMedian(median: Node<'float'>, { t, alpha }: Sample, before: Node<'float'>, step: number): void {
  const left = alpha.oneMinus().toVar();
  If(before.greaterThanEqual(0.5).and(before.mul(left).lessThan(0.5)), () => {
    const within = log(before.mul(2)).div(log(max(left, float(TINY))).negate());
    median.assign(within.sub(0.5).mul(step).add(t));
  });
}

/** Where a ray that grazes an edge meets its surface: the mean would lie in the air behind it. */
export function surfaceDistance(median: Node<'float'>, depth: Node<'float'>): Node<'float'> {
  return select(median.greaterThan(0), median, depth);
}

function deferred(parts: ShaderParts): Node<'vec4'> {
  const { scene, grid, frame, sky, outputs, farthest } = parts;
  const { weight_threshold, opacity_threshold, surface } = scene.header.march;
  const ray = pixelRay(parts);
  const [start, end] = boxInterval(ray, scene);
  const accumulated = float(0).toVar();
  const depthSum = float(0).toVar();
  const median = float(0).toVar();
  const used = float(0).toVar();
  const sums = Array.from({ length: outputs }, () => float(0).toVar());
  const is = (layer: number) => frame.layer.equal(int(layer));
  const shaded = is(LAYERS.final).or(is(LAYERS.albedo)).or(is(LAYERS['learned-shadow'])).toVar();
  marchRay(scene, grid, ray, { start, end, step: scene.header.step, effort: FORMAT_EFFORT }, (sample, transmittance) => {
    const { t, g, alpha } = sample;
    const weight = transmittance.mul(alpha).toVar();
    accumulated.addAssign(weight);
    depthSum.addAssign(weight.mul(t));
    noteMedian(median, sample, transmittance, scene.header.step);
    If(shaded.and(weight.greaterThanEqual(weight_threshold)), () => {
      used.addAssign(weight);
      grid.addOutputs(g, weight, sums);
    });
  });
  const solid = accumulated.greaterThanEqual(opacity_threshold).and(accumulated.greaterThan(0)).toVar();
  const opacity = select(solid, accumulated, float(0)).toVar();
  const depth = select(solid, depthSum.div(max(accumulated, float(1e-12))), float(0)).toVar();
  const visible = ray.origin.add(ray.direction.mul(depth)).toVar();
  const lit = surface === 'median' ? ray.origin.add(ray.direction.mul(surfaceDistance(median, depth))).toVar() : visible;

  const compares = scene.shadow.transmittance !== null;
  const litLayer = compares ? is(LAYERS.final).or(is(LAYERS['learned-shadow'])) : is(LAYERS['geometric-shadow']);
  const sun = float(1).toVar();
  If(solid.and(litLayer.or(is(LAYERS['geometric-shadow']))), () => {
    sun.assign(sunTransmittance(scene, grid, { origin: lit, direction: frame.sunRay }, FORMAT_EFFORT));
  });

  const [red, green, blue, ...features] = sums.map((sum, output) =>
    sum
      .div(max(used, float(1e-12)))
      .add(offsetOf(parts, output))
      .toVar(),
  );
  const albedo = vec3(sigmoid(red ?? float(0)), sigmoid(green ?? float(0)), sigmoid(blue ?? float(0))).toVar();
  const colour = vec3(0).toVar();
  If(is(LAYERS.final), () => {
    const { shadow, incidence, surroundings } = obstructionOf(parts, shadowLogits(parts, features), sun);
    const light = frame.ambient.mul(surroundings).add(frame.sunlight.mul(shadow.mul(incidence)));
    const background = sky.colour(ray.direction, frame.sunSeen).add(frame.disc.mul(discCoverage(ray.direction, frame.sunSeen)));
    colour.assign(toSrgb(mix(background, albedo.mul(light), opacity)));
  })
    .ElseIf(is(LAYERS.albedo), () => {
      colour.assign(toSrgb(albedo.mul(opacity)));
    })
    .ElseIf(is(LAYERS['learned-shadow']), () => {
      const { shadow } = obstructionOf(parts, shadowLogits(parts, features), sun);
      colour.assign(vec3(mix(float(1), shadow, opacity)));
    })
    .ElseIf(is(LAYERS['geometric-shadow']), () => {
      colour.assign(vec3(mix(float(1), sun, opacity)));
    })
    .ElseIf(is(LAYERS.depth), () => {
      colour.assign(vec3(depth.div(farthest).clamp(0, 1).oneMinus().mul(opacity)));
    })
    .ElseIf(is(LAYERS.normals), () => {
      If(solid, () => {
        colour.assign(surfaceNormal(parts, visible).mul(0.5).add(0.5).mul(opacity));
      });
    });
  return select(is(PACKED_DEPTH), packed(depth.div(farthest).clamp(0, 1), opacity), vec4(colour.mul(frame.share), frame.share));
}

/** The direction in which the density falls fastest, by central differences one vertex apart. */
function surfaceNormal({ scene, grid }: ShaderParts, point: Node<'vec3'>): Node<'vec3'> {
  const at = grid.toGrid(point.sub(vec3(...scene.box[0]))).toVar();
  const slope = vec3(0).toVar();
  // In a loop, for six densities written out would be half of the shader.
  Loop({ start: int(0), end: int(6), type: 'int' }, ({ i }) => {
    const sign = select(i.lessThan(int(3)), float(1), float(-1));
    const axis = i.mod(int(3)).toVar();
    const along = (index: number) => select(axis.equal(int(index)), sign, float(0));
    const offset = vec3(along(0), along(1), along(2)).toVar();
    slope.addAssign(offset.mul(grid.shiftedDensity(grid.clamped(at.add(offset)))));
  });
  // Differences a vertex become differences a metre.
  return grid.toGrid(slope).negate().normalize();
}

/** A fraction in 24 bits, and opacity. */
function packed(fraction: Node<'float'>, opacity: Node<'float'>): Node<'vec4'> {
  const whole = fraction
    .mul(2 ** 24 - 1)
    .round()
    .toVar();
  const high = whole.div(65536).floor().toVar();
  const middle = whole.sub(high.mul(65536)).div(256).floor().toVar();
  const low = whole.sub(high.mul(65536)).sub(middle.mul(256));
  return vec4(vec3(high, middle, low).div(255), opacity);
}
