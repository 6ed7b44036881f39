import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import sharp from 'sharp';
import { expect, test } from '../e2e/studio.ts';

test.use({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });

/** 256 colours are enough and a third of the bytes. */
async function keep(page: Page, name: string): Promise<void> {
  const picture = fileURLToPath(new URL(`../docs/${name}.png`, import.meta.url));
  await sharp(await page.screenshot())
    .png({ palette: true, effort: 10 })
    .toFile(picture);
}

test('takes the README’s picture of Explain', async ({ studio, page }) => {
  await studio.open();
  await keep(page, 'studio');
});

test('takes the README’s picture of Relight', async ({ page }) => {
  test.setTimeout(600_000);
  await page.goto('./#workspace=relight&quality=quality&minute=990');
  await expect(page.getByRole('banner')).toContainText(/WebG.*ms/s, { timeout: 300_000 });
  await expect(page.getByRole('main')).toHaveAttribute('aria-busy', 'false', { timeout: 300_000 });
  await keep(page, 'relight');
});

test('takes the README’s picture of Few-shot', async ({ page }) => {
  await page.goto('./#workspace=few-shot&device=wasm');
  await expect(page.getByRole('img', { name: /^SRD, / })).toBeVisible();
  await expect(page.getByRole('main')).toHaveAttribute('aria-busy', 'false');
  await keep(page, 'fewshot');
});
