/** Eight-bit image resampling with antialiasing filters, in integer arithmetic so that every machine agrees to the bit. */

/** Interleaved 8-bit RGB, row by row: data.length = 3 · width · height. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** The filter: `bilinear` is a triangle, `bicubic` the cubic of Keys 1981 with a = −1/2. */
export type Interpolation = 'bilinear' | 'bicubic';

interface Filter {
  /** Half the filter's width, in output pixels when shrinking, in input pixels when enlarging. */
  readonly support: number;
  weight(distance: number): number;
}

const FILTERS: Readonly<Record<Interpolation, Filter>> = {
  bilinear: { support: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) },
  bicubic: { support: 2, weight: (distance) => cubic(Math.abs(distance)) },
};

function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** Which part of the resized image to compute, in its pixels. */
export interface OutputWindow {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Weights of one output pixel: input pixels first … first + weights.length − 1. */
interface Taps {
  readonly first: number;
  readonly weights: Int32Array;
}

/** Weights are fixed-point with 22 fractional bits: 8 bits of value, 22 of weight and a sign fill an int32. */
const FRACTION_BITS = 22;
const ONE = 2 ** FRACTION_BITS;
const HALF = 2 ** (FRACTION_BITS - 1);

/**
 * The filter's weights for output pixels start … start + count − 1 of a line resized from `from` to `to` pixels.
 * When shrinking, the filter is as much wider as the line gets shorter, so that every input pixel counts.
 */
function tapsOf(filter: Filter, from: number, to: number, start: number, count: number): Taps[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const radius = filter.support * stretch;
  return Array.from({ length: count }, (_, index) => {
    const centre = (start + index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - radius + 0.5));
    const end = Math.min(from, Math.trunc(centre + radius + 0.5));
    const exact = Array.from({ length: end - first }, (_, tap) => filter.weight((first + tap - centre + 0.5) / stretch));
    const sum = exact.reduce((total, weight) => total + weight, 0);
    return { first, weights: Int32Array.from(exact, (weight) => fixedPoint(weight / sum)) };
  });
}

/** Rounded half away from zero. */
function fixedPoint(weight: number): number {
  return Math.trunc(weight * ONE + (weight < 0 ? -0.5 : 0.5));
}

/**
 * Resizes to `width` × `height` as Pillow's `Image.resize` with the same filter does (a horizontal pass rounded to 8 bits, then a
 * vertical one), and returns the given window of the result.
 *
 * @param window part to compute; the whole where it is absent
 */
export function resize(
  image: RgbImage,
  width: number,
  height: number,
  interpolation: Interpolation,
  window?: OutputWindow,
): RgbImage {
  const filter = FILTERS[interpolation];
  const part = window ?? { x: 0, y: 0, width, height };
  const columns = tapsOf(filter, image.width, width, part.x, part.width);
  const rows = tapsOf(filter, image.height, height, part.y, part.height);
  const top = rows[0]?.first ?? 0;
  const last = rows.at(-1);
  const bottom = last === undefined ? top : last.first + last.weights.length;

  const narrow = narrowRows(image, top, bottom, columns);
  return { width: part.width, height: part.height, data: shortenColumns(narrow, part.width * 3, top, rows) };
}

/** Horizontal pass over the rows top … bottom − 1. */
function narrowRows(image: RgbImage, top: number, bottom: number, columns: readonly Taps[]): Uint8Array {
  const { data, width } = image;
  const output = new Uint8Array((bottom - top) * columns.length * 3);
  let to = 0;
  for (let y = top; y < bottom; y += 1) {
    for (const { first, weights } of columns) {
      let at = (y * width + first) * 3;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (const weight of weights) {
        red += (data[at] ?? 0) * weight;
        green += (data[at + 1] ?? 0) * weight;
        blue += (data[at + 2] ?? 0) * weight;
        at += 3;
      }
      output[to] = clip(red);
      output[to + 1] = clip(green);
      output[to + 2] = clip(blue);
      to += 3;
    }
  }
  return output;
}

/** Vertical pass over lines of `stride` bytes, the first of which is the image's row `top`. */
function shortenColumns(lines: Uint8Array, stride: number, top: number, rows: readonly Taps[]): Uint8Array {
  const output = new Uint8Array(rows.length * stride);
  let to = 0;
  for (const { first, weights } of rows) {
    for (let x = 0; x < stride; x += 1) {
      let at = (first - top) * stride + x;
      let sum = HALF;
      for (const weight of weights) {
        sum += (lines[at] ?? 0) * weight;
        at += stride;
      }
      output[to] = clip(sum);
      to += 1;
    }
  }
  return output;
}

function clip(fixed: number): number {
  return Math.max(0, Math.min(255, fixed >> FRACTION_BITS));
}
