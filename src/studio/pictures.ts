/** Photographs of any kind the browser can decode, as plain pixels. */
import { HeliographError } from '../graph/errors.ts';
import type { Pixels, SourceWindow } from '../runtime/preprocess.ts';

/** Larger pictures are scaled down on arrival: no model looks closer, and resampling stays within a frame. Pixels. */
const LONGEST_SIDE = 1536;
/** Browsers decode a picture as a whole; beyond this the tab is at risk. Bytes of the file. */
const LARGEST_FILE = 100e6;

/** Long side of the picture on the stage, in pixels. */
const SCREEN_SIDE = 960;

export interface Decoded {
  readonly pixels: Pixels;
  readonly note: string;
}

/**
 * Decodes a picture: upright by its EXIF orientation, in sRGB, the first frame of an animation, at most 1536 pixels long.
 * @throws HeliographError `bad-image`
 */
export async function decodePicture(file: Blob, name: string): Promise<Decoded> {
  if (file.size === 0) throw unreadable(name, 'is empty');
  if (file.size > LARGEST_FILE)
    throw unreadable(name, `has ${Math.round(file.size / 1e6)} MB, more than a browser can decode safely`);
  let bitmap: ImageBitmap;
  try {
    bitmap = await decode(file);
  } catch (cause) {
    throw unreadable(name, 'is no picture this browser can decode, or it is damaged', cause);
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const notes: string[] = [];
  if (scale < 1) notes.push(`Scaled down from ${bitmap.width} × ${bitmap.height} pixels.`);
  if (file.type === 'image/gif') notes.push('The first frame is used.');
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  try {
    return { pixels: draw(bitmap, width, height), note: notes.join(' ') };
  } finally {
    bitmap.close();
  }
}

async function decode(file: Blob): Promise<ImageBitmap> {
  if (file.type !== 'image/svg+xml') return createImageBitmap(file, { imageOrientation: 'from-image' });
  // createImageBitmap takes no SVG files, an image element does; scripts and links inside do not run there.
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return await createImageBitmap(image);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** One frame of a playing video as pixels. */
export function grabFrame(video: HTMLVideoElement): Pixels {
  return draw(video, video.videoWidth, video.videoHeight);
}

function draw(source: CanvasImageSource, width: number, height: number): Pixels {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw noRoom();
  context.imageSmoothingQuality = 'high';
  context.drawImage(source, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, channels: 4, data };
}

/** Pixels as the canvas takes them, alpha added where there is none. */
export function toImageData({ width, height, channels, data }: Pixels): ImageData {
  const rgba = new Uint8ClampedArray(width * height * 4);
  if (channels === 4) rgba.set(data);
  else {
    for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
      rgba.set([data[from] ?? 0, data[from + 1] ?? 0, data[from + 2] ?? 0, 255], to);
    }
  }
  return new ImageData(rgba, width, height);
}

/** The part of a picture the model sees, at screen resolution; grey where it reaches beyond the picture. */
export function cutOut(pixels: Pixels, window: SourceWindow): ImageData {
  const scale = Math.min(1, SCREEN_SIDE / Math.max(window.width, window.height));
  const width = Math.max(1, Math.round(window.width * scale));
  const height = Math.max(1, Math.round(window.height * scale));
  const whole = new OffscreenCanvas(pixels.width, pixels.height);
  whole.getContext('2d')?.putImageData(toImageData(pixels), 0, 0);
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw noRoom();
  context.imageSmoothingQuality = 'high';
  context.fillStyle = 'rgb(128 128 128)';
  context.fillRect(0, 0, width, height);
  context.scale(width / window.width, height / window.height);
  context.drawImage(whole, -window.x, -window.y);
  return context.getImageData(0, 0, width, height);
}

function noRoom(): HeliographError {
  return new HeliographError('out-of-memory', 'The browser has no room for another picture.', 'Close other tabs.');
}

function unreadable(name: string, what: string, cause?: unknown): HeliographError {
  return new HeliographError('bad-image', `${name} ${what}.`, 'Choose a JPEG, PNG, WebP, AVIF or GIF file.', { cause });
}
