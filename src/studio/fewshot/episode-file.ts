/** An own episode as a file: its classes with their pictures, the picture asked about and how the learner is set. */
import * as z from 'zod';
import { HeliographError } from '../../graph/errors.ts';
import { FEWSHOT_STATE } from './fewshot-settings.ts';
import { type OwnEpisode, ownEpisodeSchema, pictureSchema } from './own-episode.ts';
import { type DecodePicture, decodePicture } from './picture-text.ts';

const EPISODE_FORMAT = 'heliograph-episode';
const EPISODE_VERSION = 2;

/** Pictures looked at together when a file is read. */
const AT_ONCE = 8;
/** Damaged pictures a message names. */
const NAMED = 5;

/** How the learner is set, in the words of the table of settings. */
const settingsSchema = z.object({
  learner: FEWSHOT_STATE.learner.schema,
  innerSteps: FEWSHOT_STATE.innerSteps.schema,
  innerRate: FEWSHOT_STATE.innerRate.schema,
  assignments: FEWSHOT_STATE.assignments.schema,
  shuffle: FEWSHOT_STATE.shuffle.schema,
});

const episodeSchema = ownEpisodeSchema.unwrap().extend({
  title: z.string().max(200),
  /** The program that wrote it, for people. */
  savedWith: z.string().max(200).optional(),
  /** The picture asked about. */
  query: pictureSchema.nullish().transform((query) => query ?? null),
  settings: settingsSchema,
});

export interface EpisodeFile {
  readonly title: string;
  readonly savedWith?: string;
  readonly episode: OwnEpisode;
  readonly query: string | null;
  readonly settings: z.infer<typeof settingsSchema>;
}

/** Version 1 as far as the step to version 2 changes it: pictures had no origin. */
const firstSchema = z.looseObject({
  classes: z.array(z.looseObject({ images: z.array(z.unknown()) })),
});

/** From each older version to the next one; the last is judged by `episodeSchema`. */
const MIGRATIONS: Readonly<Record<number, (file: unknown) => unknown>> = {
  1: (file) => {
    const { classes, ...rest } = valid(firstSchema, file);
    // Where its pictures came from nobody wrote down; now they come from this file.
    const examples = (images: readonly unknown[]) => images.map((image) => ({ image, origin: 'file' }));
    return { ...rest, classes: classes.map(({ images, ...named }) => ({ ...named, examples: examples(images) })) };
  },
};

/** The text of an episode file, readable by people but for the pictures. */
export function writeEpisodeFile({ title, savedWith, episode, query, settings }: EpisodeFile): string {
  const head = { format: EPISODE_FORMAT, version: EPISODE_VERSION, title, savedWith };
  return `${JSON.stringify({ ...head, settings, query, classes: episode.classes }, null, 1)}\n`;
}

/**
 * Reads an episode file of this version or an older one.
 *
 * @throws HeliographError `bad-document`: no episode file, one of a newer version, a damaged one with the place of the damage, or one
 *   whose pictures cannot be decoded, by class and number
 */
export async function readEpisodeFile(text: string, decode: DecodePicture = decodePicture): Promise<EpisodeFile> {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw new HeliographError('bad-document', 'The file is not JSON, so it is no episode.', CHOOSE, { cause });
  }
  const head = z.object({ format: z.literal(EPISODE_FORMAT), version: z.unknown().optional() }).safeParse(file);
  if (!head.success) throw new HeliographError('bad-document', 'The file is no Heliograph episode.', CHOOSE);
  const { version } = head.data;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw new HeliographError('bad-document', 'The episode file is damaged: it does not say its version.', CHOOSE);
  }
  if (version > EPISODE_VERSION) {
    throw new HeliographError(
      'bad-document',
      `The episode file has version ${version}; this Heliograph reads up to version ${EPISODE_VERSION}.`,
      'Reload the page for a newer Heliograph, and open the file again.',
    );
  }
  for (let rung = version; rung < EPISODE_VERSION; rung += 1) file = MIGRATIONS[rung]?.(file);
  const { classes, ...rest } = valid(episodeSchema, file);
  const read: EpisodeFile = { ...rest, episode: { classes } };
  await assertDecodable(read, decode);
  return read;
}

const CHOOSE = 'Choose a file saved with “Save episode”.';

function valid<T>(schema: z.ZodType<T>, file: unknown): T {
  const result = schema.safeParse(file);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new HeliographError(
    'bad-document',
    `The episode file is damaged at ${placeOf(issue?.path ?? [])}: ${issue?.message.replace(/\.$/, '')}.`,
    'Choose an undamaged copy.',
  );
}

/** A place in the file in words: “class 2, picture 3”, or the path of the field. */
function placeOf(path: readonly PropertyKey[]): string {
  const [first, index, list, number] = path;
  if (first === 'query') return 'the picture asked about';
  if (first !== 'classes' || typeof index !== 'number')
    return path.length > 0 ? `“${path.map(String).join('.')}”` : 'its beginning';
  const place = `class ${index + 1}`;
  if (typeof number === 'number') return `${place}, picture ${number + 1}`;
  return list === undefined ? place : `${place}, “${String(list)}”`;
}

async function assertDecodable({ episode, query }: EpisodeFile, decode: DecodePicture): Promise<void> {
  const all = episode.classes.flatMap(({ name, examples }) =>
    examples.map(({ image }, at) => ({ image, place: `picture ${at + 1} of “${name}”` })),
  );
  if (query !== null) all.push({ image: query, place: 'the picture asked about' });
  const damaged: string[] = [];
  for (let start = 0; start < all.length; start += AT_ONCE) {
    const part = all.slice(start, start + AT_ONCE);
    const results = await Promise.allSettled(part.map(({ image }) => decode(image)));
    for (const [at, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      if (!(result.reason instanceof HeliographError) || result.reason.code !== 'bad-image') throw result.reason;
      damaged.push(part[at]?.place ?? '');
    }
  }
  if (damaged.length === 0) return;
  const more = damaged.length > NAMED ? `, and ${damaged.length - NAMED} more` : '';
  throw new HeliographError(
    'bad-document',
    `The episode file has pictures that cannot be decoded: ${damaged.slice(0, NAMED).join(', ')}${more}.`,
    'Choose an undamaged copy.',
  );
}
