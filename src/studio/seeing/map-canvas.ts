/**
 * Paints a photograph with a relevance map over it into a canvas. No React: the widgets, the thumbnails and the PNG
 * export draw through these functions, so that they cannot disagree.
 */
import { blur2 } from 'd3-array';
import { contours } from 'd3-contour';
import type { MapData } from '../../runtime/protocol.ts';
import { LUT_SIZE, lut, type Rgb, SEQUENTIAL_ZERO, SIGNED_ZERO } from './colormap.ts';
import type { DisplayMode, MapLook } from './types.ts';
import { type Crop, WHOLE } from './zoom.ts';

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/**
 * Values are interpolated to at most this many pixels a side; the browser scales the coloured result on. More is not
 * visible and costs more than a frame's share (8 ms).
 */
const MAXIMUM_SIDE = 640;
/** In the `clear` ground colour is fully opaque from this fraction of the limit on, so that weak relevance still tints. */
const OPAQUE_FROM = 0.6;

/** Opacity 0…255 of an entry of the mode's table. */
function alphaOf(entry: number, look: MapLook): number {
  if (entry === 0) return 0;
  if (look.ground === 'solid') return Math.round(255 * look.opacity);
  const zero = look.mode === 'signed' ? SIGNED_ZERO : SEQUENTIAL_ZERO;
  const size = Math.abs(entry - zero) / (LUT_SIZE - 1 - zero);
  return Math.round(255 * look.opacity * Math.min(1, size / OPAQUE_FROM));
}

/** The table as little-endian RGBA words, as ImageData's memory wants them. */
function wordTable(look: MapLook): Uint32Array {
  return Uint32Array.from(
    lut(look.mode),
    ([r, g, b]: Rgb, entry) => ((alphaOf(entry, look) << 24) | (b << 16) | (g << 8) | r) >>> 0,
  );
}

/** For each of `to` pixels the two source positions and the weight of the second; half-pixel centres, edges repeated. */
function taps(from: number, to: number): { first: Int32Array; second: Int32Array; weight: Float32Array } {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const weight = new Float32Array(to);
  for (let i = 0; i < to; i++) {
    const place = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    first[i] = Math.floor(place);
    second[i] = Math.min(from - 1, Math.floor(place) + 1);
    weight[i] = place - Math.floor(place);
  }
  return { first, second, weight };
}

/** Element of an array at an index known to be inside; inlined by every engine. */
function at(array: Float32Array | Int32Array, index: number): number {
  return array[index] as number;
}

/**
 * Bilinear resampling of a map's values to height × width, with half-pixel centres (ONNX Resize's `half_pixel`). A
 * position next to a NaN becomes NaN.
 */
export function resample(map: MapData, height: number, width: number): Float32Array {
  const { values } = map;
  const vertical = taps(map.height, height);
  const horizontal = taps(map.width, width);
  const row = new Float32Array(map.width);
  const out = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const top = at(vertical.first, y) * map.width;
    const bottom = at(vertical.second, y) * map.width;
    const v = at(vertical.weight, y);
    for (let x = 0; x < map.width; x++) {
      const upper = at(values, top + x);
      row[x] = upper + v * (at(values, bottom + x) - upper);
    }
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const left = at(row, at(horizontal.first, x));
      out[i] = left + at(horizontal.weight, x) * (at(row, at(horizontal.second, x)) - left);
    }
  }
  return out;
}

/** RGBA of every value, row-major, not premultiplied. What the threshold hides has alpha 0. */
export function colourise(values: Float32Array, limit: number, look: MapLook): Uint8ClampedArray<ArrayBuffer> {
  const words = wordTable(look);
  const out = new Uint32Array(values.length);
  const cut = look.threshold * limit;
  // `lutEntry` written out: this runs for every pixel of every frame while a slider moves.
  const { mode } = look;
  const zero = mode === 'signed' ? SIGNED_ZERO : SEQUENTIAL_ZERO;
  const reach = LUT_SIZE - 1 - zero;
  const gain = limit > 0 ? reach / limit : 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const scaled = mode === 'signed' ? value : mode === 'magnitude' ? Math.abs(value) : Math.max(0, value);
    // False for NaN, whose pixel stays clear.
    if (!(Math.abs(scaled) >= cut)) continue;
    const step = scaled * gain;
    out[i] = words[(Math.min(reach, Math.max(-reach, step)) + zero + 0.5) | 0] as number;
  }
  return new Uint8ClampedArray(out.buffer);
}

/** Makes a canvas hold exactly these pixels. */
function fill(
  canvas: HTMLCanvasElement,
  pixels: Uint8ClampedArray<ArrayBuffer>,
  height: number,
  width: number,
): HTMLCanvasElement {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext('2d')?.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}

type Tone = 'colour' | 'light' | 'dark';

/** Photographs as canvases, which `drawImage` can scale. Held as long as the photograph is. */
const sheets = new WeakMap<ImageData, Map<Tone, HTMLCanvasElement>>();

/**
 * Greys of the same luma (Rec. 709) in a narrower range, towards the neutral end of the map's scale: light under scales
 * that are white at zero, dark under the one that is black. So colours stand out, and what has none stays neutral.
 */
function greyed(picture: ImageData, ground: 'light' | 'dark'): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(picture.data);
  const [black, gain] = ground === 'light' ? [56, 0.78] : [0, 0.7];
  for (let i = 0; i < out.length; i += 4) {
    const luma = 0.2126 * (out[i] ?? 0) + 0.7152 * (out[i + 1] ?? 0) + 0.0722 * (out[i + 2] ?? 0);
    const tone = black + gain * luma;
    out[i] = tone;
    out[i + 1] = tone;
    out[i + 2] = tone;
  }
  return out;
}

