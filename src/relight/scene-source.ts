/** Where a scene's files come from: a folder on a server, or files the user dropped. */
import { HeliographError } from '../graph/errors.ts';
import { download } from '../runtime/download.ts';

export interface SceneSource {
  /**
   * Reads one file of the scene's folder.
   *
   * @param file path below the folder
   * @param expected its size in bytes, null where nobody knows it
   * @param onBytes called with the bytes that have come so far
   * @throws HeliographError `download-failed`, `bad-document` (missing file) or `cancelled`
   */
  read(file: string, expected: number | null, onBytes: (done: number) => void, signal: AbortSignal): Promise<Uint8Array>;
}

/** The scene in a folder on a server. */
export function sceneAt(folder: string): SceneSource {
  const base = folder.endsWith('/') ? folder : `${folder}/`;
  return {
    read: (file, expected, onBytes, signal) => {
      const path = file.split('/').map(encodeURIComponent).join('/');
      return download(base + path, expected, onBytes, signal);
    },
  };
}

/**
 * The scene in files that were dropped or picked: those of a folder with their paths, or those of the folder alone by their names.
 *
 * @throws HeliographError `bad-document` when there is no `scene.json` among them, or more than one
 */
export function sceneFrom(files: readonly File[]): SceneSource {
  const paths = new Map(files.map((file) => [file.webkitRelativePath || file.name, file]));
  const headers = [...paths.keys()].filter((path) => path === 'scene.json' || path.endsWith('/scene.json'));
  const [header] = headers;
  if (header === undefined || headers.length > 1) {
    throw new HeliographError(
      'bad-document',
      header === undefined ? 'There is no scene.json among these files.' : 'There are several scenes among these files.',
      'Drop the folder of one scene, or all of its files together.',
    );
  }
  const folder = header.slice(0, -'scene.json'.length);
  return {
    async read(path, _, onBytes) {
      // Files picked one by one have lost their folders.
      const file = paths.get(folder + path) ?? paths.get(path.slice(path.lastIndexOf('/') + 1));
      if (file === undefined) {
        throw new HeliographError(
          'bad-document',
          `The scene's file “${path}” is missing.`,
          'Drop the folder of the scene, or all of its files together.',
        );
      }
      const bytes = new Uint8Array(await file.arrayBuffer());
      onBytes(bytes.length);
      return bytes;
    },
  };
}
