/**
 * Paints a photograph with a relevance map over it into a canvas. No React: the widgets, the thumbnails and the PNG
 * export draw through these functions, so that they cannot disagree.
 */
import { contours } from 'd3-contour';
import type { MapData } from '../../runtime/protocol.ts';
import { lut, lutEntry, type Rgb } from './colormap.ts';
import type { DisplayMode, MapLook } from './types.ts';

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/**
 * Values are interpolated to at most this many pixels a side; the browser scales the coloured result on. More is not
 * visible and costs more than a frame's share (8 ms).
 */
const MAXIMUM_SIDE = 640;
/** In the `clear` ground colour is fully opaque from this fraction of the limit on, so that weak relevance still tints. */
const OPAQUE_FROM = 0.6;

/** Whether a value is drawn at all: not a number, the wrong sign for the mode, or below the threshold are not. */
export function isShown(value: number, limit: number, look: Pick<MapLook, 'mode' | 'threshold'>): boolean {
  if (Number.isNaN(value) || (look.mode === 'positive' && value < 0)) return false;
  return Math.abs(value) >= look.threshold * limit;
}

/** Opacity 0…255 of an entry of the mode's table. */
function alphaOf(entry: number, look: MapLook): number {
  if (entry === 0) return 0;
  if (look.ground === 'solid') return Math.round(255 * look.opacity);
  const size = look.mode === 'signed' ? Math.abs(entry - 128) / 127 : (entry - 1) / 254;
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
    const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    first[i] = Math.floor(at);
    second[i] = Math.min(from - 1, Math.floor(at) + 1);
    weight[i] = at - Math.floor(at);
  }
  return { first, second, weight };
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
    const top = (vertical.first[y] ?? 0) * map.width;
    const bottom = (vertical.second[y] ?? 0) * map.width;
    const v = vertical.weight[y] ?? 0;
    for (let x = 0; x < map.width; x++) {
      const upper = values[top + x] ?? 0;
      row[x] = upper + v * ((values[bottom + x] ?? 0) - upper);
    }
    for (let x = 0; x < width; x++) {
      const left = row[horizontal.first[x] ?? 0] ?? 0;
      const right = row[horizontal.second[x] ?? 0] ?? 0;
      out[y * width + x] = left + (horizontal.weight[x] ?? 0) * (right - left);
    }
  }
  return out;
}

/** RGBA of every value, row-major, not premultiplied. What is not shown has alpha 0. */
export function colourise(values: Float32Array, limit: number, look: MapLook): Uint8ClampedArray<ArrayBuffer> {
  const words = wordTable(look);
  const out = new Uint32Array(values.length);
  const { mode } = look;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (isShown(value, limit, look)) out[i] = words[lutEntry(value, limit, mode)] ?? 0;
  }
  return new Uint8ClampedArray(out.buffer);
}

function sheet(pixels: Uint8ClampedArray<ArrayBuffer>, height: number, width: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  canvas.getContext('2d')?.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}

/** Photographs as canvases: `drawImage` cannot scale ImageData. Held as long as the photograph is. */
const sheets = new WeakMap<ImageData, { colour: HTMLCanvasElement; grey?: HTMLCanvasElement }>();

/** Grey of the same luma (Rec. 709), drawn a little lighter so that colours over it stay readable. */
function greyed(picture: ImageData): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(picture.data);
  for (let i = 0; i < out.length; i += 4) {
    const luma = 0.2126 * (out[i] ?? 0) + 0.7152 * (out[i + 1] ?? 0) + 0.0722 * (out[i + 2] ?? 0);
    out.fill(luma, i, i + 3);
  }
  return out;
}

function pictureSheet(picture: ImageData, grey: boolean): HTMLCanvasElement {
  let entry = sheets.get(picture);
  if (!entry) {
    entry = { colour: sheet(new Uint8ClampedArray(picture.data), picture.height, picture.width) };
    sheets.set(picture, entry);
  }
  if (!grey) return entry.colour;
  entry.grey ??= sheet(greyed(picture), picture.height, picture.width);
  return entry.grey;
}

/** One contour: closed rings of [x, y] in units of map cells, 0…width and 0…height. */
export interface Contour {
  /** Signed level, in the map's unit. */
  readonly level: number;
  readonly rings: readonly (readonly (readonly [x: number, y: number])[])[];
}

/**
 * Contours of the map by marching squares (Lorensen & Cline 1987, in the plane) at fractions of the limit; negative levels
 * too in the `signed` mode, where they enclose what speaks against.
 */
export function mapContours(map: MapData, limit: number, levels: readonly number[], mode: DisplayMode): Contour[] {
  if (levels.length === 0 || map.height < 2 || map.width < 2) return [];
  const trace = contours().size([map.width, map.height]);
  const heights = levels.map((level) => level * limit);
  const of = (sign: 1 | -1, values: number[]) =>
    heights.map((height) => ({
      level: sign * height,
      rings: trace.contour(values, height).coordinates.flat() as [number, number][][],
    }));
  const values = Array.from(map.values, (value) => (Number.isFinite(value) ? value : 0));
  if (mode === 'magnitude') return of(1, values.map(Math.abs));
  const positive = of(1, values);
  return mode === 'positive'
    ? positive
    : [
        ...positive,
        ...of(
          -1,
          values.map((value) => -value),
        ),
      ];
}

export interface Scene {
  readonly picture: ImageData | null;
  readonly map: MapData | null;
  readonly look: MapLook;
  readonly limit: number;
  /** From `mapContours`, so that callers can keep them while only the size changes. */
  readonly contours?: readonly Contour[];
}

/** Paints the scene over the whole of a context of height × width device pixels. */
export function paint(context: Context, height: number, width: number, scene: Scene): void {
  const { picture, map, look, limit } = scene;
  context.clearRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  if (picture) {
    context.imageSmoothingEnabled = true;
    context.drawImage(pictureSheet(picture, look.greyPicture && map !== null), 0, 0, width, height);
  }
  if (!map) return;
  if (look.smooth) {
    // Never below the map's own resolution: a coarser sampling would lose single pixels.
    const rows = Math.max(map.height, Math.min(height, MAXIMUM_SIDE));
    const columns = Math.max(map.width, Math.min(width, MAXIMUM_SIDE));
    context.imageSmoothingEnabled = true;
    context.drawImage(sheet(colourise(resample(map, rows, columns), limit, look), rows, columns), 0, 0, width, height);
  } else {
    context.imageSmoothingEnabled = false;
    context.drawImage(sheet(colourise(map.values, limit, look), map.height, map.width), 0, 0, width, height);
  }
  paintContours(context, height, width, map, scene.contours ?? []);
}

/** Dark lines with a light edge, readable on any picture; what speaks against is dashed. */
function paintContours(context: Context, height: number, width: number, map: MapData, lines: readonly Contour[]): void {
  const unit = Math.max(1, width / 640);
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
