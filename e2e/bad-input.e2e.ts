import { readFileSync } from 'node:fs';
import { type DroppedFile, expect, fileOf, golden, Studio, test } from './studio.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const named = (name: string, content: Uint8Array, type = ''): DroppedFile => ({ name, type, bytes: content });
const basic = new Uint8Array(readFileSync(golden('basic', 'model.onnx')));

/** Files no studio can use, where the trouble must be said and in which words. */
const FILES: readonly (readonly [string, DroppedFile, RegExp])[] = [
  // First: weights given after a model that could not be opened belong to it.
  ['weights without a model', named('weights.data', new Uint8Array(8)), /\.onnx/],
  ['text renamed .onnx', named('list.onnx', bytes('This is a shopping list, not a model.\n')), /ONNX/],
  ['an empty model', named('empty.onnx', new Uint8Array()), /empty/],
  ['a truncated model', named('half.onnx', basic.subarray(0, basic.length >> 1)), /cut off|ends|damaged|truncated/i],
  ['a broken picture', named('broken.png', bytes('no picture'), 'image/png'), /cannot be decoded/],
  [
    'a broken session',
    named('session.json', bytes('{"format": "heliograph-session", "version": 1, "settings": 7}'), 'application/json'),
    /session|settings/i,
  ],
];

test('says what is wrong with a file, loses nothing and stays usable', async ({ studio, page }) => {
  await studio.open();
  const before = await studio.values();
  for (const [what, file, message] of FILES) {
    await test.step(what, async () => {
      await studio.drop(file);
      const alert = page.getByRole('alert').filter({ hasText: message });
      await expect(alert).toBeVisible();
      await alert.getByRole('button', { name: 'Dismiss' }).click();
      await expect(page.getByRole('alert')).toHaveCount(0);
      await studio.settled();
      expect((await studio.values()).data).toEqual(before.data);
    });
  }
  await studio.dropModel(fileOf(golden('basic', 'model.onnx')));
  await expect(studio.map(/^SRD/)).toBeVisible();
});

test('a link that is damaged opens what of it is sound', async ({ studio, page }) => {
  await studio.open('device=wasm&method=magic&ig-steps=banana&opacity=0.5');
  await expect(page.getByRole('alert').first()).toContainText(/link/i);
  await expect(studio.map(/^SRD/)).toBeVisible();
});

test('two tabs do not disturb each other', async ({ studio, context }) => {
  await studio.open();
  const other = new Studio(await context.newPage());
  await Promise.all([other.open('device=wasm&method=gradient'), studio.choose('Gradient')]);
  await studio.settled();
  expect((await other.values()).data).toEqual((await studio.values()).data);
});
