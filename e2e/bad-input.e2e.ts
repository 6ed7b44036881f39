import { readFileSync } from 'node:fs';
import { withExternalWeights, withoutNumber } from './made-models.ts';
import { type DroppedFile, expect, fileOf, golden, Studio, test } from './studio.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const named = (name: string, content: Uint8Array, type = ''): DroppedFile => ({ name, type, bytes: content });
const spoilt = withoutNumber('basic', 'diverged.onnx');
const basic = new Uint8Array(readFileSync(golden('basic', 'model.onnx')));

/** Files no studio can use, where the trouble must be said and in which words. */
const FILES: readonly (readonly [string, DroppedFile, RegExp])[] = [
  // First: weights given after a model that could not be opened belong to it.
  ['weights without a model', named('weights.data', new Uint8Array(8)), /\.onnx/],
  ['text renamed .onnx', named('list.onnx', bytes('This is a shopping list, not a model.\n')), /ONNX/],
  ['an empty model', named('empty.onnx', new Uint8Array()), /empty/],
  ['a truncated model', named('half.onnx', basic.subarray(0, basic.length >> 1)), /cut off|ends|damaged|truncated/i],
  ['weights that are not numbers', spoilt.file, new RegExp(`NaN.*${spoilt.weight}|${spoilt.weight}.*NaN`)],
  ['weights in a file that is missing', withExternalWeights('basic', 'apart.onnx', 'apart.data').model, /apart\.data/],
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

test('storage that is full costs what is stored, nothing else', async ({ studio, page }) => {
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
    };
  });
  await studio.open();
  const button = page.getByRole('button', { name: 'Switch between light and dark' });
  await button.click();
  const alert = page.getByRole('alert');
  await expect(alert).toContainText(/storage is full/);
  await alert.getByRole('button', { name: 'Dismiss' }).click();
  // Said once.
  await button.click();
  await studio.choose('Gradient');
  await expect(studio.map(/^Gradient/)).toBeVisible();
  await expect(alert).toHaveCount(0);
});

test('where there is no camera a sentence says so', async ({ studio, page, context }) => {
  await context.grantPermissions(['camera']);
  await studio.open();
  await studio.panel('Picture').getByRole('button', { name: 'Camera …' }).click();
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('no camera');
  await studio.closeDialog();
  await studio.choose('Gradient');
  await expect(studio.map(/^Gradient/)).toBeVisible();
});

test('two tabs do not disturb each other', async ({ studio, context }) => {
  await studio.open();
  const other = new Studio(await context.newPage());
  await Promise.all([other.open('device=wasm&method=gradient'), studio.choose('Gradient')]);
  await studio.settled();
  expect((await other.values()).data).toEqual((await studio.values()).data);
});
