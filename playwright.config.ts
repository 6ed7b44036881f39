import { defineConfig } from '@playwright/test';
import { CHROMIUM_FLAGS } from './e2e/chromium.ts';
import { NUMERIC_PORT, PORT } from './e2e/ports.ts';
import { findChromium } from './scripts/find-chromium.mjs';

// Workers read this file too and inherit the environment, so the search runs once.
process.env.CHROMIUM_PATH ??= findChromium();

export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.e2e.ts',
  outputDir: 'test-results/playwright',
  reporter: [['list'], ['json', { outputFile: 'test-results/playwright.json' }]],
  forbidOnly: process.env.CI !== undefined,
  retries: 0,
  // Two cores: the wasm runtime of one page alone uses two threads.
  workers: 1,
  // A software WebGPU adapter is about a hundred times slower than wasm.
  timeout: 120_000,
  expect: { timeout: 45_000 },
  use: {
    baseURL: `http://127.0.0.1:${PORT}`,
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    launchOptions: { executablePath: process.env.CHROMIUM_PATH, args: CHROMIUM_FLAGS },
  },
  webServer: [
    { config: 'vite.config.ts', port: PORT },
    // The numeric suite as a page of its own.
    { config: 'vite.numeric.config.ts', port: NUMERIC_PORT },
  ].map(({ config, port }) => ({
    cwd: import.meta.dirname,
    command: `npx vite preview --config ${config} --host 127.0.0.1 --port ${port} --strictPort`,
    url: `http://127.0.0.1:${port}`,
    reuseExistingServer: false,
  })),
});
