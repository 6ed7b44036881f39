import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vite';

const OUT = 'dist-cli';
const COMMANDS = 'node_modules/.bin';

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
      // npx starts what lies in this folder. For the `bin` of the package it stands in, it would first install the package
      // into its own cache, which is slow and fails for good once it has failed half-way.
      name: 'heliograph:command',
      writeBundle() {
        chmodSync(join(OUT, 'heliograph.js'), 0o755);
        mkdirSync(COMMANDS, { recursive: true });
        rmSync(join(COMMANDS, 'heliograph'), { force: true });
        symlinkSync(join('..', '..', OUT, 'heliograph.js'), join(COMMANDS, 'heliograph'));
      },
    },
  ],
});
