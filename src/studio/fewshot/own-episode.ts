/** An episode of the reader's own: named classes with a few pictures each. Plain data; every change makes a new one. */
import * as z from 'zod';

/** Where a picture came from. */
export const ORIGINS = ['drawn', 'camera', 'file', 'pool'] as const;

/** Longest a stored picture may be, in characters: about 750 kB of PNG. */
const LONGEST_PICTURE = 1_000_000;
export const MOST_CLASSES = 20;
export const MOST_EXAMPLES = 50;
/** Of a class's name, in UTF-16 code units. */
export const LONGEST_NAME = 80;

/** A picture as a data address, so that it lies in sessions and episode files as it is. */
export const pictureSchema = z
  .string()
  .max(LONGEST_PICTURE)
  .regex(/^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/]+=*$/, 'is no picture');

const exampleSchema = z.object({ image: pictureSchema, origin: z.enum(ORIGINS) }).readonly();
const classSchema = z
  .object({ name: z.string().min(1).max(LONGEST_NAME), examples: z.array(exampleSchema).max(MOST_EXAMPLES).readonly() })
  .readonly();

export const ownEpisodeSchema = z.object({ classes: z.array(classSchema).max(MOST_CLASSES).readonly() }).readonly();

export type Origin = (typeof ORIGINS)[number];
export type Example = z.infer<typeof exampleSchema>;
export type EpisodeClass = z.infer<typeof classSchema>;
export type OwnEpisode = z.infer<typeof ownEpisodeSchema>;
