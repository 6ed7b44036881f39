/** From decoded pixels to a few-shot learner's input, as its card says. Page, command line and training share the arithmetic. */
import type { LearnerInput } from '../fewshot/learner-card.ts';
import { HeliographError } from '../graph/errors.ts';
import { type Pixels, preprocess } from './preprocess.ts';

/** White, on which transparent pixels lie and with which drawings are padded. */
const PAPER = 255;

/**
 * One image as the learner takes it.
 *
 * Drawings and small photographs are averaged over the area each pixel covers, without rounding: a photograph's centre of the
 * input's aspect, all of a drawing with paper around it. With `resize` the image is treated as an image classifier's.
 *
 * @returns [C, H, W], row-major
 * @throws HeliographError `bad-image` for an image without pixels
 */
export function learnerInput(pixels: Pixels, input: LearnerInput): Float32Array {
  const { channels, height, width, mean, std, ink, resize } = input;
  if (resize !== null) {
    const order = channels === 3 ? 'RGB' : 'gray';
    const { short: resizeShort, interpolation } = resize;
    const asClassifier = {
      layout: 'NCHW',
      height,
      width,
      channels: order,
      scale: 1,
      mean,
      std,
      resizeShort,
      interpolation,
    } as const;
    return preprocess(pixels, asClassifier, 'crop').input;
  }
  if (pixels.width < 1 || pixels.height < 1 || pixels.data.length !== pixels.width * pixels.height * pixels.channels) {
    throw new HeliographError('bad-image', 'The image has no pixels that can be used.', 'Choose another image.');
  }
  const scales = [pixels.width / width, pixels.height / height];
  const scale = ink === null ? Math.min(...scales) : Math.max(...scales);
  const columns = coverage(pixels.width, width, scale);
  const rows = coverage(pixels.height, height, scale);
  const result = new Float32Array(channels * height * width);
  planesOf(pixels, channels).forEach((plane, channel) => {
    const averaged = average(plane, pixels.width, columns, rows);
    averaged.forEach((value, place) => {
      const tone = ink === 'dark' ? 1 - value / 255 : value / 255;
      result[channel * height * width + place] = (tone - (mean[channel] ?? 0)) / (std[channel] ?? 1);
    });
  });
  return result;
}

/**
 * Several images as one batch.
 *
 * @returns [n, C, H, W]
 * @throws HeliographError `bad-image` for an image without pixels
 */
export function learnerInputs(pictures: readonly Pixels[], input: LearnerInput): Float32Array {
  const size = input.channels * input.height * input.width;
  const batch = new Float32Array(pictures.length * size);
  for (const [index, pixels] of pictures.entries()) batch.set(learnerInput(pixels, input), index * size);
  return batch;
}

/** Which source pixels one output pixel covers, and the share of its area each of them has. */
interface Cover {
  readonly first: number;
  readonly shares: readonly number[];
}

/** Output pixels of `scale` source pixels each, centred on a line of `from` source pixels, starting at a whole one. */
function coverage(from: number, to: number, scale: number): Cover[] {
  const start = Math.trunc((from - to * scale) / 2);
  return Array.from({ length: to }, (_, index) => {
    const begin = start + index * scale;
    const end = start + (index + 1) * scale;
    const first = Math.max(0, Math.floor(begin));
    const last = Math.min(from, Math.ceil(end));
    const shares: number[] = [];
    for (let pixel = first; pixel < last; pixel += 1) {
      shares.push(Math.max(0, Math.min(end, pixel + 1) - Math.max(begin, pixel)) / scale);
    }
    return { first, shares };
  });
}

/** Red, green and blue, or the luma (ITU-R 601, rounded), in 0 … 255; transparency laid on white. */
function planesOf({ width, height, channels: stored, data }: Pixels, channels: 1 | 3): Float64Array[] {
  const colours = [0, 1, 2].map((channel) =>
    Float64Array.from({ length: width * height }, (_, pixel) => {
      const value = data[pixel * stored + channel] ?? 0;
      const alpha = stored === 4 ? (data[pixel * stored + 3] ?? 255) : 255;
      return Math.round((value * alpha + PAPER * (255 - alpha)) / 255);
    }),
  );
  if (channels === 3) return colours;
  const [red, green, blue] = colours;
  const luma = (pixel: number) =>
    ((red?.[pixel] ?? 0) * 19595 + (green?.[pixel] ?? 0) * 38470 + (blue?.[pixel] ?? 0) * 7471 + 0x8000) >> 16;
  return [Float64Array.from({ length: width * height }, (_, pixel) => luma(pixel))];
}

/** The plane averaged over the output pixels' areas; what lies outside it is paper. */
function average(plane: Float64Array, width: number, columns: readonly Cover[], rows: readonly Cover[]): Float64Array {
  const lines = plane.length / width;
  const narrow = new Float64Array(lines * columns.length);
  for (let y = 0; y < lines; y += 1) {
    columns.forEach(({ first, shares }, x) => {
      let sum = PAPER;
      shares.forEach((share, tap) => {
        sum += share * ((plane[y * width + first + tap] ?? 0) - PAPER);
      });
      narrow[y * columns.length + x] = sum;
    });
  }
  const result = new Float64Array(rows.length * columns.length);
  rows.forEach(({ first, shares }, y) => {
    for (let x = 0; x < columns.length; x += 1) {
      let sum = PAPER;
      shares.forEach((share, tap) => {
        sum += share * ((narrow[(first + tap) * columns.length + x] ?? 0) - PAPER);
      });
      result[y * columns.length + x] = sum;
    }
  });
  return result;
}
