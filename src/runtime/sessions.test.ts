import { describe, expect, it } from 'vitest';
import { SessionCache } from './sessions.ts';

class Counted {
  static alive = 0;
  static most = 0;
  released = false;
  constructor() {
    Counted.alive += 1;
    Counted.most = Math.max(Counted.most, Counted.alive);
  }
  async release(): Promise<void> {
    this.released = true;
    Counted.alive -= 1;
  }
}

function makeCache(count: number, bytes: number): SessionCache<Counted> {
  Counted.alive = 0;
  Counted.most = 0;
  return new SessionCache<Counted>((session) => session.release(), { count, bytes });
}

const create = async () => new Counted();

describe('SessionCache', () => {
  it('keeps memory flat over 200 explanations of changing graphs', async () => {
    const cache = makeCache(8, 1000);
    for (let run = 0; run < 200; run += 1) await cache.use(`graph ${run % 37}`, 100, create, async () => undefined);
    expect(Counted.most).toBeLessThanOrEqual(8);
    expect(cache.size).toBe(8);
  });

  it('makes a session once per key and throws the least recently used one out', async () => {
    const cache = makeCache(2, 1000);
    const first = await cache.use('a', 1, create, async (session) => session);
    const second = await cache.use('b', 1, create, async (session) => session);
    expect(await cache.use('a', 1, create, async (session) => session)).toBe(first);
    await cache.use('c', 1, create, async () => undefined);
    expect(second.released).toBe(true);
    expect(first.released).toBe(false);
  });

  it('bounds the sum of bytes', async () => {
    const cache = makeCache(100, 250);
    for (const key of ['a', 'b', 'c']) await cache.use(key, 100, create, async () => undefined);
    expect(cache.bytes).toBe(200);
    expect(Counted.alive).toBe(2);
  });

  it('never releases a session in use', async () => {
    const cache = makeCache(1, 1000);
    await cache.use('a', 1, create, async (outer) => {
      await cache.use('b', 1, create, async () => undefined);
      await cache.evict(() => true);
      expect(outer.released).toBe(false);
    });
    expect(cache.size).toBeLessThanOrEqual(1);
  });

  it('does not remember a creation that failed', async () => {
    const cache = makeCache(2, 1000);
    const failing = async (): Promise<Counted> => {
      throw new Error('no memory');
    };
    await expect(cache.use('a', 1, failing, async () => undefined)).rejects.toThrow('no memory');
    expect(cache.size).toBe(0);
    await cache.use('a', 1, create, async (session) => expect(session.released).toBe(false));
  });
});
