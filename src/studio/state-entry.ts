import type * as z from 'zod';
import type { Codec } from './codec.ts';

/**
 * Where a piece of state lives besides memory and session files (which hold everything): `url` in the link, `local`
 * in this browser's storage, `tab` in what the browser keeps for this tab until it is closed, `export` nowhere else.
 */
export type Home = 'url' | 'local' | 'tab' | 'export';

/** A row of the table of settings. */
export interface Entry<T> {
  readonly default: T;
  readonly home: Home;
  readonly schema: z.ZodType<T>;
  /** Name in the link, for `url`. */
  readonly param?: string;
  readonly codec?: Codec<T>;
  /** Whether undo brings it back. */
  readonly undo: boolean;
  /** Whether each change is a step of undo, however quickly they follow one another. */
  readonly steps?: boolean;
}

/** A setting that a link carries and undo brings back. The codec's type is wider where the schema narrows it. */
export function linked<T>(param: string, fallback: NoInfer<T>, schema: z.ZodType<T>, codec: Codec<never>, undo = true): Entry<T> {
  return { default: fallback, home: 'url', schema, param, codec: codec as unknown as Codec<T>, undo };
}

/** A setting that this browser keeps. */
export function kept<T>(fallback: NoInfer<T>, schema: z.ZodType<T>): Entry<T> {
  return { default: fallback, home: 'local', schema, undo: false };
}

/** A reader's own work: it outlasts a reload, and leaves with the tab. Each change is a step of undo of its own. */
export function own<T>(fallback: NoInfer<T>, schema: z.ZodType<T>): Entry<T> {
  return { default: fallback, home: 'tab', schema, undo: true, steps: true };
}
