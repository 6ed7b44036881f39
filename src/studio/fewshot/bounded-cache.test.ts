import { expect, test } from 'vitest';
import { boundedCache } from './bounded-cache.ts';

test('what is asked for again is made once, even while it is being made', async () => {
  const cache = boundedCache<number>(10, () => 1);
  let made = 0;
  const make = async () => {
    made += 1;
    return made;
  };
  expect(await Promise.all([cache('a', make), cache('a', make)])).toEqual([1, 1]);
  expect(await cache('a', make)).toBe(1);
});

test('what was asked for longest ago goes when there is no more room', async () => {
  const cache = boundedCache<string>(4, ({ length }) => length);
  const made: string[] = [];
  const get = (key: string) =>
    cache(key, async () => {
      made.push(key);
      return key;
    });
  for (const key of ['aa', 'bb', 'aa', 'cc', 'aa', 'bb']) await get(key);
  expect(made).toEqual(['aa', 'bb', 'cc', 'bb']);
});

test('a failure is told and forgotten', async () => {
  const cache = boundedCache<number>(4, () => 1);
  await expect(cache('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await cache('a', async () => 5)).toBe(5);
});
