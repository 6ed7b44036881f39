/** Eight-bit image resampling with an antialiasing triangle filter, in integer arithmetic so that every machine agrees to the bit. */

/** Interleaved 8-bit RGB, row by row: data.length = 3 · width · height. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
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
 * The triangle filter's weights for output pixels start … start + count − 1 of a line resized from `from` to `to` pixels.
 * When shrinking, the triangle is as much wider as the line gets shorter, so that every input pixel counts.
 */
function tapsOf(from: number, to: number, start: number, count: number): Taps[] {
  const scale = from / to;
  const radius = Math.max(scale, 1);
  return Array.from({ length: count }, (_, index) => {
    const centre = (start + index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - radius + 0.5));
    const end = Math.min(from, Math.trunc(centre + radius + 0.5));
    const exact = Array.from({ length: end - first }, (_, tap) =>
      Math.max(0, 1 - Math.abs((first + tap - centre + 0.5) / radius)),
    );
    const sum = exact.reduce((total, weight) => total + weight, 0);
    return { first, weights: Int32Array.from(exact, (weight) => Math.trunc((weight / sum) * ONE + 0.5)) };
  });
}

/**
 * Resizes to `width` × `height` as Pillow's `Image.resize(…, BILINEAR)` does (a horizontal pass rounded to 8 bits, then a
 * vertical one), and returns the given window of the result.
 *
 * @param window part to compute; the whole where it is absent
 */
export function resize(image: RgbImage, width: number, height: number, window?: OutputWindow): RgbImage {
  const part = window ?? { x: 0, y: 0, width, height };
  const columns = tapsOf(image.width, width, part.x, part.width);
  const rows = tapsOf(image.height, height, part.y, part.height);
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
