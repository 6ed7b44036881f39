import { cpSync } from 'node:fs';
import { defineConfig } from 'vite';
import { CONTENT_SECURITY_POLICY, ISOLATION_HEADERS } from './headers.ts';

/** The numeric suites as pages, for the browser tests: the goldens are their static files. */
export default defineConfig({
  root: 'test/numeric',
  base: './',
  publicDir: '../../goldens',
  // The shipped scene is compared too.
  plugins: [{ name: 'scenes', closeBundle: () => cpSync('public/scenes', 'dist-numeric/scenes', { recursive: true }) }],
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    outDir: '../../dist-numeric',
    emptyOutDir: true,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { input: ['test/numeric/index.html', 'test/numeric/relight.html'] },
  },
  preview: { headers: { ...ISOLATION_HEADERS, 'Content-Security-Policy': CONTENT_SECURITY_POLICY } },
});
