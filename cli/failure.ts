import { HeliographError } from '../src/graph/errors.ts';

/** Exit codes: 1 for what the given files or values cannot do, 2 for a command line that cannot be understood. */
export const FAILED = 1;
export const USAGE = 2;

/** Prints an error as sentences; with HELIOGRAPH_DEBUG set, its stack too. */
export function report(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof HeliographError && error.remedy !== '' ? ` ${error.remedy}` : '';
  process.stderr.write(`heliograph: ${message}${remedy}\n`);
  if (process.env.HELIOGRAPH_DEBUG && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
}

/** The reasons a file cannot be read or written, in words; everything else keeps its own message. */
export function fileError(error: unknown, path: string, deed: 'read' | 'write'): HeliographError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: deed === 'read' ? 'there is no such file' : 'its folder does not exist',
    EISDIR: 'it is a folder',
    EACCES: 'permission is denied',
    ENOSPC: 'the disk is full',
  };
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  const remedy = code === 'ENOSPC' ? 'Free some space.' : 'Check the path.';
  return new HeliographError(code === 'ENOSPC' ? 'storage-full' : 'bad-document', `Cannot ${deed} ${path}: ${reason}.`, remedy, {
    cause: error,
  });
}
