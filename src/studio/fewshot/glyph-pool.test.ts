import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../cli/image.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import { cutRegion, glyphPool } from './glyph-pool.ts';

const ROOT = 'https://example.org/studio/';
const SHIPPED = new URL('../../../public/', import.meta.url);

const card = {
  format: 'heliograph-pool',
  version: 1,
  name: 'glyphs',
  title: 'Letters',
  domain: 'drawings',
  licence: 'CC0-1.0',
  source: 'Two letters.',
  tile: { width: 2, height: 2 },
  classes: [
    { name: 'A/one', images: 2, sprite: 'a.png', row: 1 },
    { name: 'A/two', images: 2, sprite: 'a.png', row: 0 },
  ],
};
/** 4 × 4 pixels whose value is their number. */
const SPRITE: Pixels = { width: 4, height: 4, channels: 3, data: Uint8Array.from({ length: 48 }, (_, at) => Math.floor(at / 3)) };

async function open(given: unknown = card, sprite: Pixels = SPRITE) {
  const asked: string[] = [];
  const get = async (url: string) => {
    asked.push(url.slice(ROOT.length));
    return url.endsWith('.json') ? Response.json(given) : new Response('png');
  };
  return { asked, pool: await glyphPool(ROOT, get, async () => sprite) };
}
const firsts = ({ data }: Pixels) => Array.from(data.filter((_, at) => at % 3 === 0));

test('a picture is the tile of its class’s row and its own column; its sprite is loaded once', async () => {
  const { asked, pool } = await open();
  expect(pool).toMatchObject({ id: 'glyphs', title: 'Letters', domain: 'drawings', note: 'Two letters. CC0-1.0' });
  expect(pool.classes).toEqual([
    { name: 'A/one', size: 2 },
    { name: 'A/two', size: 2 },
  ]);
  expect(asked).toEqual(['pools/glyphs/pool.json']);
  expect(firsts(await pool.picture(0, 1))).toEqual([10, 11, 14, 15]);
  expect(firsts(await pool.picture(1, 0))).toEqual([0, 1, 4, 5]);
  expect(asked).toEqual(['pools/glyphs/pool.json', 'pools/glyphs/a.png']);
});

test('a region is cut out, and mirrored where asked', () => {
  expect(firsts(cutRegion(SPRITE, { x: 1, y: 2, width: 3, height: 1 }))).toEqual([9, 10, 11]);
  expect(firsts(cutRegion(SPRITE, { x: 1, y: 2, width: 3, height: 1 }, true))).toEqual([11, 10, 9]);
});

describe('what is wrong is said', () => {
  test.each([
    ['another version', { ...card, version: 2 }, 'version'],
    ['classes out of order', { ...card, classes: [...card.classes].reverse() }, 'are not in the order of their names'],
    ['a class twice', { ...card, classes: [card.classes[0], card.classes[0]] }, 'are not in the order of their names'],
    ['a sprite elsewhere', { ...card, classes: [{ ...card.classes[0], sprite: '../a.png' }] }, 'not a sprite of this folder'],
    ['no card', null, 'damaged'],
  ])('%s', async (_, given, message) => {
    await expect(open(given)).rejects.toThrow(message);
    await expect(open(given)).rejects.toMatchObject({ code: 'bad-document' });
  });

  test('a sprite too small', async () => {
    const { pool } = await open(card, { ...SPRITE, height: 2 });
    await expect(pool.picture(0, 0)).rejects.toThrow('a.png is too small for “A/one”');
  });

  test('a file that is not there, and none at all', async () => {
    const missing = async () => new Response('', { status: 404 });
    await expect(glyphPool(ROOT, missing)).rejects.toThrow('The pool’s pool.json could not be loaded (404).');
    const offline = () => Promise.reject(new TypeError('Failed to fetch'));
    await expect(glyphPool(ROOT, offline)).rejects.toMatchObject({ code: 'download-failed' });
  });
});

test('the shipped pool opens, and its letters are ink on paper', async () => {
  const get = async (url: string) => new Response(readFileSync(new URL(url.slice(ROOT.length), SHIPPED)));
  const decode = async (file: Blob, name: string) => decodeImage(new Uint8Array(await file.arrayBuffer()), name);
  const pool = await glyphPool(ROOT, get, decode);
  expect(pool.classes.length).toBeGreaterThan(150);
  for (const index of [0, 100, pool.classes.length - 1]) {
    const { width, height, data } = await pool.picture(index, 19);
    const ink = Array.from({ length: width * height }, (_, pixel) => 1 - (data[pixel * 4] ?? 0) / 255);
    const mean = ink.reduce((sum, value) => sum + value, 0) / ink.length;
    expect(mean).toBeGreaterThan(0.02);
    expect(mean).toBeLessThan(0.25);
  }
});
