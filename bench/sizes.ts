import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Gzipped bytes of the built page's parts. */
export interface PageSizes {
  /** What index.html loads before anything runs: its module scripts and their preloaded imports. */
  readonly initialJavaScript: number;
  readonly initialCss: number;
  /** The runtime's largest wasm file, fetched after first paint. */
  readonly wasm: number;
}

function gzipped(path: string): number {
  return gzipSync(readFileSync(path), { level: 9 }).length;
}

/** @returns null where the page has not been built */
export function pageSizes(dist: string): PageSizes | null {
  const index = join(dist, 'index.html');
  if (!existsSync(index)) return null;
  const html = readFileSync(index, 'utf8');
  const linked = [...html.matchAll(/(?:src|href)="\.?\/?([^"]+)"/g)].map(([, path = '']) => path);
  const sum = (ending: string) =>
    linked.filter((path) => path.endsWith(ending)).reduce((total, path) => total + gzipped(join(dist, path)), 0);
  const wasm = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.wasm'));
  return {
    initialJavaScript: sum('.js'),
    initialCss: sum('.css'),
    wasm: Math.max(0, ...wasm.map((path) => gzipped(join(dist, path)))),
  };
}
