/**
 * Insertion and deletion curves: Petsiuk, Das and Saenko, “RISE: Randomized Input Sampling for Explanation of Black-box
 * Models”, BMVC 2018, section 4.2. Insertion starts from a blurred image, deletion goes to the image's mean colour.
 */
import type { Layout } from '../explain/classifier.ts';
import type { Curves, MapData, Target } from './protocol.ts';

/** An image in a model's layout: where the values of a pixel's channels lie. */
export interface ImageShape {
  readonly layout: Layout;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The blur of the paper's code on 224-pixel images: a Gaussian of standard deviation 5 cut at one deviation (11 taps). Here
 * relative to the short side, and never under a pixel.
 */
const BLUR_SIGMA = 5 / 224;
const LEAST_BLUR_SIGMA = 1;

function stepsOf(shape: ImageShape): { pixel: number; channel: number } {
  return shape.layout === 'NCHW' ? { pixel: 1, channel: shape.height * shape.width } : { pixel: shape.channels, channel: 1 };
}

/** Pixel indices by falling relevance. Equal values keep the order of the image, so that the result is the same everywhere; NaN comes last. */
export function orderByRelevance(values: Float32Array): Uint32Array {
  const keys = Float32Array.from(values, (value) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value));
  return Uint32Array.from(values.keys()).sort((a, b) => {
    const difference = (keys[b] ?? 0) - (keys[a] ?? 0);
    return Number.isNaN(difference) || difference === 0 ? a - b : difference;
  });
}

/** A map at another resolution, bilinear with pixel centres at half integers; the map itself where the size is the same. */
export function resampleMap(map: MapData, height: number, width: number): MapData {
  if (map.height === height && map.width === width) return map;
  const values = new Float32Array(height * width);
  const clamp = (value: number, last: number) => Math.min(Math.max(value, 0), last);
  for (let y = 0; y < height; y += 1) {
    const sourceY = clamp(((y + 0.5) * map.height) / height - 0.5, map.height - 1);
    const top = Math.floor(sourceY);
    const bottom = Math.min(top + 1, map.height - 1);
    for (let x = 0; x < width; x += 1) {
      const sourceX = clamp(((x + 0.5) * map.width) / width - 0.5, map.width - 1);
      const left = Math.floor(sourceX);
      const right = Math.min(left + 1, map.width - 1);
      const at = (row: number, column: number) => map.values[row * map.width + column] ?? 0;
      const mix = sourceX - left;
      const upper = at(top, left) * (1 - mix) + at(top, right) * mix;
      const lower = at(bottom, left) * (1 - mix) + at(bottom, right) * mix;
      values[y * width + x] = upper + (lower - upper) * (sourceY - top);
    }
  }
  return { height, width, values };
}

/** The image with every pixel set to the mean of its channel: what deletion ends in. */
export function meanImage(input: Float32Array, shape: ImageShape): Float32Array {
  const { pixel, channel } = stepsOf(shape);
  const pixels = shape.height * shape.width;
  const result = new Float32Array(input.length);
  for (let c = 0; c < shape.channels; c += 1) {
    let sum = 0;
    for (let p = 0; p < pixels; p += 1) sum += input[p * pixel + c * channel] ?? 0;
    for (let p = 0; p < pixels; p += 1) result[p * pixel + c * channel] = sum / pixels;
  }
  return result;
}

/** The blurred image insertion starts from. Beyond the border the nearest pixel counts. */
export function blurredImage(input: Float32Array, shape: ImageShape): Float32Array {
  const sigma = Math.max(LEAST_BLUR_SIGMA, BLUR_SIGMA * Math.min(shape.height, shape.width));
  const radius = Math.round(sigma);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, tap) => Math.exp(-((tap - radius) ** 2) / (2 * sigma ** 2)));
  const { pixel, channel } = stepsOf(shape);
  const across = { step: pixel, length: shape.width };
  const down = { step: pixel * shape.width, length: shape.height };
  let image = input;
  for (const [along, other] of [
    [across, down],
    [down, across],
  ] as const) {
    const result = new Float32Array(image.length);
    for (let c = 0; c < shape.channels; c += 1) {
      for (let line = 0; line < other.length; line += 1) blurLine(image, result, c * channel + line * other.step, along, weights);
    }
    image = result;
  }
  return image;
}

function blurLine(
  from: Float32Array,
  to: Float32Array,
  origin: number,
  along: { step: number; length: number },
  weights: Float64Array,
): void {
  const radius = (weights.length - 1) / 2;
  for (let at = 0; at < along.length; at += 1) {
    let sum = 0;
    let total = 0;
    weights.forEach((weight, tap) => {
      const position = Math.min(Math.max(at + tap - radius, 0), along.length - 1);
      sum += weight * (from[origin + position * along.step] ?? 0);
      total += weight;
    });
    to[origin + at * along.step] = sum / total;
  }
}

/** Probability of class `plus` by softmax over all classes; with `minus`, over these two only. */
export function probability(logits: Float32Array, target: Target): number {
  const plus = logits[target.plus] ?? Number.NaN;
  if (target.minus !== undefined) return 1 / (1 + Math.exp((logits[target.minus] ?? Number.NaN) - plus));
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - plus);
  return 1 / sum;
}

/** Area under a curve by the trapezoid rule. */
export function areaUnder(x: Float32Array, y: Float32Array): number {
  let area = 0;
  for (let index = 1; index < x.length; index += 1) {
    area += ((x[index] ?? 0) - (x[index - 1] ?? 0)) * (((y[index] ?? 0) + (y[index - 1] ?? 0)) / 2);
  }
  return area;
}

/**
 * Both curves of a map.
 *
 * @param points number of points of each curve, at least 2: fractions 0, 1/(points−1), …, 1
 * @param logitsOf runs the model on an image of the given shape
 * @param onStep called after each run with the number of runs so far and in all
 */
export async function relevanceCurves(
  input: Float32Array,
  shape: ImageShape,
  map: MapData,
  target: Target,
  points: number,
  logitsOf: (image: Float32Array) => Promise<Float32Array>,
  onStep: (done: number, total: number) => void,
): Promise<Curves> {
  const count = Math.max(2, Math.round(points));
  const order = orderByRelevance(resampleMap(map, shape.height, shape.width).values);
  const fractions = Float32Array.from({ length: count }, (_, index) => index / (count - 1));
  const { pixel, channel } = stepsOf(shape);

  const curve = async (from: Float32Array, to: Float32Array, before: number): Promise<Float32Array> => {
    const image = Float32Array.from(from);
    const result = new Float32Array(count);
    let changed = 0;
    for (let index = 0; index < count; index += 1) {
      const until = Math.round((order.length * index) / (count - 1));
      for (; changed < until; changed += 1) {
        const at = (order[changed] ?? 0) * pixel;
        for (let c = 0; c < shape.channels; c += 1) image[at + c * channel] = to[at + c * channel] ?? 0;
      }
      result[index] = probability(await logitsOf(image), target);
      onStep(before + index + 1, 2 * count);
    }
    return result;
  };

  const insertion = await curve(blurredImage(input, shape), input, 0);
  const deletion = await curve(input, meanImage(input, shape), count);
  return {
    fractions,
    insertion,
    deletion,
    insertionAuc: areaUnder(fractions, insertion),
    deletionAuc: areaUnder(fractions, deletion),
  };
}
