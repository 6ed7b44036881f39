import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeliographError } from '../graph/errors.ts';
import { toDegrees } from './angle.ts';
import { loadScene, type SceneProgress } from './scene-file.ts';
import { sceneFrom } from './scene-source.ts';
import {
  headerOf,
  renamed,
  type SceneFiles,
  sourceOf,
  tinyFiles,
  tinyScene,
  VARIANTS,
  withContent,
  withHeader,
} from './testing.ts';

const FILES = tinyFiles('C-B');

/** The error a scene is refused with. */
async function refusal(files: SceneFiles): Promise<HeliographError> {
  try {
    await loadScene(sourceOf(files));
  } catch (error) {
    if (error instanceof HeliographError) return error;
    throw error;
  }
  throw new Error('The scene was accepted.');
}

/** A scene with one value of the header replaced. */
function changed(path: readonly (string | number)[], value: unknown, files = FILES): SceneFiles {
  const header = headerOf(files);
  let node: Record<string | number, unknown> = header;
  for (const key of path.slice(0, -1)) node = node[key] as typeof node;
  node[path.at(-1) ?? ''] = value;
  // JSON has no infinity; a number too large for a double reads as one.
  return withHeader(files, JSON.stringify(header).replaceAll('"INFINITE"', '1e999'));
}

const GRIDS = FILES.get('grids.bin') ?? new Uint8Array();
/** The scene with its grids in another file, said to have so many bytes unzipped. */
const zipped = (content: Uint8Array, unzippedBytes: number) =>
  changed(
    ['files', 0, 'unzipped_bytes'],
    unzippedBytes,
    withContent(renamed(FILES, 'grids.bin', 'grids.bin.gzip'), 'grids.bin.gzip', content),
  );

describe('loading a scene', () => {
  it.each(VARIANTS)('reads the tiny scene %s', async (variant) => {
    const scene = await tinyScene(variant);
    expect(scene.shadow.variant).toBe(variant);
    expect(scene.grid).toEqual([24, 16, 20]);
    expect(scene.density.planes.map(({ shape }) => shape)).toEqual([
      [4, 16, 24],
      [4, 20, 24],
      [4, 20, 16],
    ]);
    expect(scene.cameras.map(({ id }) => id)).toEqual(['C0', 'C1']);
    expect(toDegrees(scene.psi)).toBeCloseTo(20, 9);
    expect(scene.bytes).toBe([...tinyFiles(variant).values()].reduce((sum, { length }) => sum + length, 0));
  });

  it('reads compressed files, and files of the first version', async () => {
    const plain = await tinyScene('C-B');
    const small = gzipSync(GRIDS);
    const scene = await loadScene(sourceOf(zipped(small, GRIDS.length)));
    expect(scene.density).toEqual(plain.density);
    expect(scene.appearance).toEqual(plain.appearance);
    expect(scene.occupancy).toEqual(plain.occupancy);
    expect((await loadScene(sourceOf(changed(['version'], 1)))).density).toEqual(plain.density);
  });

  it('reports bytes up to the total', async () => {
    const seen: SceneProgress[] = [];
    const { bytes } = await loadScene(sourceOf(FILES), (progress) => seen.push(progress));
    expect(seen.at(-1)).toEqual({ doneBytes: bytes, totalBytes: bytes });
    expect(seen.map(({ doneBytes }) => doneBytes)).toEqual(seen.map(({ doneBytes }) => doneBytes).toSorted((a, b) => a - b));
  });

  it('reads the files of a dropped folder, and of one whose paths are lost', async () => {
    const dropped = (folder: string) =>
      [...FILES].map(([name, bytes]) => {
        const file = new File([new Uint8Array(bytes)], name);
        if (folder !== '') Object.defineProperty(file, 'webkitRelativePath', { value: `${folder}/${name}` });
        return file;
      });
    expect((await loadScene(sceneFrom(dropped('town')))).header.name).toBe('tiny-C-B');
    expect((await loadScene(sceneFrom(dropped('')))).header.name).toBe('tiny-C-B');
    expect(() => sceneFrom([])).toThrow('no scene.json');
    expect(() => sceneFrom([...dropped('a'), ...dropped('b')])).toThrow('several scenes');
    await expect(loadScene(sceneFrom(dropped('').filter(({ name }) => name !== 'heads.bin')))).rejects.toThrow(
      '“heads.bin” is missing',
    );
  });
});

