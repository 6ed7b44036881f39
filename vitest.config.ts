import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['{src,cli,test,bench}/**/*.test.{ts,tsx}'],
    // The runtime's wasm heap is one per process and the golden networks are small; a slow runner still has to load it.
    testTimeout: 30_000,
  },
});
