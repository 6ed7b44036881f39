import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vite';

const OUT = 'dist-cli';

/** What runs in Node: the command line, the benchmark, the first look. Packages stay imports; only our own source is bundled. */
export default defineConfig({
  publicDir: false,
  build: {
    ssr: true,
    target: 'node20',
    outDir: OUT,
    emptyOutDir: true,
    rolldownOptions: {
      input: { heliograph: 'cli/main.ts', bench: 'bench/main.ts', 'first-look': 'scripts/first-look.ts' },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
  plugins: [
    {
      // npm marks a bin file executable when it links it, which a later build undoes.
      name: 'heliograph:executable',
      writeBundle: () => chmodSync(join(OUT, 'heliograph.js'), 0o755),
    },
  ],
});
