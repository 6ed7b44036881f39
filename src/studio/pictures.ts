/** Pixels on canvases: what the camera gives, and what the stage shows. */
import { HeliographError } from '../graph/errors.ts';
import type { Pixels, SourceWindow } from '../runtime/preprocess.ts';

/** Long side of the picture on the stage, in pixels. */
const SCREEN_SIDE = 960;

/** One frame of a playing video. */
export function grabFrame(video: HTMLVideoElement): Pixels {
  const context = contextOf(video.videoWidth, video.videoHeight);
  context.drawImage(video, 0, 0);
  const { width, height, data } = context.getImageData(0, 0, video.videoWidth, video.videoHeight);
  return { width, height, channels: 4, data };
}

/** The square in the middle of a playing video's frame, scaled to `side` pixels. */
export function grabSquare(video: HTMLVideoElement, side: number): Pixels {
  const context = contextOf(side, side);
  const { videoWidth, videoHeight } = video;
  const cut = Math.min(videoWidth, videoHeight);
  context.imageSmoothingQuality = 'high';
  context.drawImage(video, (videoWidth - cut) / 2, (videoHeight - cut) / 2, cut, cut, 0, 0, side, side);
  return { width: side, height: side, channels: 4, data: context.getImageData(0, 0, side, side).data };
}

/** A picture of one colour, red, green and blue in 0…255. */
export function plainPicture([red, green, blue]: readonly [number, number, number]): Pixels {
  return { width: 1, height: 1, channels: 3, data: Uint8Array.of(red, green, blue) };
}

/** Pixels as the canvas takes them, alpha added where there is none. */
export function toImageData({ width, height, channels, data }: Pixels): ImageData {
  const rgba = new Uint8ClampedArray(width * height * 4);
  if (channels === 4) rgba.set(data);
  else {
    for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
      rgba[to] = data[from] ?? 0;
      rgba[to + 1] = data[from + 1] ?? 0;
      rgba[to + 2] = data[from + 2] ?? 0;
      rgba[to + 3] = 255;
    }
  }
  return new ImageData(rgba, width, height);
}

/** Samples a side that one pixel of a thumbnail is the mean of. */
const SAMPLES = 2;

/** A small copy of a big picture, good enough for a thumbnail and quick whatever its size; a small picture as it is. */
export function thumbnail(pixels: Pixels, side: number): ImageData {
  const { channels, data } = pixels;
  const scale = side / Math.max(pixels.width, pixels.height);
  if (scale >= 0.5) return toImageData(pixels);
  const width = Math.max(1, Math.round(pixels.width * scale));
  const height = Math.max(1, Math.round(pixels.height * scale));
  // Where the samples are taken, in pixels of the picture.
  const place = (index: number, from: number, count: number) => Math.floor(((index + 0.5) * from) / (count * SAMPLES));
  const columns = Int32Array.from({ length: width * SAMPLES }, (_, i) => place(i, pixels.width, width) * channels);
  const out = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, to += 4) {
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        for (let j = 0; j < SAMPLES; j += 1) {
          const row = place(y * SAMPLES + j, pixels.height, height) * pixels.width * channels + channel;
          for (let i = 0; i < SAMPLES; i += 1) sum += data[row + (columns[x * SAMPLES + i] ?? 0)] ?? 0;
        }
        out[to + channel] = sum / SAMPLES ** 2;
      }
    }
  }
  return new ImageData(out, width, height);
}

/** The part of a picture the model sees, at screen resolution; grey where it reaches beyond the picture. */
export function cutOut(pixels: Pixels, window: SourceWindow): ImageData {
  const scale = Math.min(1, SCREEN_SIDE / Math.max(window.width, window.height));
  const width = Math.max(1, Math.round(window.width * scale));
  const height = Math.max(1, Math.round(window.height * scale));
  const whole = contextOf(pixels.width, pixels.height);
  whole.putImageData(toImageData(pixels), 0, 0);
  const context = contextOf(width, height);
  context.imageSmoothingQuality = 'high';
  context.fillStyle = 'rgb(128 128 128)';
  context.fillRect(0, 0, width, height);
  context.scale(width / window.width, height / window.height);
  context.drawImage(whole.canvas, -window.x, -window.y);
  return context.getImageData(0, 0, width, height);
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new HeliographError('out-of-memory', 'The browser has no room for another picture.', 'Close other tabs.');
  return context;
}
