/** The files of `public/` the studio reads, and the schemas they must pass. Paths in them are relative to the file. */
import * as z from 'zod';
import { METHOD_IDS } from '../explain/explainer.ts';
import { HeliographError } from '../graph/errors.ts';
import type { MapData, Preprocessing } from '../runtime/protocol.ts';
import { preprocessingSchema } from './state.ts';

/** What `training/` writes beside the bundled model. */
export const cardSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  title: z.string(),
  file: z.string(),
  bytes: z.number(),
  input: z.object({
    layout: preprocessingSchema.shape.layout,
    height: preprocessingSchema.shape.height,
    width: preprocessingSchema.shape.width,
    channels: preprocessingSchema.shape.channels,
    mean: preprocessingSchema.shape.mean,
    std: preprocessingSchema.shape.std,
    scale: z.enum(['0-1', '0-255']),
    resize: z.object({ short: z.int().positive(), interpolation: preprocessingSchema.shape.interpolation }),
  }),
  output: z.object({ classes: z.int().positive(), labels: z.string() }),
  licence: z.string(),
  source: z.string(),
  citation: z.string(),
  measured: z
    .object({ top1: z.number(), top5: z.number(), images: z.number(), dataset: z.string(), maxLogitDifference: z.number() })
    .nullable(),
});
export type ModelCard = z.infer<typeof cardSchema>;

/** The card's input as the runtime takes it. */
export function preprocessingOfCard({ input }: ModelCard): Preprocessing {
  const { scale, resize, ...rest } = input;
  return { ...rest, scale: scale === '0-1' ? 1 : 255, resizeShort: resize.short, interpolation: resize.interpolation };
}

const photographSchema = z.object({
  id: z.string(),
  file: z.string(),
  title: z.string(),
  /** What it shows, for those who do not see it. */
  alt: z.string(),
  attribution: z.string(),
  source: z.string(),
  licence: z.string(),
});
export type Photograph = z.infer<typeof photographSchema>;

const gallerySchema = z.array(photographSchema);

const firstLookSchema = z.object({
  model: z.string(),
  /** The model's title. */
  title: z.string(),
  image: z.string(),
  method: z.enum(METHOD_IDS),
  /** Name of the class explained. */
  target: z.string(),
  score: z.number(),
  /** Photograph as the model saw it. */
  picture: z.string(),
  top5: z.array(z.object({ index: z.int(), label: z.string(), probability: z.number(), logit: z.number() })),
  /** Relevance in 8 bits: value = byte / 127 · limit, row-major, base64. */
  map: z.object({ height: z.int(), width: z.int(), limit: z.number().positive(), bytes: z.string() }),
});

/** A result computed beforehand and stored, shown until the engine has its own. */
export interface FirstLook extends Omit<z.infer<typeof firstLookSchema>, 'map'> {
  readonly map: MapData;
  readonly pictureUrl: string;
}

/** Where the bundled model, photographs and the first look are read from. A test gives its own. */
export interface Library {
  card(id: string): Promise<{ readonly card: ModelCard; readonly url: string; readonly labels: readonly string[] }>;
  gallery(): Promise<readonly Photograph[]>;
  photographUrl(photograph: Photograph): string;
  firstLook(): Promise<FirstLook>;
}

/** @param root address of the folder that holds `models/`, `images/` and `first-look/`, ending in a slash */
export function createLibrary(root: string, get: (url: string) => Promise<Response> = (url) => fetch(url)): Library {
  async function read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    let response: Response;
    try {
      response = await get(new URL(path, root).href);
    } catch (cause) {
      throw new HeliographError('download-failed', `${path} could not be loaded.`, 'Check the connection and reload.', { cause });
    }
    if (!response.ok) {
      throw new HeliographError('download-failed', `${path} could not be loaded (${response.status}).`, 'Reload the page.');
    }
    const result = schema.safeParse(await response.json().catch(() => null));
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw new HeliographError(
      'bad-document',
      `${path} is damaged: ${issue?.path.join('.')} ${issue?.message}.`,
      'Reload the page.',
    );
  }

  // The gallery is asked for by several panels and does not change.
  let photographs: Promise<readonly Photograph[]> | null = null;

  return {
    async card(id) {
      const path = `models/${encodeURIComponent(id)}/card.json`;
      const card = await read(path, cardSchema);
      const beside = (file: string) => new URL(file, new URL(path, root)).href;
      const labels = await read(beside(card.output.labels), z.array(z.string()));
      return { card, url: beside(card.file), labels };
    },
    gallery() {
      photographs ??= read('images/gallery.json', gallerySchema);
      photographs.catch(() => {
        photographs = null;
      });
      return photographs;
    },
    photographUrl: ({ file }) => new URL(`images/${file}`, root).href,
    async firstLook() {
      const { map, ...rest } = await read('first-look/first-look.json', firstLookSchema);
      const bytes = Int8Array.from(atob(map.bytes), (letter) => letter.charCodeAt(0));
      return {
        ...rest,
        pictureUrl: new URL(`first-look/${rest.picture}`, root).href,
        map: { height: map.height, width: map.width, values: Float32Array.from(bytes, (byte) => (byte / 127) * map.limit) },
      };
    },
  };
}
