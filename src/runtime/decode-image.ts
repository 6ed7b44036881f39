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
 * @throws HeliographError `bad-image` naming what is wrong with the file and what to do
 */
export async function decodeImage(file: Blob, name = 'The image'): Promise<DecodedImage> {
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
  if (stated !== null && stated.width * stated.height > LARGEST_FILE_PIXELS) {
    throw new HeliographError(
      'bad-image',
      `${name} has ${stated.width} × ${stated.height} pixels, more than can be decoded safely.`,
      'Save a copy of at most 100 megapixels and use that.',
    );
  }
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
    return pixelsOf(bitmap, isAnimated(head, format));
  } finally {
    bitmap.close();
  }
}

function pixelsOf(bitmap: ImageBitmap, animated: boolean): DecodedImage {
  const notices: string[] = [];
  const count = bitmap.width * bitmap.height;
  if (count > LARGEST_FILE_PIXELS) {
    throw new HeliographError(
      'bad-image',
      `The image has ${bitmap.width} × ${bitmap.height} pixels.`,
      'Save a copy of at most 100 megapixels.',
    );
  }
  const ratio = Math.min(1, Math.sqrt(LARGEST_DECODED_PIXELS / count));
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
  return format === 'jpeg' ? jpegSize(view) : null;
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

/** Whether the file's header announces more than one frame (APNG, animated WebP, looping GIF). */
export function isAnimated(head: Uint8Array, format: ImageFormat): boolean {
  const contains = (text: string) => {
    const bytes = [...text].map((letter) => letter.charCodeAt(0));
    for (let at = head.indexOf(bytes[0] ?? 0); at >= 0; at = head.indexOf(bytes[0] ?? 0, at + 1)) {
      if (bytes.every((byte, index) => head[at + index] === byte)) return true;
    }
    return false;
  };
  if (format === 'png') return contains('acTL');
  if (format === 'webp') return contains('ANIM');
  return format === 'gif' && contains('NETSCAPE2.0');
}
