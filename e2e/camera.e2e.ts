import { relativeError } from '../test/relative-error.ts';
import { CHROMIUM_FLAGS } from './chromium.ts';
import { expect, test } from './studio.ts';

// A camera that films a test card, and a reader who answers no question: what was not allowed before is refused.
test.use({
  launchOptions: {
    executablePath: process.env.CHROMIUM_PATH ?? '',
    args: [...CHROMIUM_FLAGS, '--use-fake-device-for-media-stream', '--deny-permission-prompts'],
  },
});

test.describe('allowed', () => {
  test.use({ permissions: ['camera'] });

  test('a picture of the camera is explained', async ({ studio, page }) => {
    await studio.open();
    const before = await studio.values();
    await studio.panel('Picture').getByRole('button', { name: 'Camera …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Use this picture' }).click();
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await expect(studio.panel('Picture')).toContainText('Camera picture');
    await studio.settled();
    await expect(studio.map(/^SRD/)).toBeVisible();
    const { dims, data } = await studio.values();
    expect(dims).toEqual([224, 224]);
    expect(relativeError(data, before.data)).toBeGreaterThan(0.05);
  });
});

test('a camera that is refused is said to be, with what to do, and nothing is lost', async ({ studio, page }) => {
  await studio.open();
  const before = await studio.values();
  await studio.panel('Picture').getByRole('button', { name: 'Camera …' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('alert')).toHaveText(/not allowed.*Allow it/);
  await studio.closeDialog();
  expect((await studio.values()).data).toEqual(before.data);
});
