/**
 * Colour scales for relevance maps.
 *
 * Signed maps use a diverging scale that is white at zero and falls in OKLab lightness at the same constant rate on both
 * sides, so that equal relevance for and against a class has equal visual weight. Unsigned maps use the inferno scale
 * (van der Walt & Smith 2015), perceptually uniform and black at zero. OKLab: Ottosson 2020.
 */
import { quickselect } from 'd3-array';
import { interpolateInferno } from 'd3-scale-chromatic';
import type { MapData } from '../../runtime/protocol.ts';
import { once } from './once.ts';
import type { DisplayMode, LimitSetting } from './types.ts';

export type Rgb = readonly [red: number, green: number, blue: number];

/** Entries of a lookup table. Entry 0 stands for values that are no number. */
export const LUT_SIZE = 256;
/** Entry of zero in a diverging table: −limit is entry 1, +limit is entry 255. */
export const SIGNED_ZERO = 128;
/** Entry of zero in a sequential table, whose limit is entry 255. */
export const SEQUENTIAL_ZERO = 1;

/** Lightness of the scale's two ends. Both hues reach their greatest chroma in sRGB near it. */
const END_LIGHTNESS = 0.47;
const END_CHROMA = 0.2;
const HUE_FOR = 27;
const HUE_AGAINST = 262;
/** Neither sign, neither side: positions whose value is not a number. */
const NOT_A_NUMBER: Rgb = [128, 128, 128];

/** sRGB component 0…1 of a linear one, not clipped. */
function encode(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}