function pictureSheet(picture: ImageData, tone: Tone): HTMLCanvasElement {
  const known = sheets.get(picture) ?? new Map<Tone, HTMLCanvasElement>();
  sheets.set(picture, known);
  let canvas = known.get(tone);
  if (!canvas) {
    const pixels = tone === 'colour' ? new Uint8ClampedArray(picture.data) : greyed(picture, tone);
    canvas = fill(document.createElement('canvas'), pixels, picture.height, picture.width);
    known.set(tone, canvas);
  }
  return canvas;
}

/** One contour: closed rings of [x, y] in units of map cells, 0…width and 0…height. */
export interface Contour {
  /** Signed level, in the map's unit. */
  readonly level: number;
  readonly rings: readonly (readonly (readonly [x: number, y: number])[])[];
}

/** Maps finer than this are smoothed before contours are traced: a line around every pixel says nothing. */
const FINE_SIDE = 64;
/** Radius of that smoothing as a part of the map's side: two cells of a 224 × 224 map. */
const CONTOUR_BLUR = 1 / 112;

/**
 * Contours of the map by marching squares (Lorensen & Cline 1987, in the plane) at fractions of the limit; negative levels
 * too in the `signed` mode, where they enclose what speaks against. Fine maps are smoothed first by 1/112 of their side.
 */
export function mapContours(map: MapData, limit: number, levels: readonly number[], mode: DisplayMode): Contour[] {
  const { height, width } = map;
  if (levels.length === 0 || height < 2 || width < 2) return [];
  const values = Array.from(map.values, (value) =>
    !Number.isFinite(value) ? 0 : mode === 'magnitude' ? Math.abs(value) : value,
  );
  if (Math.max(height, width) > FINE_SIDE) {
    // In place.
    blur2({ data: values, width, height }, width * CONTOUR_BLUR, height * CONTOUR_BLUR);
  }
  const trace = contours().size([width, height]);
  const signs = mode === 'signed' ? ([1, -1] as const) : ([1] as const);
  return signs.flatMap((sign) => {
    const heights = sign === 1 ? values : values.map((value) => -value);
    return levels.map((level) => ({
      level: sign * level * limit,
      rings: trace.contour(heights, level * limit).coordinates.flat() as [number, number][][],
    }));
  });
}

export interface Scene {
  readonly picture: ImageData | null;
  readonly map: MapData | null;
  readonly look: MapLook;
  readonly limit: number;
  /** From `mapContours`, so that callers can keep them while only the size changes. */
  readonly contours?: readonly Contour[];
  /** The part to be seen; all of it if absent. */
  readonly crop?: Crop;
}

/** Holds a map's pixels between colouring and scaling; one is enough because painting never waits. */
let scratch: HTMLCanvasElement | null = null;

/** Paints the scene, or the part of it in `crop`, over the whole of a context of height × width device pixels. */
export function paint(context: Context, height: number, width: number, scene: Scene): void {
  const { crop } = scene;
  context.clearRect(0, 0, width, height);
  if (!crop) {
    paintWhole(context, height, width, scene);
    return;
  }
  context.save();
  context.translate((-crop.x / crop.side) * width, (-crop.y / crop.side) * height);
  paintWhole(context, height / crop.side, width / crop.side, scene);
  context.restore();
}

function paintWhole(context: Context, height: number, width: number, scene: Scene): void {
  const { picture, map, look, limit } = scene;
  context.imageSmoothingQuality = 'high';
  context.imageSmoothingEnabled = true;
  if (picture) {
    const tone = !map || !look.greyPicture ? 'colour' : look.mode === 'magnitude' ? 'dark' : 'light';
    context.drawImage(pictureSheet(picture, tone), 0, 0, width, height);
  }
  if (!map) return;
  // Never below the map's own resolution: a coarser sampling would lose single pixels.
  const rows = look.smooth ? Math.max(map.height, Math.min(height, MAXIMUM_SIDE)) : map.height;
  const columns = look.smooth ? Math.max(map.width, Math.min(width, MAXIMUM_SIDE)) : map.width;
  const values = look.smooth ? resample(map, rows, columns) : map.values;
  scratch ??= document.createElement('canvas');
  fill(scratch, colourise(values, limit, look), rows, columns);
  context.imageSmoothingEnabled = look.smooth;
  context.drawImage(scratch, 0, 0, width, height);
  paintContours(context, height, width, scene);
}

/** Dark lines with a light edge, readable on any picture; what speaks against is dashed. */
function paintContours(
  context: Context,
  height: number,
  width: number,
  { map, contours: lines = [], crop = WHOLE }: Scene,
): void {
  if (!map) return;
  const unit = Math.max(1, (width * crop.side) / 640);
  for (const { level, rings } of lines) {
    const path = new Path2D();
    for (const ring of rings) {
      ring.forEach(([x, y], i) => {
        const px = (x / map.width) * width;
        const py = (y / map.height) * height;
        if (i === 0) path.moveTo(px, py);
        else path.lineTo(px, py);
      });
      path.closePath();
    }
    context.save();
    context.lineJoin = 'round';
    context.setLineDash(level < 0 ? [4 * unit, 3 * unit] : []);
    context.strokeStyle = 'rgb(255 255 255 / 0.8)';
    context.lineWidth = 2.5 * unit;
    context.stroke(path);
    context.strokeStyle = 'rgb(20 20 20)';
    context.lineWidth = unit;
    context.stroke(path);
    context.restore();
  }
}
