import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { CONTENT_SECURITY_POLICY, ISOLATION_HEADERS } from './headers.ts';

/**
 * Writes the policy into the built page, for hosts whose headers cannot be set. A meta tag knows no `frame-ancestors`; the
 * development server needs inline scripts and has no policy.
 */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'heliograph:content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: {
          'http-equiv': 'Content-Security-Policy',
          content: CONTENT_SECURITY_POLICY.replace(/; frame-ancestors [^;]*/, ''),
        },
        injectTo: 'head-prepend',
      },
    ],
  };
}

export default defineConfig({
  // Relative addresses: the build works from any folder of any host.
  base: './',
  plugins: [react(), contentSecurityPolicy()],
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    // The wasm binary is large and nothing warns about it usefully.
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ }],
        },
      },
    },
  },
  // Built pages lie in the same folder and are not part of the one being developed.
  optimizeDeps: { entries: ['index.html'] },
  server: { headers: ISOLATION_HEADERS, watch: { ignored: ['**/dist*/**'] } },
  preview: { headers: { ...ISOLATION_HEADERS, 'Content-Security-Policy': CONTENT_SECURITY_POLICY } },
});
