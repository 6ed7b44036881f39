import { writeFileSync } from 'node:fs';
import { array, heliograph } from '../cli/testing.ts';
import { relativeError } from '../test/relative-error.ts';
import { expect, fileOf, golden, losslessPhotograph, test } from './studio.ts';

test('shows a heatmap without a click, first a stored one, then its own', async ({ studio, page }) => {
  await page.goto('./#device=wasm');
  await expect(page.getByRole('application')).toBeVisible();
  await studio.settled();
  await expect(studio.map(/^SRD, .+/)).toBeVisible();
  await expect(page.getByRole('list', { name: 'Most likely classes' }).getByRole('listitem')).toHaveCount(5);
  await expect(studio.device).toHaveText(/wasm.*\d ms/);
  await expect(studio.figures).toContainText(/Completeness error/);
  const { dims, data } = await studio.values();
  expect(dims).toEqual([224, 224]);
  expect(data.some((value) => value !== 0)).toBe(true);
});

test('explains any class, and the difference of two', async ({ studio, page }) => {
  await studio.open();
  const classes = page.getByRole('list', { name: 'Most likely classes' });
  const [first = '', second = ''] = await classes
    .getByRole('listitem')
    .evaluateAll((rows) => rows.map((row) => (row.getAttribute('title') ?? '').split(' · ')[0] ?? ''));
  const before = (await studio.values()).data;
  await classes.getByRole('button', { name: `Explain ${second}`, exact: true }).click();
  await studio.settled();
  await expect(studio.map(`SRD, ${second}:`)).toBeVisible();
  expect(relativeError((await studio.values()).data, before)).toBeGreaterThan(0.01);
  await classes.getByRole('button', { name: `Subtract ${first}`, exact: true }).click();
  await studio.settled();
  await expect(studio.panel('What the model says')).toContainText(new RegExp(`Explained:.*${second}.*${first}`));
  expect(relativeError((await studio.values()).data, before)).toBeGreaterThan(0.01);
});

test('opens an own model and an own picture by drop, and agrees with the command line', async ({ studio }, testInfo) => {
  await studio.open();
  await studio.dropModel(fileOf(golden('residual', 'model.onnx'), 'mine.onnx'));
  await expect(studio.panel('Model')).toContainText('mine');
  const png = await losslessPhotograph();
  await studio.dropPicture({ name: 'butterfly.png', type: 'image/png', bytes: png });
  const { dims, data } = await studio.values();
  expect(dims).toEqual([56, 48]);
  const picture = testInfo.outputPath('butterfly.png');
  const map = testInfo.outputPath('map.npy');
  writeFileSync(picture, png);
  const run = await heliograph('explain', golden('residual', 'model.onnx'), '--image', picture, '--method', 'srd', '--out', map);
  expect(run.err).toContain('srd, class');
  expect(relativeError(data, array(map).data)).toBeLessThan(1e-5);
});

test('opens an own picture by paste', async ({ studio }) => {
  await studio.open();
  const before = await studio.values();
  await studio.paste({ name: 'pasted.png', type: 'image/png', bytes: await losslessPhotograph() });
  await expect(studio.panel('Picture')).toContainText('pasted');
  await studio.settled();
  expect(relativeError((await studio.values()).data, before.data)).toBeGreaterThan(0.05);
});

test('shows what a position looked at, by pointing at it', async ({ studio, page }) => {
  await studio.open();
  await studio.dropModel(fileOf(golden('residual', 'model.onnx')));
  await studio.choose('Effective receptive field');
  await page.getByRole('combobox', { name: 'Layer to point at' }).selectOption('blocks.0.relu');
  await studio.settled();
  const picker = page.getByRole('application', { name: /Point at a position/ });
  const centroid = async () => {
    const {
      dims: [height = 0, width = 0],
      data,
    } = await studio.values();
    let mass = 0;
    let row = 0;
    let column = 0;
    data.forEach((value, index) => {
      mass += Math.abs(value);
      row += Math.abs(value) * Math.floor(index / width);
      column += Math.abs(value) * (index % width);
    });
    return { y: row / mass / height, x: column / mass / width };
  };
  const box = await picker.boundingBox();
  if (box === null) throw new Error('The picture to point at has no place on the page.');
  for (const [y, x] of [
    [0.2, 0.3],
    [0.7, 0.8],
  ] as const) {
    await picker.click({ position: { x: x * box.width, y: y * box.height } });
    await expect(page.getByText(/^Position \d+, \d+/)).toHaveText(
      new RegExp(`^Position ${Math.floor(y * 14)}, ${Math.floor(x * 12)}`),
    );
    await studio.settled();
    const middle = await centroid();
    expect(middle.y).toBeCloseTo(y, 0.5);
    expect(Math.abs(middle.y - y)).toBeLessThan(0.15);
    expect(Math.abs(middle.x - x)).toBeLessThan(0.15);
  }
});

test('computes on after the network has gone', async ({ studio, page, context }) => {
  await studio.open();
  await context.setOffline(true);
  for (const method of ['Gradient', 'Grad-CAM', 'SRD']) {
    await studio.choose(method);
    await expect(studio.map(new RegExp(`^${method}`))).toBeVisible();
  }
  await studio.dropModel(fileOf(golden('basic', 'model.onnx')));
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('compares methods and classes on a common scale', async ({ studio, page }) => {
  await studio.open();
  await studio.dropModel(fileOf(golden('residual', 'model.onnx')));
  await page.keyboard.press('g');
  const cells = page.getByRole('main').getByRole('button', { name: /^(SRD|Integrated gradients|Grad-CAM).*: / });
  await expect(cells).toHaveCount(6);
  await studio.settled();
  // A computed cell's name states its finding.
  await expect(cells.filter({ has: page.locator('canvas') })).toHaveCount(6);
  await expect(page.getByRole('alert')).toHaveCount(0);
});
