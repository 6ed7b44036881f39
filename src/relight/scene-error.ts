import { HeliographError } from '../graph/errors.ts';

/** The error of a scene file that is not sound. */
export function bad(message: string, cause?: unknown): HeliographError {
  return new HeliographError(
    'bad-document',
    message,
    'Export the scene again (training/relight/export.py), or choose another one.',
    cause === undefined ? undefined : { cause },
  );
}
