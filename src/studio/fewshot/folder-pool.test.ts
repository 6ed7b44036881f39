import { describe, expect, test } from 'vitest';
import { checkPool } from '../../fewshot/episode.ts';
import { HeliographError } from '../../graph/errors.ts';
import type { DecodedImage } from '../../runtime/decode-image.ts';
import { fitsOwnEpisode, folderPool, ownEpisodeFrom } from './folder-pool.ts';
import { LONGEST_NAME, MOST_CLASSES, MOST_EXAMPLES } from './own-episode.ts';

/** A file as a drop or a folder dialog gives it. */
function file(path: string): File {
  const made = new File([path], path.split('/').at(-1) ?? '', { lastModified: 1 });
  Object.defineProperty(made, 'webkitRelativePath', { value: path.includes('/') ? path : '' });
  return made;
}
const files = (...paths: string[]) => paths.map(file);

/** Pixels as wide as the path is long; files called “bad” are damaged. */
async function decode(_: Blob, path: string): Promise<DecodedImage> {
  if (path.includes('bad')) throw new HeliographError('bad-image', `${path} cannot be decoded.`, 'Choose another.');
  const pixels = { width: path.length, height: 1, channels: 4 as const, data: new Uint8Array(path.length * 4) };
  return { pixels, notices: [] };
}
const names = (...paths: string[]) => folderPool(files(...paths), decode).classes.map(({ name }) => name);
const encode = async ({ width }: { width: number }) => `data:image/png;base64,${'A'.repeat(width)}`;

describe('folders become a pool', () => {
  test('of the folders in the one that was given, named from there', () => {
    expect(names('pets/dog/1.jpg', 'pets/cat/1.jpg', 'pets/cat/small/2.jpg', 'pets/notes.txt')).toEqual([
      'cat',
      'cat/small',
      'dog',
    ]);
  });

  test('of the folders that were given side by side', () => {
    expect(names('dog/1.jpg', 'cat/1.jpg')).toEqual(['cat', 'dog']);
  });

  test('of a single folder of images, which the check of episodes finds too little', () => {
    const pool = folderPool(files('cat/1.jpg'), decode);
    expect(pool.classes).toEqual([{ name: 'cat', size: 1 }]);
    expect(() => checkPool(pool.classes, { ways: 2, shots: 1, queries: 1 })).toThrow('There is one class, too few');
    expect(names('pets/1.jpg', 'pets/cat/1.jpg')).toEqual(['pets', 'pets/cat']);
  });

  test('with a title, a note and an id that tell it from others', () => {
    const pool = folderPool(files('pets/dog/1.jpg', 'pets/cat/1.jpg'), decode);
    expect(pool.title).toBe('pets');
    expect(pool.note).toContain('2 images of yours');
    expect(folderPool(files('pets/cat/1.jpg', 'pets/dog/1.jpg'), decode).id).toBe(pool.id);
    expect(folderPool(files('pets/cat/1.jpg', 'pets/dog/2.jpg'), decode).id).not.toBe(pool.id);
    expect(folderPool(files('a/1.jpg', 'b/1.jpg', 'c/1.jpg', 'd/1.jpg'), decode).title).toBe('a, b, c and 1 more');
    expect(folderPool(files('a/1.jpg', 'b/1.jpg'), decode, 'drawings').domain).toBe('drawings');
  });

  test.each([
    [['1.jpg', '2.jpg'], 'holds images, not classes'],
    [['pets/readme.txt'], 'holds no classes'],
    [['cat/1.jpg', 'loose.jpg'], '“loose.jpg” lies beside'],
  ])('%j is refused', (paths, message) => {
    expect(() => folderPool(files(...paths), decode)).toThrow(message);
  });
});

describe('images are decoded', () => {
  test('when they are asked for, once, in the order of their names, few at a time', async () => {
    const asked: string[] = [];
    let running = 0;
    let most = 0;
    const slow = async (blob: Blob, path: string) => {
      asked.push(path);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
      return decode(blob, path);
    };
    const pool = folderPool(files(...Array.from({ length: 12 }, (_, index) => `p/cat/${index}.jpg`), 'p/dog/1.jpg'), slow);
    expect(asked).toEqual([]);
    await pool.picture(0, 2);
    expect(asked).toEqual(['p/cat/10.jpg']);
    await Promise.all(Array.from({ length: 12 }, (_, image) => pool.picture(0, image)));
    expect(asked).toHaveLength(12);
    expect(most).toBe(4);
  });

  test('and a damaged one is named and holds up no other', async () => {
    const pool = folderPool(files('p/cat/bad.jpg', 'p/cat/good.jpg', 'p/dog/1.jpg'), decode);
    const results = await Promise.allSettled([pool.picture(0, 0), pool.picture(0, 1)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    await expect(pool.picture(0, 0)).rejects.toThrow('p/cat/bad.jpg cannot be decoded.');
  });
});

describe('a small pool becomes an own episode', () => {
  test('with all its pictures, under names that fit', async () => {
    const long = 'x'.repeat(100);
    const pool = folderPool(files('p/cat/1.jpg', 'p/cat/2.jpg', `p/${long}/1.jpg`), decode);
    const episode = await ownEpisodeFrom(pool, 'file', encode);
    expect(episode.classes.map(({ name }) => name.length)).toEqual([3, LONGEST_NAME]);
    expect(episode.classes[0]?.examples).toEqual([
      { image: await encode({ width: 11 }), origin: 'file' },
      { image: await encode({ width: 11 }), origin: 'file' },
    ]);
  });

  test('unless images cannot be read: all of them are named', async () => {
    const pool = folderPool(files('p/cat/bad1.jpg', 'p/cat/2.jpg', 'p/dog/bad2.jpg'), decode);
    await expect(ownEpisodeFrom(pool, 'file', encode)).rejects.toThrow(
      'p/cat/bad1.jpg cannot be decoded. p/dog/bad2.jpg cannot be decoded.',
    );
  });

  test('unless it is too large', async () => {
    const many = Array.from({ length: MOST_CLASSES + 1 }, (_, index) => `p/c${index}/1.jpg`);
    const deep = Array.from({ length: MOST_EXAMPLES + 1 }, (_, index) => `p/cat/${index}.jpg`);
    for (const paths of [many, [...deep, 'p/dog/1.jpg']]) {
      const pool = folderPool(files(...paths), decode);
      expect(fitsOwnEpisode(pool)).toBe(false);
      await expect(ownEpisodeFrom(pool, 'file', encode)).rejects.toMatchObject({ code: 'bad-episode' });
    }
  });
});
