import { relativeError } from '../test/relative-error.ts';
import { ofOpenSize, quantised, withExternalWeights } from './made-models.ts';
import { type DroppedFile, expect, fileOf, golden, test } from './studio.ts';

const basic = fileOf(golden('basic', 'model.onnx'), 'basic.onnx');
const residual = fileOf(golden('residual', 'model.onnx'), 'residual.onnx');
const text = (name: string, content: string): DroppedFile => ({ name, type: '', bytes: new TextEncoder().encode(content) });

test('unusual files of one model are explained as that model is', async ({ studio, page }) => {
  await studio.open();
  await studio.dropModel(basic);
  const known = (await studio.values()).data;
  const panel = studio.panel('Model');
  const alert = page.getByRole('alert');

  await test.step('weights in a file that is dropped afterwards', async () => {
    const { model, weights } = withExternalWeights('basic', 'apart.onnx', 'apart.data');
    await studio.drop(model);
    await expect(alert).toContainText('apart.data');
    await studio.dropModel(weights);
    await expect(alert).toHaveCount(0);
    await expect(panel).toContainText('apart');
    expect((await studio.values()).data).toEqual(known);
  });
  await test.step('an open size, which is asked for', async () => {
    await studio.drop(ofOpenSize('basic', 'open.onnx'));
    await expect(panel.getByRole('alert')).toContainText(/size/);
    await panel.getByLabel('Height').fill('40');
    await panel.getByLabel('Width').fill('48');
    await panel.getByRole('button', { name: 'Open', exact: true }).click();
    await expect(page.getByRole('dialog')).toContainText('40 × 48');
    await studio.closeDialog();
    const { dims, data } = await studio.values();
    expect(dims).toEqual([40, 48]);
    expect(relativeError(data, known)).toBeLessThan(1e-5);
    await expect(alert).toHaveCount(0);
  });
  await test.step('weights and activations of 8 bits', async () => {
    await studio.dropModel(quantised('basic', 'rounded.onnx'));
    await expect(panel).toContainText('rounded');
    const error = relativeError((await studio.values()).data, known);
    expect(error).toBeLessThan(0.1);
    expect(error).toBeGreaterThan(1e-4);
    await expect(alert).toHaveCount(0);
  });
});

test('of two models dropped at once the later one is opened, however long the first takes to read', async ({ studio, page }) => {
  await studio.open();
  // The first file lies on a slow disk: its bytes come when the page says so.
  await page.evaluate(() => {
    const read = File.prototype.arrayBuffer;
    const arrival = new Promise((resolve) => addEventListener('disk-answers', resolve));
    File.prototype.arrayBuffer = async function () {
      if (this.name === 'basic.onnx') await arrival;
      return read.call(this);
    };
  });
  await studio.drop(basic);
  await studio.dropModel(residual);
  await page.evaluate(() => dispatchEvent(new Event('disk-answers')));
  await studio.choose('Gradient');
  await expect(studio.panel('Model')).toContainText('residual');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect((await studio.values()).dims).toEqual([56, 48]);
});

test('a model dropped while another one computes takes its place', async ({ studio, page }) => {
  await studio.open('device=wasm&rise-steps=800');
  await studio.start('RISE');
  await studio.drop(residual);
  await studio.dropModel(basic);
  await expect(studio.panel('Model')).toContainText('basic');
  await expect(studio.map(/^RISE/)).toBeVisible();
  const { dims, data } = await studio.values();
  expect(dims).toEqual([40, 48]);
  expect(data.every(Number.isFinite)).toBe(true);
  await expect(page.getByRole('list', { name: 'Most likely classes' }).getByRole('listitem').first()).toHaveAttribute(
    'title',
    /class \d\b/,
  );
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('class names come from a dropped file, whose number must be the model’s', async ({ studio, page }) => {
  await studio.open();
  await studio.dropModel(basic);
  const names = Array.from({ length: 10 }, (_, index) => `bird ${index}`);
  const classes = page.getByRole('list', { name: 'Most likely classes' });
  await expect(classes).toContainText('class ');
  await studio.drop(text('birds.txt', names.join('\n')));
  await expect(classes.getByText(/^bird \d$/)).toHaveCount(5);
  await expect(studio.map(/^SRD, bird \d/)).toBeVisible();
  await studio.drop(text('few.txt', 'one\ntwo\n'));
  const alert = page.getByRole('alert');
  await expect(alert).toContainText('2 labels');
  await expect(alert).toContainText('10 classes');
  await expect(classes.getByText(/^bird \d$/)).toHaveCount(5);
  await studio.drop(text('fish.json', JSON.stringify(Object.fromEntries(names.map((_, index) => [index, `fish ${index}`])))));
  await expect(classes.getByText(/^fish \d$/)).toHaveCount(5);
  await expect(alert).toHaveCount(0);
});
