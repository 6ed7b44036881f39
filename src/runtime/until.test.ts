import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { until } from './until.ts';

/** Node shows its garbage collector only where asked. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

const never = new Promise<never>(() => undefined);

describe('until', () => {
  it('gives what the operation gives', async () => {
    await expect(until(never, Promise.resolve(3))).resolves.toBe(3);
    await expect(until(never, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('rejects everything that waits when the end comes, and everything asked afterwards', async () => {
    let end: (reason: unknown) => void = () => undefined;
    const death = new Promise<never>((_, reject) => {
      end = reject;
    });
    const waiting = [until(death, never), until(death, never)];
    end(new Error('lost'));
    for (const one of waiting) await expect(one).rejects.toThrow('lost');
    await expect(until(death, Promise.resolve(1))).rejects.toThrow('lost');
  });

  it('lets go of results while the end is pending', async () => {
    const results: WeakRef<object>[] = [];
    const use = async () => {
      const value = await until(never, Promise.resolve({ map: new Float32Array(4) }));
      results.push(new WeakRef(value));
    };
    for (let index = 0; index < 20; index += 1) await use();
    // Weak references hold their object until the present job ends.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(results.filter((result) => result.deref() !== undefined).length).toBeLessThan(5);
  });
});
