/** Reads the scene files of docs/relight-format.md: fetches, validates and decodes them. */
import type { ZodError } from 'zod';
import { HeliographError } from '../graph/errors.ts';
import { degrees } from './angle.ts';
import type { Scene, SceneCamera } from './scene.ts';
import { decodeScene, requiredFiles } from './scene-decode.ts';
import { bad } from './scene-error.ts';
import { SCENE_FORMAT, SCENE_VERSIONS, type SceneHeader, sceneHeaderSchema } from './scene-schema.ts';
import type { SceneSource } from './scene-source.ts';
import { sunAt } from './sun.ts';

export interface SceneProgress {
  readonly doneBytes: number;
  /** Null until the header has said it. */
  readonly totalBytes: number | null;
}

/** What we load of a scene at most, and what its files may be unzipped; the format promises 12 MB of files. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_HEADER_BYTES = 8 * 2 ** 20;

/**
 * Loads a scene: the header, then its binary files side by side. Pictures of the dataset are not among them; `Scene.image` reads one.
 *
 * @throws HeliographError `bad-document` for anything that is not a sound scene, `download-failed`, `cancelled`
 */
export async function loadScene(
  source: SceneSource,
  onProgress: (progress: SceneProgress) => void = () => {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Scene> {
  const headerBytes = await readBounded(source, 'scene.json', null, MAX_HEADER_BYTES, () => {}, signal);
  const header = parseHeader(headerBytes);
  const files = requiredFiles(header);
  const total = headerBytes.length + files.reduce((sum, { bytes }) => sum + bytes, 0);
  const unzipped = files.reduce((sum, { bytes, unzipped_bytes = bytes }) => sum + unzipped_bytes, 0);
  const most = Math.max(total, unzipped);
  if (most > MAX_BYTES) {
    throw bad(
      `The scene's files have ${Math.round(most / 2 ** 20)} MB together${unzipped === most ? ' when unzipped' : ''}; ${MAX_BYTES / 2 ** 20} MB is the most that is loaded.`,
    );
  }
  const done = new Map<string, number>();
  const report = () => {
    const doneBytes = [...done.values()].reduce((sum, bytes) => sum + bytes, headerBytes.length);
    onProgress({ doneBytes: Math.min(doneBytes, total), totalBytes: total });
  };
  report();
  // One file that fails stops the others.
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  try {
    const read = files.map(async ({ file, bytes, sha256, unzipped_bytes }) => {
      const onBytes = (count: number) => {
        done.set(file, count);
        report();
      };
      const content = await readBounded(source, file, bytes, bytes, onBytes, either);
      await checkContent(file, content, bytes, sha256);
      return [file, unzipped_bytes === undefined ? content : await unzip(file, content, unzipped_bytes)] as const;
    });
    const scene = decodeScene(header, new Map(await Promise.all(read)));
    return { ...scene, cameras: header.cameras.map(cameraOf), bytes: total, image: imageReader(source, header) };
  } finally {
    failure.abort();
  }
}

function parseHeader(bytes: Uint8Array): SceneHeader {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw bad('The file scene.json is not valid JSON.', error);
  }
  const { format, version } = Object(json) as { format?: unknown; version?: unknown };
  if (format !== SCENE_FORMAT) throw bad('The file scene.json does not describe a Heliograph relight scene.');
  if (!SCENE_VERSIONS.some((known) => known === version)) {
    throw bad(
      `The scene has format version ${JSON.stringify(version)}; versions ${SCENE_VERSIONS.join(' and ')} are known here.`,
    );
  }
  const result = sceneHeaderSchema.safeParse(json);
  if (!result.success) throw bad(describe(result.error), result.error);
  return result.data;
}

/** The first of the schema's complaints, as a sentence. */
function describe({ issues }: ZodError): string {
  const [issue] = issues;
  const path = issue === undefined || issue.path.length === 0 ? 'scene.json' : issue.path.join('.');
  return `The scene's header is not valid at “${path}”: ${issue?.message ?? 'unknown reason'}.`;
}

/** Reads a file and gives up as soon as it is longer than `limit`. */
async function readBounded(
  source: SceneSource,
  file: string,
  expected: number | null,
  limit: number,
  onBytes: (done: number) => void,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const tooLong = new AbortController();
  try {
    return await source.read(
      file,
      expected,
      (done) => {
        if (done > limit) throw bad(`The scene's file “${file}” is longer than the ${limit} bytes it may have.`);
        onBytes(done);
      },
      AbortSignal.any([signal, tooLong.signal]),
    );
  } finally {
    tooLong.abort();
  }
}

async function checkContent(file: string, content: Uint8Array, bytes: number, sha256: string): Promise<void> {
  if (content.length !== bytes) throw bad(`The scene's file “${file}” has ${content.length} bytes where ${bytes} are expected.`);
  // Browsers offer digests on secure origins only.
  if (globalThis.crypto?.subtle === undefined) return;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(content)));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== sha256) throw bad(`The scene's file “${file}” is not the one the header describes: its checksum differs.`);
}

/** Unzips a file, and gives up as soon as it is longer than its header says: a small file may hide a huge one. */
async function unzip(file: string, content: Uint8Array, expected: number): Promise<Uint8Array> {
  const unzipped = new Uint8Array(expected);
  let length = 0;
  try {
    const parts = new Blob([new Uint8Array(content)]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
    for (let part = await parts.read(); !part.done; part = await parts.read()) {
      if (length + part.value.length > expected) {
        await parts.cancel();
        throw bad(`The scene's file “${file}” unzips to more than the ${expected} bytes it may have.`);
      }
      unzipped.set(part.value, length);
      length += part.value.length;
    }
  } catch (error) {
    if (error instanceof HeliographError) throw error;
    throw bad(`The scene's file “${file}” cannot be unzipped.`, error);
  }
  if (length !== expected) throw bad(`The scene's file “${file}” unzips to ${length} bytes where ${expected} are expected.`);
  return unzipped;
}

function cameraOf(camera: SceneHeader['cameras'][number]): SceneCamera {
  const { id, split, width, height, fx, fy, cx, cy, time } = camera;
  const sun = sunAt(degrees(camera.azimuth_degrees), degrees(camera.elevation_degrees));
  const intrinsics = { width, height, fx, fy, cx, cy };
  return {
    id,
    split,
    ...intrinsics,
    cameraToWorld: camera.camera_to_world,
    sun,
    time: new Date(time),
    image: camera.image ?? null,
  };
}

function imageReader(source: SceneSource, header: SceneHeader): Scene['image'] {
  return async ({ image }, signal = new AbortController().signal) => {
    if (image === null) return null;
    const entry = header.files.find(({ file }) => file === image);
    if (entry === undefined) throw bad(`The scene's picture “${image}” is not among its files.`);
    const bytes = await readBounded(source, image, entry.bytes, MAX_BYTES, () => {}, signal);
    return new Blob([new Uint8Array(bytes)], { type: image.endsWith('.png') ? 'image/png' : 'image/jpeg' });
  };
}
