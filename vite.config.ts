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

/**
 * Names everything the page starts with in its head. Vite would add a link for each file when a script first asks for it, and
 * adding sixty of them holds the page for a quarter of a second.
 */
function startPreloads(): Plugin {
  return {
    name: 'heliograph:start-preloads',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_, { bundle = {}, chunk: entry }) {
        const files = new Set<string>();
        const visit = (file: string) => {
          const chunk = bundle[file];
          if (chunk?.type !== 'chunk' || chunk === entry || files.has(file)) return;
          files.add(file);
          chunk.imports.forEach(visit);
        };
        entry?.imports.forEach(visit);
        entry?.dynamicImports.forEach(visit);
        return [...files].map((file) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, href: `./${file}` },
          injectTo: 'head',
        }));
      },
    },
  };
}

export default defineConfig({
  // Relative addresses: the build works from any folder of any host.
  base: './',
  plugins: [react(), contentSecurityPolicy(), startPreloads()],
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    // See `startPreloads`.
    modulePreload: false,
    // The wasm binary is large and nothing warns about it usefully.
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
            // Large, and asked for only when a scene is opened.
            { name: 'three', test: /node_modules[\\/]three[\\/]/ },
          ],
        },
      },
    },
  },
  // Built pages lie in the same folder and are not part of the one being developed.
  optimizeDeps: { entries: ['index.html'] },
  server: { headers: ISOLATION_HEADERS, watch: { ignored: ['**/dist*/**'] } },
  preview: { headers: { ...ISOLATION_HEADERS, 'Content-Security-Policy': CONTENT_SECURITY_POLICY } },
});
