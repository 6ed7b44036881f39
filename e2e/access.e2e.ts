import AxeBuilder from '@axe-core/playwright';
import { expect, test } from './studio.ts';

for (const scheme of ['light', 'dark'] as const) {
  test(`an accessibility scan finds nothing (${scheme})`, async ({ studio, page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await studio.open();
    const scan = async () =>
      (await new AxeBuilder({ page }).analyze()).violations.map(({ id, nodes }) => [
        id,
        nodes[0]?.target,
        nodes[0]?.failureSummary,
      ]);
    expect(await scan()).toEqual([]);
    await studio.choose('Effective receptive field');
    expect(await scan()).toEqual([]);
    await page.getByRole('button', { name: 'Shortcuts and help' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    expect(await scan()).toEqual([]);
  });
}

test('everything can be done with the keyboard alone', async ({ studio, page }) => {
  await studio.open();
  // One key turns through the methods, and undo brings the former one back.
  await page.keyboard.press('m');
  await expect(studio.method).not.toHaveValue('SRD');
  await studio.settled();
  await page.keyboard.press('Control+z');
  await expect(studio.method).toHaveValue('SRD');
  await studio.settled();
  // The palette finds an action by its words.
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Find an action' }).getByRole('textbox')).toBeFocused();
  await page.keyboard.type('grad-cam');
  await page.keyboard.press('Enter');
  await expect(studio.map(/^Grad-CAM/)).toBeVisible();
  await studio.settled();
  // Tab reaches the picture; arrows read its values.
  const picture = page.getByRole('application');
  for (
    let presses = 0;
    presses < 60 && !(await picture.evaluate((element) => element === document.activeElement));
    presses += 1
  ) {
    await page.keyboard.press('Tab');
  }
  await expect(picture).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByText(/row|column/i).first()).toBeVisible();
});

test('fits a projector of 1024 × 768', async ({ studio, page }) => {
  await page.setViewportSize({ width: 1024, height: 768 });
  await page.goto('./#device=wasm');
  const picture = page.getByRole('application');
  await expect(picture).toBeVisible();
  const box = await picture.boundingBox();
  expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThan(400);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1024);
  await page.getByRole('button', { name: 'Show or hide the inspector' }).click();
  await expect(studio.method).toBeVisible();
});
