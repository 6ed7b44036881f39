import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { download } from './download.ts';

describe('download', () => {
  let server: Server;
  let origin = '';
  const body = Buffer.alloc(300_000, 7);

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/missing') response.writeHead(404).end();
      else if (request.url === '/chunked') response.writeHead(200).end(body);
      else if (request.url === '/broken') {
        response.writeHead(200, { 'content-length': body.length });
        response.write(body.subarray(0, 100), () => response.destroy());
      } else if (request.url === '/slow') response.writeHead(200, { 'content-length': body.length }).write(body.subarray(0, 100));
      else response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const never = new AbortController().signal;

  it('reports bytes up to the total and gives the file', async () => {
    const seen: (readonly [number, number | null])[] = [];
    const bytes = await download(`${origin}/file`, null, (done, total) => seen.push([done, total]), never);
    expect(bytes.length).toBe(body.length);
    expect(bytes.every((byte) => byte === 7)).toBe(true);
    expect(seen[0]).toEqual([0, body.length]);
    expect(seen.at(-1)).toEqual([body.length, body.length]);
  });

  it('takes the size from the card where it is given', async () => {
    const totals = new Set<number | null>();
    await download(`${origin}/chunked`, 123_456, (_, total) => totals.add(total), never);
    expect([...totals]).toEqual([123_456]);
  });

  it.each(['/missing', '/broken'])('says that the download failed: %s', async (path) => {
    await expect(download(origin + path, null, () => undefined, never)).rejects.toMatchObject({ code: 'download-failed' });
  });

  it('stops when cancelled', async () => {
    const controller = new AbortController();
    const stopped = download(
      `${origin}/slow`,
      null,
      (done) => {
        if (done > 0) controller.abort();
      },
      controller.signal,
    );
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
  });
});
