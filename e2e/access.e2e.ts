import AxeBuilder from '@axe-core/playwright';
import { expect, type Studio, test } from './studio.ts';

/** What the page can look like, each reached from the one before. */
const STATES: readonly (readonly [string, (studio: Studio) => Promise<unknown>])[] = [
  ['first view', (studio) => studio.open('device=wasm&ig-steps=4')],
  ['list of methods', (studio) => studio.method.click()],
  ['receptive field', (studio) => studio.page.keyboard.press('Escape').then(() => studio.choose('Effective receptive field'))],
  ['search for a class', ({ page }) => page.getByRole('combobox', { name: 'Explain another class' }).fill('cat')],
  ['menu', ({ page }) => page.getByRole('button', { name: 'Take away' }).click()],
  ['look of the map', ({ page }) => page.getByRole('button', { name: 'Look' }).click()],
  [
    'problem',
    async (studio) => {
      await studio.page.keyboard.press('Escape');
      await studio.drop({ name: 'broken.png', type: 'image/png', bytes: new Uint8Array(9) });
      await expect(studio.page.getByRole('alert')).toBeVisible();
    },
  ],
  [
    'compare grid',
    async (studio) => {
      await studio.page.keyboard.press('g');
      await expect(studio.page.getByRole('main').getByRole('button', { name: /^Grad-CAM.*: / })).toHaveCount(2);
      await studio.settled();
    },
  ],
  ['list of the grid’s classes', ({ page }) => page.getByRole('combobox', { name: 'Classes' }).click()],
  [
    'drawer at 1024 × 768',
    async (studio) => {
      await studio.page.setViewportSize({ width: 1024, height: 768 });
      await studio.page.getByRole('button', { name: 'Show or hide the inspector' }).click();
      await expect(studio.method).toBeVisible();
    },
  ],
  ['list of methods in the drawer', (studio) => studio.method.click()],
  [
    'narrow',
    async ({ page }) => {
      await page.keyboard.press('Escape');
      await page.setViewportSize({ width: 480, height: 800 });
    },
  ],
  [
    'preprocessing',
    async ({ page }) => {
      await page.getByRole('button', { name: 'Pixels to input …' }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  ],
  [
    'help',
    async ({ page }) => {
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
      await page.getByRole('button', { name: 'Shortcuts and help' }).click();
      await expect(page.getByRole('dialog', { name: /help/i })).toBeVisible();
    },
  ],
];

for (const scheme of ['light', 'dark'] as const) {
  test(`an accessibility scan finds nothing (${scheme})`, async ({ studio, page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const [state, enter] of STATES) {
      await test.step(state, async () => {
        await enter(studio);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect.soft(violations.map(({ id, nodes }) => [id, nodes[0]?.target, nodes[0]?.failureSummary])).toEqual([]);
      });
    }
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
