/** From decoded pixels to the model's input, and back for showing what the model sees. Page and command line share this code. */
import { HeliographError } from '../graph/errors.ts';
import type { Preprocessing } from './protocol.ts';
import { type RgbImage, resize } from './resize.ts';

/** Decoded 8-bit pixels, interleaved RGB or RGBA (not premultiplied). */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * How an image of another aspect ratio meets the model's input: `crop` scales its short side to `resizeShort` and takes the
 * centre, `fit` shows all of it between bars of the mean colour, `stretch` distorts it.
 */
export type CropChoice = 'crop' | 'fit' | 'stretch';

/**
 * The rectangle of the source image, in its pixels, that the model's whole input covers. With `fit` it reaches beyond the
 * image. Input pixel u of W lies at x + (u + ½)/W · width.
 */
export interface SourceWindow {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Preprocessed {
  /** [1, C, H, W] or [1, H, W, C] as the preprocessing says. */
  readonly input: Float32Array;
  readonly window: SourceWindow;
}

interface Placement {
  /** Size of the resized image. */
  readonly width: number;
  readonly height: number;
  /** Where the resized image's origin falls in the model's input; negative where it is cropped. */
  readonly left: number;
  readonly top: number;
}

/** @throws HeliographError `bad-image` for an image without pixels or whose data does not fill its size */
export function preprocess(pixels: Pixels, preprocessing: Preprocessing, choice: CropChoice): Preprocessed {
  const { width, height, channels, data } = pixels;
  if (width < 1 || height < 1 || data.length !== width * height * channels) {
    throw new HeliographError(
      'bad-image',
      `The image of ${width} × ${height} pixels has no usable pixel data.`,
      'Choose another image.',
    );
  }
  const place = placementOf(width, height, preprocessing, choice);
  const left = Math.max(0, place.left);
  const top = Math.max(0, place.top);
  const resized = resize(toRgb(pixels), place.width, place.height, preprocessing.interpolation, {
    x: left - place.left,
    y: top - place.top,
    width: Math.min(place.left + place.width, preprocessing.width) - left,
    height: Math.min(place.top + place.height, preprocessing.height) - top,
  });
  const scaleX = width / place.width;
  const scaleY = height / place.height;
  return {
    input: normalise(resized, left, top, preprocessing),
    window: {
      x: (0 - place.left) * scaleX,
      y: (0 - place.top) * scaleY,
      width: preprocessing.width * scaleX,
      height: preprocessing.height * scaleY,
    },
  };
}

function placementOf(width: number, height: number, model: Preprocessing, choice: CropChoice): Placement {
  if (choice === 'stretch') return { width: model.width, height: model.height, left: 0, top: 0 };
  const scaleX = model.width / width;
  const scaleY = model.height / height;
  // A resizeShort below the input's own side would leave bars; the image covers the input at least.
  const margin = choice === 'crop' ? Math.max(1, model.resizeShort / Math.min(model.width, model.height)) : 1;
  const scale = (choice === 'crop' ? Math.max(scaleX, scaleY) : Math.min(scaleX, scaleY)) * margin;
  // The side that sets the scale is exact; the other is truncated, as the usual evaluation transforms do.
  const exact = (side: number, ratio: number) =>
    Math.max(1, ratio * margin === scale ? Math.round(side * scale) : Math.trunc(side * scale + 1e-6));
  const resizedWidth = exact(width, scaleX);
  const resizedHeight = exact(height, scaleY);
  return {
    width: resizedWidth,
    height: resizedHeight,
    left: -roundHalfEven((resizedWidth - model.width) / 2),
    top: -roundHalfEven((resizedHeight - model.height) / 2),
  };
}

/** Centre crops of the training frameworks round a half to the even number. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Drops the alpha channel by laying the image on white. */
function toRgb({ width, height, channels, data }: Pixels): RgbImage {
  if (channels === 3) return { width, height, data };
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3] ?? 255;
    for (let channel = 0; channel < 3; channel += 1) {
      rgb[to + channel] = Math.round(((data[from + channel] ?? 0) * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return { width, height, data: rgb };
}

/** The channel order of the model: which of red, green, blue each of its channels takes. */
function channelOrder(preprocessing: Preprocessing): readonly number[] {
  switch (preprocessing.channels) {
    case 'RGB':
      return [0, 1, 2];
    case 'BGR':
      return [2, 1, 0];
    case 'gray':
      return [0];
  }
}

/** ITU-R 601 luma in 16-bit fixed point, rounded. */
function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/** Writes the resized image at (left, top) of the input; what it does not cover keeps 0, which is the mean colour. */
function normalise(image: RgbImage, left: number, top: number, preprocessing: Preprocessing): Float32Array {
  const { width, height, layout, scale, mean, std, channels } = preprocessing;
  const order = channelOrder(preprocessing);
  const input = new Float32Array(width * height * order.length);
  const pixelStep = layout === 'NCHW' ? 1 : order.length;
  const channelStep = layout === 'NCHW' ? width * height : 1;
  for (let y = 0; y < image.height; y += 1) {
    for (let x = 0; x < image.width; x += 1) {
      const from = (y * image.width + x) * 3;
      const to = ((y + top) * width + x + left) * pixelStep;
      order.forEach((source, channel) => {
        const value =
          channels === 'gray'
            ? luma(image.data[from] ?? 0, image.data[from + 1] ?? 0, image.data[from + 2] ?? 0)
            : (image.data[from + source] ?? 0);
        input[to + channel * channelStep] = ((value / 255) * scale - (mean[channel] ?? 0)) / (std[channel] ?? 1);
      });
    }
  }
  return input;
}

/**
 * The picture a model's input shows, the inverse of the normalisation.
 *
 * @param input [1, C, H, W] or [1, H, W, C] as the preprocessing says
 * @returns RGBA of preprocessing.width × preprocessing.height, opaque
 */
export function deprocess(input: Float32Array, preprocessing: Preprocessing): Uint8ClampedArray<ArrayBuffer> {
  const { width, height, layout, scale, mean, std, channels } = preprocessing;
  const order = channelOrder(preprocessing);
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  const pixelStep = layout === 'NCHW' ? 1 : order.length;
  const channelStep = layout === 'NCHW' ? width * height : 1;
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    order.forEach((target, channel) => {
      const value = input[pixel * pixelStep + channel * channelStep] ?? 0;
      const shown = ((value * (std[channel] ?? 1) + (mean[channel] ?? 0)) / scale) * 255;
      rgba[pixel * 4 + target] = shown;
      if (channels === 'gray') {
        rgba[pixel * 4 + 1] = shown;
        rgba[pixel * 4 + 2] = shown;
      }
    });
  }
  return rgba;
}
