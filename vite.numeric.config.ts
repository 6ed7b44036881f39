import { defineConfig } from 'vite';
import { CONTENT_SECURITY_POLICY, ISOLATION_HEADERS } from './headers.ts';

/** The numeric suite as a page, for the browser tests: the goldens are its static files. */
export default defineConfig({
  root: 'test/numeric',
  base: './',
  publicDir: '../../goldens',
  worker: { format: 'es' },
  build: { target: 'es2023', outDir: '../../dist-numeric', emptyOutDir: true, chunkSizeWarningLimit: 1200 },
  preview: { headers: { ...ISOLATION_HEADERS, 'Content-Security-Policy': CONTENT_SECURITY_POLICY } },
});
