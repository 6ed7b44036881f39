/** For tests: the made-up scenes of goldens/relight-tiny, as they lie on disk or changed. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeliographError } from '../graph/errors.ts';
import type { Scene } from './scene.ts';
import { loadScene } from './scene-file.ts';
import type { SceneSource } from './scene-source.ts';

export const VARIANTS = ['none', 'geometric', 'A', 'B', 'C-A', 'C-B'] as const;

const GOLDENS = join(import.meta.dirname, '../../goldens/relight-tiny');

/** The files of a scene folder by name. */
export type SceneFiles = Map<string, Uint8Array>;

export function tinyFiles(variant: (typeof VARIANTS)[number]): SceneFiles {
  const folder = join(GOLDENS, variant);
  const names = readdirSync(folder).filter((name) => /\.(json|bin)$/.test(name));
  return new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
}

/** A scene folder in memory. */
export function sourceOf(files: SceneFiles): SceneSource {
  return {
    async read(file, _, onBytes) {
      const bytes = files.get(file);
      if (bytes === undefined) throw new HeliographError('bad-document', `The scene's file “${file}” is missing.`);
      onBytes(bytes.length);
      return bytes;
    },
  };
}

export function tinyScene(variant: (typeof VARIANTS)[number]): Promise<Scene> {
  return loadScene(sourceOf(tinyFiles(variant)));
}

/** The header as plain data, to be changed. */
export function headerOf(files: SceneFiles): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(files.get('scene.json')));
}

/** Files with another header, given as text or data. */
export function withHeader(files: SceneFiles, header: unknown): SceneFiles {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  return new Map([...files, ['scene.json', new TextEncoder().encode(text)]]);
}

/** Files with other content of one, and a header whose list says so. */
export function withContent(files: SceneFiles, file: string, content: Uint8Array): SceneFiles {
  const header = headerOf(files);
  const entries = header.files as { file: string; bytes: number; sha256: string }[];
  const sha256 = createHash('sha256').update(content).digest('hex');
  const listed = entries.map((entry) => (entry.file === file ? { ...entry, bytes: content.length, sha256 } : entry));
  return withHeader(new Map([...files, [file, content]]), { ...header, files: listed });
}

/** Files with one under another name, in the header as well. */
export function renamed(files: SceneFiles, from: string, to: string): SceneFiles {
  const text = JSON.stringify(headerOf(files)).replaceAll(JSON.stringify(from), JSON.stringify(to));
  return withHeader(new Map([...files].map(([name, content]) => [name === from ? to : name, content])), text);
}
