/** What the shipped Relight shader is measured against: the same tensors, marched without any of its savings. */
import { Fn, float, int, max, mix, vec3, vec4 } from 'three/tsl';
import type { Node } from 'three/webgpu';
import { LAYERS } from '../src/relight/frame-uniforms.ts';
import { boxInterval, type Effort, marchRay, sunTransmittance } from '../src/relight/march-nodes.ts';
import { sigmoid, toSrgb } from '../src/relight/shade-nodes.ts';
import {
  noteMedian,
  obstructionOf,
  offsetOf,
  pixelRay,
  type Shader,
  type ShaderParts,
  shadowLogits,
  surfaceDistance,
} from '../src/relight/shader.ts';

/**
 * A shader that evaluates density, appearance and shading at every sample of a ray, none skipped. T_sun is known only behind the last sample
 * and enters there, once a pixel, by an equally plain secondary ray; a march that sent one from every sample would be hundreds of times slower.
 *
 * @param stops whether rays stop where the light is used up, as every marcher does
 */
export function plainShader(stops: boolean): Shader {
  return (parts) => Fn(() => plain(parts, { leaps: false, stops }))();
}

function plain(parts: ShaderParts, effort: Effort): Node<'vec4'> {
  const { scene, grid, frame, sky, outputs } = parts;
  const ray = pixelRay(parts);
  const [start, end] = boxInterval(ray, scene);
  const opacity = float(0).toVar();
  const depthSum = float(0).toVar();
  const median = float(0).toVar();
  const ambientSum = vec3(0).toVar();
  const litSum = vec3(0).toVar();
  const shadowSum = float(0).toVar();
  const compares = scene.shadow.transmittance !== null;
  marchRay(scene, grid, ray, { start, end, step: scene.header.step, effort }, (sample, transmittance) => {
    const { t, g, alpha } = sample;
    const weight = transmittance.mul(alpha).toVar();
    const sums = Array.from({ length: outputs }, () => float(0).toVar());
    grid.addOutputs(g, float(1), sums);
    const [red, green, blue, ...features] = sums.map((sum, output) => sum.add(offsetOf(parts, output)));
    const albedo = vec3(sigmoid(red ?? float(0)), sigmoid(green ?? float(0)), sigmoid(blue ?? float(0)));
    const logits = shadowLogits(parts, features);
    const { incidence, shadow, surroundings } = obstructionOf(parts, logits, float(1));
    opacity.addAssign(weight);
    depthSum.addAssign(weight.mul(t));
    noteMedian(median, sample, transmittance, scene.header.step);
    ambientSum.addAssign(albedo.mul(surroundings).mul(weight));
    litSum.addAssign(albedo.mul(compares ? incidence : shadow).mul(weight));
    shadowSum.addAssign(weight.mul(logits[0] ?? float(0)));
  });
  const mean = depthSum.div(max(opacity, float(1e-12)));
  const depth = scene.header.march.surface === 'median' ? surfaceDistance(median, mean) : mean;
  const visible = ray.origin.add(ray.direction.mul(depth)).toVar();
  const sun = compares ? sunTransmittance(scene, grid, { origin: visible, direction: frame.sunRay }, effort) : float(1);
  const logit = shadowSum.div(max(opacity, float(1e-12)));
  const compared = obstructionOf(parts, scene.shadow.learned === null ? [] : [logit], sun).shadow;
  const radiance = ambientSum.mul(frame.ambient).add(litSum.mul(frame.sunlight).mul(compares ? compared : float(1)));
  const background = sky.colour(ray.direction, frame.sunSeen);
  const colour = mix(background, radiance.div(max(opacity, float(1e-12))), opacity);
  // The benchmark asks for the final layer only; the comparison keeps the uniform, as in the shipped shader.
  return vec4(toSrgb(colour).mul(float(frame.layer.equal(int(LAYERS.final)))), 1);
}
