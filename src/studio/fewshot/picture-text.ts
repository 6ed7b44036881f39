/** Pictures as data addresses and back, small enough that an episode of many lies in a session or a file of some megabytes. */
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import { HeliographError } from '../../graph/errors.ts';
import { decodeImage } from '../../runtime/decode-image.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import { toImageData } from '../pictures.ts';
import { boundedCache } from './bounded-cache.ts';

/** Long side of a stored picture, in pixels: what the learners' inputs need, and no more. */
export const LONGEST_SIDE = 256;
/** A photograph of that size takes about 20 kB at this quality. */
const JPEG_QUALITY = 0.9;
/** Bytes of decoded pictures that are kept: two hundred of the largest. */
const MOST_KEPT = 64 * 2 ** 20;
/** Letters per call of `fromCharCode`, which takes them as arguments. */
const CHUNK = 0x8000;

export type Canvas = HTMLCanvasElement | OffscreenCanvas;

/** Size of the stored copy: the long side at most `LONGEST_SIDE`, never enlarged. */
export function storedSize(width: number, height: number): { readonly width: number; readonly height: number } {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/**
 * A copy of a picture as a data address, on white: a drawing without loss (PNG), a photograph as JPEG, which every browser writes.
 *
 * @throws HeliographError `bad-image` for a picture without pixels, `out-of-memory`
 */
export async function encodePicture(picture: Pixels | Canvas, domain: LearnerCard['domain']): Promise<string> {
  if (picture.width < 1 || picture.height < 1) {
    throw new HeliographError('bad-image', 'The picture has no pixels.', 'Choose another picture.');
  }
  const { width, height } = storedSize(picture.width, picture.height);
  const context = contextOf(width, height);
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage('data' in picture ? canvasOf(picture) : picture, 0, 0, width, height);
  const blob = await context.canvas.convertToBlob(
    domain === 'drawings' ? { type: 'image/png' } : { type: 'image/jpeg', quality: JPEG_QUALITY },
  );
  return `data:${blob.type};base64,${toBase64(new Uint8Array(await blob.arrayBuffer()))}`;
}

/** The picture of a data address. */
export type DecodePicture = (address: string) => Promise<Pixels>;

/**
 * The picture of a data address, remembered as long as there is room.
 *
 * @throws HeliographError `bad-image`
 */
export const decodePicture: DecodePicture = pictureDecoder(async (file, name) => (await decodeImage(file, name)).pixels);

/** A `decodePicture` with a decoder and a memory of its own. */
export function pictureDecoder(decode: (file: Blob, name: string) => Promise<Pixels>, most = MOST_KEPT): DecodePicture {
  const cache = boundedCache<Pixels>(most, ({ data }) => data.byteLength);
  return (address) => cache(address, async () => decode(blobOf(address), 'The picture'));
}

/** The bytes behind a data address. The page's Content-Security-Policy forbids fetching them. */
function blobOf(address: string): Blob {
  const [head = '', body = ''] = address.split(',', 2);
  const type = /^data:(image\/[a-z]+);base64$/.exec(head)?.[1];
  try {
    if (type === undefined) throw new TypeError(`not a picture: ${head.slice(0, 40)}`);
    return new Blob([Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0))], { type });
  } catch (cause) {
    throw new HeliographError('bad-image', 'The picture is damaged.', 'Take it away, or put another in its place.', { cause });
  }
}

function toBase64(bytes: Uint8Array): string {
  let letters = '';
  for (let at = 0; at < bytes.length; at += CHUNK) letters += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(letters);
}

function canvasOf(pixels: Pixels): OffscreenCanvas {
  const context = contextOf(pixels.width, pixels.height);
  context.putImageData(toImageData(pixels), 0, 0);
  return context.canvas;
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (context) return context;
  throw new HeliographError('out-of-memory', 'The browser has no room for another picture.', 'Close other tabs.');
}
