import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { expect, test } from '@playwright/test';
import { Studio } from './studio.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
};

/** A host that knows files and nothing else: the built page lies in a sub-folder, and no header is set. */
function plainHost(folder: string): Server {
  const dist = join(import.meta.dirname, '../dist');
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const path = pathname.startsWith(folder) ? normalize(pathname.slice(folder.length)) || 'index.html' : '';
    readFile(join(dist, path === '.' ? 'index.html' : path)).then(
      (content) => response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(content),
      () => response.writeHead(404).end(),
    );
  });
}

test('works from a sub-folder of a host that sets no headers', async ({ page }) => {
  const host = plainHost('/a/deep/folder/');
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = host.address() as AddressInfo;
    const missing: string[] = [];
    page.on('response', (response) => {
      if (response.status() >= 400) missing.push(response.url());
    });
    const studio = new Studio(page);
    await page.goto(`http://127.0.0.1:${port}/a/deep/folder/index.html#device=wasm`);
    await studio.settled();
    await expect(studio.map(/^SRD/)).toBeVisible();
    expect(missing.filter((url) => !url.endsWith('/favicon.ico'))).toEqual([]);
  } finally {
    host.closeAllConnections();
    host.close();
  }
});
