/** Quantised arrays as texels: four channels a texel, a layer a texel stack, and the affine map that undoes the quantisation. */
import type { QuantisedArray } from './scene.ts';

/** RGBA bytes, [layers, height, width, 4]. */
export interface TexelStack {
  readonly texels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly layers: number;
}

/** A channel's value is `step · (t + offset)`, t in [0, 1] as a texture gives it. */
export interface ChannelMap {
  readonly steps: readonly number[];
  readonly offsets: readonly number[];
}

/** A channel whose bytes change its value by less than this fraction is a constant, which `step · (t + offset)` could not hold. */
const NEGLIGIBLE = 1e-6;

function isConstant({ minimum, scale }: QuantisedArray, channel: number): boolean {
  return 255 * (scale[channel] ?? 0) <= NEGLIGIBLE * Math.max(Math.abs(minimum[channel] ?? 0), NEGLIGIBLE);
}

/** The affine map of every channel of an array, as `packTexels` stores it. */
export function channelMap(array: QuantisedArray): ChannelMap {
  const channels = array.minimum.map((minimum, channel) => {
    if (isConstant(array, channel)) return { step: 1, offset: minimum };
    const step = 255 * (array.scale[channel] ?? 1);
    return { step, offset: minimum / step };
  });
  return { steps: channels.map(({ step }) => step), offsets: channels.map(({ offset }) => offset) };
}

/**
 * Arrays of equal height and width one behind the other, as RGBA layers.
 *
 * @param arrays [C, H, W] or [C, W] (H = 1), C a multiple of 4
 */
export function packTexels(arrays: readonly QuantisedArray[]): TexelStack {
  const [first] = arrays;
  const width = first?.shape.at(-1) ?? 0;
  const height = first?.shape.length === 3 ? (first.shape[1] ?? 0) : 1;
  const area = width * height;
  const layers = arrays.reduce((sum, { minimum }) => sum + minimum.length / 4, 0);
  const texels = new Uint8Array(4 * area * layers);
  let before = 0;
  for (const array of arrays) {
    for (let channel = 0; channel < array.minimum.length; channel += 1) {
      if (isConstant(array, channel)) continue;
      const from = channel * area;
      const to = 4 * area * (before + Math.floor(channel / 4)) + (channel % 4);
      for (let texel = 0; texel < area; texel += 1) texels[to + 4 * texel] = array.bytes[from + texel] ?? 0;
    }
    before += array.minimum.length / 4;
  }
  return { texels, width, height, layers };
}
