/** From an image file to pixels, by the browser's own decoders. Browser only; the command line decodes by other means. */
import { HeliographError } from '../graph/errors.ts';
import type { Pixels } from './preprocess.ts';

export interface DecodedImage {
  readonly pixels: Pixels;
  /** Sentences worth telling: scaled down, only the first frame, no colour. */
  readonly notices: readonly string[];
}

/** More than any input layer needs, little enough to decode: 8-bit RGBA of this size takes 64 MB. */
const LARGEST_DECODED_PIXELS = 16e6;
/** A browser decodes the whole file before it scales; beyond this the decoder itself may exhaust memory. */
const LARGEST_FILE_PIXELS = 100e6;
const LARGEST_FILE_BYTES = 256 * 2 ** 20;

/**
 * Decodes the first frame upright (EXIF orientation applied) in sRGB.
 *
 * @param mostPixels larger images are scaled down to so many
 * @throws HeliographError `bad-image` naming what is wrong with the file and what to do
 */
export async function decodeImage(file: Blob, name = 'The image', mostPixels = LARGEST_DECODED_PIXELS): Promise<DecodedImage> {
  if (file.size === 0) throw new HeliographError('bad-image', `${name} is empty.`, 'Choose another file.');
  if (file.size > LARGEST_FILE_BYTES) {
    throw new HeliographError(
      'bad-image',
      `${name} has ${Math.round(file.size / 2 ** 20)} MB.`,
      'Save a smaller copy and use that.',
    );
  }
  const head = new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer());
  const format = formatOf(head);
  if (format === 'svg') {
    throw new HeliographError('bad-image', `${name} is a drawing (SVG), not a photograph.`, 'Save it as PNG and use that.');
  }
  const stated = statedSize(head, format);
  if (stated !== null) assertDecodable(stated, name);
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image', premultiplyAlpha: 'none' }).catch(
    (cause: unknown) => {
      throw new HeliographError(
        'bad-image',
        `${name} cannot be decoded: it is damaged, or in a form this browser does not know.`,
        'Save it as PNG or as RGB JPEG and use that.',
        { cause },
      );
    },
  );
  try {
    return pixelsOf(bitmap, name, mostPixels, isAnimated(head, format));
  } finally {
    bitmap.close();
  }
}

function assertDecodable({ width, height }: { width: number; height: number }, name: string): void {
  if (width * height <= LARGEST_FILE_PIXELS) return;
  throw new HeliographError(
    'bad-image',
    `${name} has ${width} × ${height} pixels, more than can be decoded safely.`,
    'Save a copy of at most 100 megapixels and use that.',
  );
}

function pixelsOf(bitmap: ImageBitmap, name: string, mostPixels: number, animated: boolean): DecodedImage {
  const notices: string[] = [];
  assertDecodable(bitmap, name);
  const count = bitmap.width * bitmap.height;
  const ratio = Math.min(1, Math.sqrt(mostPixels / count));
  const width = Math.max(1, Math.floor(bitmap.width * ratio));
  const height = Math.max(1, Math.floor(bitmap.height * ratio));
  if (ratio < 1) notices.push(`The image has ${bitmap.width} × ${bitmap.height} pixels and was scaled to ${width} × ${height}.`);
  if (animated) notices.push('The image is animated; its first frame is used.');
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null)
    throw new HeliographError('out-of-memory', 'There is no memory to decode the image.', 'Close other tabs and try again.');
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { pixels: { width, height, channels: 4, data }, notices };
}

/** Enough for the size fields and animation marks of every format below, metadata in front of a JPEG's frame included. */
const HEADER_BYTES = 256 * 1024;

export type ImageFormat = 'jpeg' | 'png' | 'gif' | 'webp' | 'svg' | 'other';

/** The format by the file's first bytes; names and MIME types lie. */
export function formatOf(head: Uint8Array): ImageFormat {
  const ascii = (from: number, to: number) => String.fromCharCode(...head.subarray(from, to));
  if (head[0] === 0xff && head[1] === 0xd8) return 'jpeg';
  if (ascii(1, 4) === 'PNG') return 'png';
  if (ascii(0, 3) === 'GIF') return 'gif';
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp';
  if (
    /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]/i.test(
      new TextDecoder().decode(head.subarray(0, 4096)),
    )
  )
    return 'svg';
  return 'other';
}

/** Width and height as the header states them, so that a picture too large is refused before it is decoded; null where unknown. */
export function statedSize(head: Uint8Array, format: ImageFormat): { width: number; height: number } | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (format === 'png' && head.length >= 24) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (format === 'gif' && head.length >= 10) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (format === 'webp' && head.length >= 30) return webpSize(view);
  return format === 'jpeg' ? jpegSize(view) : null;
}

/** By the first chunk: extended, lossless or plain (RFC 9649). */
function webpSize(view: DataView): { width: number; height: number } {
  const chunk = String.fromCharCode(view.getUint8(12), view.getUint8(13), view.getUint8(14), view.getUint8(15));
  if (chunk === 'VP8X') {
    const side = (at: number) => 1 + view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
    return { width: side(24), height: side(27) };
  }
  if (chunk === 'VP8L') {
    const sides = view.getUint32(21, true);
    return { width: 1 + (sides & 0x3fff), height: 1 + ((sides >> 14) & 0x3fff) };
  }
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}

/** Walks the segments of a JPEG to its start of frame. */
function jpegSize(view: DataView): { width: number; height: number } | null {
  let at = 2;
  while (at + 9 < view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    // C0…CF are frames, but for C4 (Huffman tables), C8 (reserved) and CC (arithmetic conditioning).
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** Whether the file's header shows more than one frame (APNG, animated WebP, GIF). */
export function isAnimated(head: Uint8Array, format: ImageFormat): boolean {
  if (format === 'png') return contains(head, 'acTL');
  if (format === 'webp') return contains(head, 'ANIM');
  return format === 'gif' && (contains(head, 'NETSCAPE2.0') || gifFrames(head) > 1);
}

function contains(head: Uint8Array, text: string): boolean {
  const bytes = [...text].map((letter) => letter.charCodeAt(0));
  for (let at = head.indexOf(bytes[0] ?? 0); at >= 0; at = head.indexOf(bytes[0] ?? 0, at + 1)) {
    if (bytes.every((byte, index) => head[at + index] === byte)) return true;
  }
  return false;
}

/** Number of frames that begin within the header bytes; a GIF need not say that it repeats. */
function gifFrames(head: Uint8Array): number {
  const byte = (at: number) => head[at] ?? 0;
  const colours = (flags: number) => ((flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1));
  const afterBlocks = (start: number) => {
    let at = start;
    while (byte(at) !== 0) at += byte(at) + 1;
    return at + 1;
  };
  let frames = 0;
  let at = 13 + colours(byte(10));
  while (at < head.length) {
    if (byte(at) === 0x2c) {
      frames += 1;
      at = afterBlocks(at + 11 + colours(byte(at + 9)));
    } else if (byte(at) === 0x21) at = afterBlocks(at + 2);
    else break;
  }
  return frames;
}
