import { fileURLToPath } from 'node:url';
import { test } from '../e2e/studio.ts';

test.use({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });

test('takes the README’s picture', async ({ studio, page }) => {
  await studio.open();
  await page.screenshot({ path: fileURLToPath(new URL('../docs/studio.png', import.meta.url)) });
});
