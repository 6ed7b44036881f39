import { relativeError } from '../test/relative-error.ts';
import { CHROMIUM_FLAGS } from './chromium.ts';
import { expect, test } from './studio.ts';

// Two cameras that film a test card, and a reader who answers no question: what was not allowed before is refused.
test.use({
  launchOptions: {
    executablePath: process.env.CHROMIUM_PATH ?? '',
    args: [...CHROMIUM_FLAGS, '--use-fake-device-for-media-stream=device-count=2', '--deny-permission-prompts'],
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

  test('of several cameras one is chosen and kept, and another takes its place when it is unplugged', async ({ page }) => {
    const video = page.getByRole('region', { name: 'Ask' }).locator('video');
    const filmedBy = () =>
      video.evaluate((element: HTMLVideoElement) =>
        element.srcObject instanceof MediaStream ? element.srcObject.getVideoTracks()[0]?.label : undefined,
      );
    const which = page.getByRole('combobox', { name: 'Which camera' });
    await page.goto('./#workspace=few-shot&device=wasm&ways=3&shots=1&queries=1');
    await page.getByRole('radio', { name: 'Camera', exact: true }).press(' ');
    await expect(which.locator('option')).toHaveCount(2);
    const [first = '', second = ''] = await which.locator('option').allTextContents();
    await expect.poll(filmedBy).toBe(first);
    await which.selectOption(second);
    await expect.poll(filmedBy).toBe(second);
    await page.reload();
    await page.getByRole('radio', { name: 'Camera', exact: true }).press(' ');
    await expect.poll(filmedBy).toBe(second);
    await expect(which.locator('option:checked')).toHaveText(second);
    // As unplugging looks from within the page.
    await video.evaluate((element: HTMLVideoElement, gone) => {
      const { mediaDevices } = navigator;
      const [ask, list] = [mediaDevices.getUserMedia.bind(mediaDevices), mediaDevices.enumerateDevices.bind(mediaDevices)];
      const left = async () => (await list()).filter(({ label }) => label !== gone);
      mediaDevices.enumerateDevices = left;
      mediaDevices.getUserMedia = async (wishes) => {
        const devices = await left();
        const { deviceId } = typeof wishes?.video === 'object' ? wishes.video : {};
        if (typeof deviceId !== 'object' || !('exact' in deviceId)) return ask(wishes);
        if (devices.some((device) => device.deviceId === deviceId.exact)) return ask(wishes);
        throw new OverconstrainedError('deviceId');
      };
      const stream = element.srcObject;
      if (stream instanceof MediaStream) for (const track of stream.getTracks()) track.dispatchEvent(new Event('ended'));
    }, second);
    await expect(page.getByRole('region', { name: 'Camera' })).toContainText('The camera was disconnected. This is another one.');
    expect(await filmedBy()).toBe(first);
    await expect(which).toHaveCount(0);
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
