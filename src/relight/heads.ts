/**
 * What the sun's direction decides once a frame: the rows of numbers composited along a ray, and what is added to them
 * (docs/relight-format.md, section 5). The forms are our reconstruction of SR-TensoRF (Chang et al., WACV 2024, arXiv 2311.03965).
 */
import type { FloatArray, Layer, PerceptronHead, Scene } from './scene.ts';
import type { Vec3 } from './vector.ts';

/** The linear outputs of a sample: albedo logits, then features or shadow logits, each a row over the appearance vector. */
export interface LinearOutputs {
  readonly count: number;
  /** [count, 3R] */
  readonly rows: Float32Array;
  /** Added to each output after compositing. */
  readonly offsets: Float32Array;
}

/** The linear outputs under a sun; with a perceptron the direction enters later, see `directionBias`. */
export function linearOutputs({ albedo, shadow: { learned } }: Pick<Scene, 'albedo' | 'shadow'>, sun: Vec3): LinearOutputs {
  const { data: weight } = albedo.weight;
  if (learned === null) return { count: 3, rows: weight, offsets: Float32Array.from(albedo.bias) };
  if (learned.kind === 'perceptron') {
    const [features = 0] = learned.features.shape;
    return {
      count: 3 + features,
      rows: Float32Array.from([...weight, ...learned.features.data]),
      offsets: Float32Array.from([...albedo.bias, ...new Float32Array(features)]),
    };
  }
  const { rows, rowBias, cube } = learned;
  const [logits = 0, components = 0, inputs = 0] = rows.shape;
  const response = cubeLookup(cube, sun);
  const folded = rowBias.data.slice();
  for (let logit = 0; logit < logits; logit += 1) {
    for (let component = 0; component < components; component += 1) {
      const factor = response[component] ?? 0;
      const from = (logit * components + component) * inputs;
      for (let input = 0; input < inputs; input += 1) {
        const at = logit * inputs + input;
        folded[at] = (folded[at] ?? 0) + factor * (rows.data[from + input] ?? 0);
      }
    }
  }
  return {
    count: 3 + logits,
    rows: Float32Array.from([...weight, ...folded]),
    offsets: Float32Array.from([...albedo.bias, ...response.subarray(components)]),
  };
}

/**
 * A cube map [6, S, S, C] in a direction, bilinear within the face. Faces +X, −X, +Y, −Y, +Z, −Z; columns and rows run along the other two
 * axes in their order, never mirrored.
 */
export function cubeLookup({ shape, data }: FloatArray, direction: Vec3): Float32Array {
  const [, side = 0, , channels = 0] = shape;
  const sizes = direction.map(Math.abs);
  const axis = sizes.indexOf(Math.max(...sizes));
  const [p = 0, q = 0] = direction.filter((_, index) => index !== axis).map((value) => value / (sizes[axis] ?? 1));
  const face = 2 * axis + ((direction[axis] ?? 0) < 0 ? 1 : 0);
  const column = ((p + 1) / 2) * (side - 1);
  const row = ((q + 1) / 2) * (side - 1);
  const i = Math.min(Math.floor(column), side - 2);
  const j = Math.min(Math.floor(row), side - 2);
  const [u, v] = [column - i, row - j];
  const at = (y: number, x: number, channel: number) => data[((face * side + y) * side + x) * channels + channel] ?? 0;
  return Float32Array.from({ length: channels }, (_, channel) => {
    const upper = (1 - u) * at(j, i, channel) + u * at(j, i + 1, channel);
    const lower = (1 - u) * at(j + 1, i, channel) + u * at(j + 1, i + 1, channel);
    return (1 - v) * upper + v * lower;
  });
}

/** A direction as the perceptron sees it: d, then sin(2^l·d) and cos(2^l·d) for l = 0 … frequencies − 1 (NeRF's encoding, without π). */
export function encodeDirection(direction: Vec3, frequencies: number): readonly number[] {
  const octaves = Array.from({ length: frequencies }, (_, octave) => direction.map((value) => 2 ** octave * value));
  return [...direction, ...octaves.flatMap((scaled) => [...scaled.map(Math.sin), ...scaled.map(Math.cos)])];
}

/** The bias of the first layer with the direction's part of the input folded in. */
export function directionBias({ features, layers, frequencies }: PerceptronHead, direction: Vec3): Float32Array {
  const [first] = layers;
  if (first === undefined) return new Float32Array(0);
  const [, inputs = 0] = first.weight.shape;
  const [skipped = 0] = features.shape;
  const encoded = encodeDirection(direction, frequencies);
  return first.bias.data.map((bias, unit) =>
    encoded.reduce((sum, value, index) => sum + value * (first.weight.data[unit * inputs + skipped + index] ?? 0), bias),
  );
}

/** Units of a layer. */
export function unitsOf({ bias }: Layer): number {
  return bias.data.length;
}
