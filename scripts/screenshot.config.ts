import { defineConfig } from '@playwright/test';
import base from '../playwright.config.ts';

/** `npm run screenshot`: the README's picture, taken of the built page. */
export default defineConfig({
  ...base,
  testDir: '.',
  testMatch: 'screenshot.ts',
  outputDir: '../test-results/screenshot',
  reporter: 'list',
});
