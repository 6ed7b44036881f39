import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { test } from '../e2e/studio.ts';

test.use({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });

test('takes the README’s picture', async ({ studio, page }) => {
  await studio.open();
  const picture = fileURLToPath(new URL('../docs/studio.png', import.meta.url));
  // 256 colours are enough and a third of the bytes.
  await sharp(await page.screenshot())
    .png({ palette: true, effort: 10 })
    .toFile(picture);
});
