import { decodeImage } from '../cli/image.ts';
import { preprocess } from '../src/runtime/preprocess.ts';
import { relativeError } from '../test/relative-error.ts';
import { runAlone } from './runtime.ts';
import { expect, fileOf, golden, losslessPhotograph, Studio, test } from './studio.ts';

const LINK = 'device=wasm&image=butterfly&method=integrated-gradients&ig-steps=4&class=323&opacity=0.5&grey=1';

test('a link restores model, picture, method, class and view', async ({ studio, page, context }) => {
  await studio.open(LINK);
  const address = page.url();
  const before = await studio.values();
  const alt = await studio.map(/^Integrated gradients/).getAttribute('aria-label');
  expect(alt).toContain('monarch');
  const other = await context.newPage();
  await other.goto(address);
  const restored = new Studio(other);
  await restored.settled();
  await expect(restored.map(alt ?? '')).toBeVisible();
  expect((await restored.values()).data).toEqual(before.data);
  await expect(other).toHaveURL(address);
});

test('a session file restores what was on screen', async ({ studio }) => {
  await studio.open(LINK);
  const before = await studio.values();
  const session = await studio.takeAway(/Save session/);
  await studio.choose('Gradient');
  await studio.drop({ name: 'heliograph-session.json', type: 'application/json', bytes: session });
  await expect(studio.method).toHaveValue('Integrated gradients');
  await studio.settled();
  await expect(studio.map(/^Integrated gradients/)).toBeVisible();
  expect((await studio.values()).data).toEqual(before.data);
});

test('the derived model gives the same map by itself', async ({ studio }) => {
  const png = await losslessPhotograph();
  await studio.open();
  await studio.dropModel(fileOf(golden('residual', 'model.onnx')));
  await studio.dropPicture({ name: 'butterfly.png', type: 'image/png', bytes: png });
  const shown = await studio.values();
  const derived = await studio.takeAway(/derived ONNX/);
  // What the studio infers for this file, which says nothing of its pixels: ImageNet's statistics.
  const { input } = preprocess(
    await decodeImage(png, 'butterfly.png'),
    {
      layout: 'NCHW',
      height: 56,
      width: 48,
      channels: 'RGB',
      scale: 1,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      resizeShort: 48,
      interpolation: 'bilinear',
    },
    'crop',
  );
  expect(relativeError(await runAlone(derived, input, [1, 3, 56, 48]), shown.data)).toBeLessThan(1e-5);
});

test('the picture with its legend is a PNG of some size', async ({ studio }) => {
  await studio.open();
  const picture = await decodeImage(await studio.takeAway(/PNG/), 'map.png');
  expect(picture.width).toBeGreaterThan(400);
  // The legend and the words stand below or beside the square map.
  expect(picture.width).not.toBe(picture.height);
});