describe('a bad scene', () => {
  it.each<[string, SceneFiles, RegExp]>([
    ['no JSON', withHeader(FILES, '{"format":'), /not valid JSON/],
    ['another document', withHeader(FILES, { format: 'gltf' }), /does not describe/],
    ['null', withHeader(FILES, 'null'), /does not describe/],
    ['another version', changed(['version'], 3), /format version 3; versions 1 and 2 are known/],
    ['a compressed file without its size', renamed(FILES, 'grids.bin', 'grids.bin.gzip'), /have unzipped_bytes/],
    ['a size unzipped of a file that is not', changed(['files', 0, 'unzipped_bytes'], 9), /have unzipped_bytes/],
    ['a file that cannot be unzipped', zipped(GRIDS, GRIDS.length), /cannot be unzipped/],
    ['a compressed file cut short', zipped(gzipSync(GRIDS).subarray(0, 3000), GRIDS.length), /cannot be unzipped/],
    ['more than it says when unzipped', zipped(gzipSync(new Uint8Array(2 ** 26)), GRIDS.length), /unzips to more than the 10232/],
    ['less than it says when unzipped', zipped(gzipSync(GRIDS.subarray(1)), GRIDS.length), /unzips to 10231 bytes where 10232/],
    ['absurd sizes when unzipped', zipped(gzipSync(GRIDS), 65 * 2 ** 20), /65 MB together when unzipped/],
    ['an infinite step', changed(['step'], 'INFINITE'), /“step”/],
    ['an infinite range', changed(['density', 'planes', 0, 'minimum', 1], 'INFINITE'), /“density.planes.0.minimum.1”/],
    ['a range of nothing', changed(['density', 'planes', 0, 'scale', 1], 0), /“density.planes.0.scale.1”/],
    ['too few ranges', changed(['density', 'lines', 2, 'scale'], [1]), /one number a channel/],
    ['an absurd grid', changed(['grid', 0], 513), /2 to 512/],
    ['a grid of other sizes than its arrays', changed(['grid', 1], 17), /density plane 0 has the shape \[4,16,24\]/],
    ['absurd sizes', changed(['files', 0, 'bytes'], 65 * 2 ** 20), /65 MB together/],
    ['an empty box', changed(['box', 1], [-6, 5, 5]), /box is empty/],
    ['knots that do not ascend', changed(['light', 'elevations_degrees', 1], 90), /must ascend/],
    ['a path out of the folder', changed(['occupancy', 'file'], '../grids.bin'), /not a path inside/],
    ['an absolute path', changed(['occupancy', 'file'], '/grids.bin'), /not a path inside/],
    ['a file it does not list', changed(['occupancy', 'file'], 'other.bin'), /does not list the file “other.bin”/],
    ['an array beyond its file', changed(['occupancy', 'offset'], 10_232), /needs the bytes 10232 to/],
    ['a file cut short', new Map([...FILES, ['grids.bin', new Uint8Array(100)]]), /has 100 bytes where 10232/],
    ['a file too long', new Map([...FILES, ['grids.bin', new Uint8Array(20_000)]]), /longer than the 10232 bytes/],
    ['other content of the same length', new Map([...FILES, ['grids.bin', new Uint8Array(10_232)]]), /checksum/],
    ['a missing file', new Map([...FILES].filter(([name]) => name !== 'heads.bin')), /“heads.bin” is missing/],
    ['a file cut short with its header', withContent(FILES, 'heads.bin', new Uint8Array(200)), /needs the bytes/],
    ['NaN in a head', withContent(FILES, 'heads.bin', new Uint8Array(3504).fill(0xff)), /NaN or infinite/],
    ['a camera that shears', changed(['cameras', 0, 'camera_to_world', 0], 2), /not a rotation/],
    ['an unknown shadow', changed(['heads', 'shadow', 'variant'], 'D'), /“heads.shadow/],
    ['a head of another shape', changed(['heads', 'shadow', 'components'], 5), /shadow rows has the shape/],
    ['a network too wide', changed(['heads', 'shadow', 'layers', 0, 'weight', 'shape', 0], 64, tinyFiles('A')), /64 units/],
  ])('is refused: %s', async (_, files, message) => {
    const error = await refusal(files);
    expect(error.code).toBe('bad-document');
    expect(error.message).toMatch(message);
  });

  it('ends in a sentence or a scene, whatever a header says', async () => {
    const paths: string[][] = [];
    const walk = (node: unknown, path: string[]) => {
      if (path.length > 0) paths.push(path);
      if (typeof node === 'object' && node !== null) for (const [key, item] of Object.entries(node)) walk(item, [...path, key]);
    };
    walk(headerOf(FILES), []);
    const value = fc.oneof(
      fc.constantFrom<unknown>(null, '', 'INFINITE', -1, 0, 0.5, 1e9, 2 ** 31, [], {}, true, '..', '\u0000', 'scene.json'),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.integer(),
      fc.string(),
      fc.array(fc.integer({ min: -4, max: 600 }), { maxLength: 5 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), value, async (path, replacement) => {
        try {
          await loadScene(sourceOf(changed(path, replacement)));
        } catch (error) {
          expect(error).toBeInstanceOf(HeliographError);
        }
      }),
      { seed: 4, numRuns: 800 },
    );
  });

  it('ends in a sentence or a scene, whatever its arrays hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 4000 }), async (content) => {
        try {
          await loadScene(sourceOf(withContent(FILES, 'heads.bin', content)));
        } catch (error) {
          expect(error).toBeInstanceOf(HeliographError);
        }
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});
