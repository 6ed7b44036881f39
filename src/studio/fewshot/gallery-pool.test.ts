import { expect, test } from 'vitest';
import { uniform } from '../../random.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import type { Photograph } from '../assets.ts';
import { cropOf, galleryPool } from './gallery-pool.ts';

const photograph = (id: string, title: string): Photograph => ({
  id,
  file: `${id}.jpg`,
  title,
  alt: '',
  attribution: '',
  source: '',
  licence: '',
});
const library = {
  gallery: async () => [photograph('dog', 'Dog'), photograph('cat-and-dog', 'Both'), photograph('cat', 'Cat')],
  photographUrl: ({ file }: Photograph) => `images/${file}`,
};
const PIXELS: Pixels = {
  width: 40,
  height: 30,
  channels: 3,
  data: Uint8Array.from({ length: 3600 }, (_, at) => (at * 7) % 251),
};

async function open() {
  const loaded: string[] = [];
  const pool = await galleryPool(library, async (url) => {
    loaded.push(url);
    return PIXELS;
  });
  return { loaded, pool };
}

test('thirty different crops of each photograph, the same in every visit, the photograph decoded once, no montage', async () => {
  const { loaded, pool } = await open();
  expect(pool.classes).toEqual([
    { name: 'Cat', size: 30 },
    { name: 'Dog', size: 30 },
  ]);
  const crops = await Promise.all(Array.from({ length: 30 }, (_, image) => pool.picture(0, image)));
  expect(loaded).toEqual(['images/cat.jpg']);
  expect(new Set(crops.map(({ data }) => data.join())).size).toBe(30);
  expect(await (await open()).pool.picture(0, 7)).toEqual(crops[7]);
  expect(await pool.picture(1, 7)).not.toEqual(crops[7]);
});

test('a crop lies within the photograph, and half of them are mirrored', () => {
  let mirrored = 0;
  for (let stream = 0; stream < 400; stream += 1) {
    const size = { width: 1 + (stream % 37), height: 1 + (stream % 23) };
    const { region, mirrored: other } = cropOf(size, uniform(3, stream));
    expect(region.x).toBeGreaterThanOrEqual(0);
    expect(region.x + region.width).toBeLessThanOrEqual(size.width);
    expect(region.y + region.height).toBeLessThanOrEqual(size.height);
    expect(region.width).toBeGreaterThan(0);
    mirrored += Number(other);
  }
  expect(mirrored).toBeGreaterThan(160);
  expect(mirrored).toBeLessThan(240);
});
