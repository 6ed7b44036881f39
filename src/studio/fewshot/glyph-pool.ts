/** A pool of `public/pools/`: one PNG a script, a row of tiles a class, loaded when a picture of it is first asked for. */
import * as z from 'zod';
import { byName } from '../../fewshot/episode.ts';
import { HeliographError } from '../../graph/errors.ts';
import { decodeImage } from '../../runtime/decode-image.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import { boundedCache } from './bounded-cache.ts';
import type { StudioPool } from './pool.ts';

const POOL_FORMAT = 'heliograph-pool';
const POOL_VERSION = 1;

const text = z.string().max(4000);
const side = z.int().min(1).max(1024);

const poolSchema = z
  .object({
    format: z.literal(POOL_FORMAT),
    version: z.literal(POOL_VERSION),
    name: z.string().regex(/^[\w.-]{1,80}$/, 'not a plain name'),
    title: text,
    domain: z.enum(['drawings', 'photographs']),
    licence: text,
    source: text,
    /** Of one picture. Picture i of a class lies in the class's row of its sprite, in column i. */
    tile: z.object({ width: side, height: side }),
    classes: z
      .array(
        z.object({
          name: z.string().min(1).max(80),
          images: z.int().min(1).max(1000),
          sprite: z.string().regex(/^[\w.-]{1,100}\.png$/, 'not a sprite of this folder'),
          row: z.int().min(0).max(1000),
        }),
      )
      .min(1)
      .max(10_000),
  })
  .refine(({ classes }) => classes.every(({ name }, at) => at === 0 || byName(classes[at - 1]?.name ?? '', name) < 0), {
    path: ['classes'],
    message: 'are not in the order of their names',
  });

/** Bytes of decoded sprites that are kept: about ten scripts. */
const MOST_KEPT = 64 * 2 ** 20;

type Get = (url: string) => Promise<Response>;
type Decode = (file: Blob, name: string) => Promise<Pixels>;

/**
 * The pool of drawn letters.
 *
 * @param root address of the folder that holds `pools/`, ending in a slash
 * @param decode decodes a sprite; in a worker, so that the page is not held up
 * @throws HeliographError `download-failed`, or `bad-document` where the pool's card is damaged or of another version
 */
export async function glyphPool(
  root: string,
  get: Get = (url) => fetch(url),
  decode: Decode = async (file, name) => (await decodeImage(file, name)).pixels,
): Promise<StudioPool> {
  const folder = new URL('pools/glyphs/', root);
  const load = async (file: string): Promise<Response> => {
    const failed = (why: string, cause?: unknown) =>
      new HeliographError(
        'download-failed',
        `The pool’s ${file} could not be loaded${why}.`,
        'Check the connection and try again.',
        {
          cause,
        },
      );
    const response = await get(new URL(file, folder).href).catch((cause: unknown) => {
      throw failed('', cause);
    });
    if (!response.ok) throw failed(` (${response.status})`);
    return response;
  };

  const answer = await load('pool.json');
  const result = poolSchema.safeParse(await answer.json().catch(() => null));
  if (!result.success) {
    const [issue] = result.error.issues;
    const place = issue?.path.join('.') || 'pool.json';
    throw new HeliographError('bad-document', `The pool’s card is damaged: ${place}: ${issue?.message}.`, 'Reload the page.');
  }
  const { name, title, domain, classes, tile, source, licence } = result.data;
  const sprites = boundedCache<Pixels>(MOST_KEPT, ({ data }) => data.byteLength);

  return {
    id: name,
    title,
    domain,
    classes: classes.map((entry) => ({ name: entry.name, size: entry.images })),
    note: `${source} ${licence}`,
    async picture(classIndex, image) {
      const entry = classes[classIndex];
      if (!entry || image < 0 || image >= entry.images)
        throw new RangeError('unreachable: episodes are drawn from what there is');
      const sprite = await sprites(entry.sprite, async () => decode(await (await load(entry.sprite)).blob(), entry.sprite));
      const region = { x: image * tile.width, y: entry.row * tile.height, ...tile };
      if (region.x + tile.width > sprite.width || region.y + tile.height > sprite.height) {
        throw new HeliographError(
          'bad-document',
          `The pool’s ${entry.sprite} is too small for “${entry.name}”.`,
          'Reload the page.',
        );
      }
      return cutRegion(sprite, region);
    },
  };
}

export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A copy of part of a picture, left and right exchanged where `mirrored`. The region lies within the picture. */
export function cutRegion({ width: stride, channels, data }: Pixels, region: Region, mirrored = false): Pixels {
  const { x, y, width, height } = region;
  const out = new Uint8ClampedArray(width * height * channels);
  for (let row = 0; row < height; row += 1) {
    const from = ((y + row) * stride + x) * channels;
    const to = row * width * channels;
    if (!mirrored) out.set(data.subarray(from, from + width * channels), to);
    else {
      for (let column = 0; column < width; column += 1) {
        const pixel = from + (width - 1 - column) * channels;
        out.set(data.subarray(pixel, pixel + channels), to + column * channels);
      }
    }
  }
  return { width, height, channels, data: out };
}