/** Linear sRGB of OKLCH; components outside 0…1 lie outside the gamut. Hue in degrees. */
function linearFromOklch(lightness: number, chroma: number, hue: number): Rgb {
  const angle = (hue * Math.PI) / 180;
  const a = chroma * Math.cos(angle);
  const b = chroma * Math.sin(angle);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

/** 8-bit sRGB of OKLCH. Chroma is reduced until the colour exists, lightness and hue are kept. */
export function oklch(lightness: number, chroma: number, hue: number): Rgb {
  const inGamut = (c: number) => linearFromOklch(lightness, c, hue).every((v) => v >= -1e-6 && v <= 1 + 1e-6);
  let fits = chroma;
  if (!inGamut(chroma)) {
    fits = 0;
    let tooMuch = chroma;
    for (let step = 0; step < 20; step++) {
      const middle = (fits + tooMuch) / 2;
      if (inGamut(middle)) fits = middle;
      else tooMuch = middle;
    }
  }
  const [r, g, b] = linearFromOklch(lightness, fits, hue);
  const byte = (v: number) => Math.round(255 * encode(Math.min(1, Math.max(0, v))));
  return [byte(r), byte(g), byte(b)];
}

/** d3's table of the scale is written as `#rrggbb`. */
function fromHex(hex: string): Rgb {
  const number = Number.parseInt(hex.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

function diverging(): readonly Rgb[] {
  const side = SIGNED_ZERO - 1;
  return Array.from({ length: LUT_SIZE }, (_, entry) => {
    if (entry === 0) return NOT_A_NUMBER;
    const t = (entry - SIGNED_ZERO) / side;
    const size = Math.abs(t);
    return oklch(1 - size * (1 - END_LIGHTNESS), size * END_CHROMA, t > 0 ? HUE_FOR : HUE_AGAINST);
  });
}

function sequential(colour: (t: number) => Rgb): readonly Rgb[] {
  return Array.from({ length: LUT_SIZE }, (_, entry) =>
    entry === 0 ? NOT_A_NUMBER : colour((entry - SEQUENTIAL_ZERO) / (LUT_SIZE - 1 - SEQUENTIAL_ZERO)),
  );
}

const LUTS: Readonly<Record<DisplayMode, readonly Rgb[]>> = {
  signed: diverging(),
  positive: sequential((t) => oklch(1 - t * (1 - END_LIGHTNESS), t * END_CHROMA, HUE_FOR)),
  magnitude: sequential((t) => fromHex(interpolateInferno(t))),
};

/** The 256 colours of a display mode. */
export function lut(mode: DisplayMode): readonly Rgb[] {
  return LUTS[mode];
}

/** Entry of `lut(mode)` for a value; values beyond ±limit take the ends. A limit of 0 makes everything zero. */
export function lutEntry(value: number, limit: number, mode: DisplayMode): number {
  if (Number.isNaN(value)) return 0;
  const scaled = limit > 0 ? value / limit : 0;
  if (mode === 'signed') return SIGNED_ZERO + Math.round(Math.min(1, Math.max(-1, scaled)) * (SIGNED_ZERO - 1));
  const size = mode === 'magnitude' ? Math.abs(scaled) : Math.max(0, scaled);
  return SEQUENTIAL_ZERO + Math.round(Math.min(1, size) * (LUT_SIZE - 1 - SEQUENTIAL_ZERO));
}

/** Colour of one value. */
export function colourOf(value: number, limit: number, mode: DisplayMode): Rgb {
  return lut(mode)[lutEntry(value, limit, mode)] ?? NOT_A_NUMBER;
}

/** CSS gradient of a mode from −limit (or 0) at the left to +limit at the right. */
export function cssGradient(mode: DisplayMode, stops = 33): string {
  const table = lut(mode);
  const colours = Array.from({ length: stops }, (_, i) => {
    const [r, g, b] = table[1 + Math.round((i / (stops - 1)) * (LUT_SIZE - 2))] ?? NOT_A_NUMBER;
    return `rgb(${r} ${g} ${b})`;
  });
  return `linear-gradient(to right, ${colours.join(', ')})`;
}

/** Largest finite |r|; 0 for a map of zeros. */
export const maximumMagnitude = once((values: Float32Array): number => {
  let maximum = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > maximum && size < Infinity) maximum = size;
  }
  return maximum;
});

/**
 * Percentile of the finite |r|, linear between order statistics (Hyndman & Fan's type 7, numpy's default). Where the
 * percentile is 0 though the map is not (very sparse maps), the maximum is taken. 0 only for a map of zeros.
 */
export function symmetricLimit(values: Float32Array, percentile = 99.5): number {
  const sizes = new Float32Array(values.length);
  let count = 0;
  for (const value of values) if (Number.isFinite(value)) sizes[count++] = Math.abs(value);
  if (count === 0) return 0;
  const finite = sizes.subarray(0, count);
  const position = ((count - 1) * Math.min(100, Math.max(0, percentile))) / 100;
  const below = Math.floor(position);
  quickselect(finite, below);
  const lower = finite[below] ?? 0;
  let upper = lower;
  if (position > below) {
    upper = Infinity;
    for (let i = below + 1; i < count; i++) upper = Math.min(upper, finite[i] ?? Infinity);
  }
  const limit = lower + (position - below) * (upper - lower);
  return limit > 0 ? limit : maximumMagnitude(finite);
}

const limits = once((_: Float32Array) => new Map<number, number>());

/** `symmetricLimit`, remembered: the interface asks at every render. */
function limitOf(values: Float32Array, percentile: number): number {
  const known = limits(values);
  const limit = known.get(percentile) ?? symmetricLimit(values, percentile);
  known.set(percentile, limit);
  return limit;
}

/**
 * End of the colour scale for one or several maps together: the percentile is taken over the values of all of them, so
 * that equal colours mean equal values. Never 0, so that a scale can be drawn for a map of zeros.
 */
export function resolveLimit(maps: readonly MapData[], setting: LimitSetting): number {
  if (setting.kind === 'fixed') return setting.limit;
  const [only] = maps;
  if (maps.length === 1 && only) return limitOf(only.values, setting.percentile) || 1;
  const pooled = new Float32Array(maps.reduce((sum, map) => sum + map.values.length, 0));
  let offset = 0;
  for (const { values } of maps) {
    pooled.set(values, offset);
    offset += values.length;
  }
  return symmetricLimit(pooled, setting.percentile) || 1;
}

/**
 * The map as a density: every value over the mean |r|, so that ±1 is what each position would have if all relevance were
 * spread evenly. Makes maps of different units and different numbers of positions comparable. A map of zeros is kept.
 */
export function relativeDensity(map: MapData): MapData {
  let total = 0;
  let count = 0;
  for (const value of map.values) {
    if (!Number.isFinite(value)) continue;
    total += Math.abs(value);
    count++;
  }
  return total > 0 ? { ...map, values: map.values.map((value) => (value * count) / total) } : map;
}
