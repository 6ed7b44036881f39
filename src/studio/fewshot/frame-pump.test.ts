import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pumpFrames } from './frame-pump.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A pump whose frames are numbers, with what it gave and a way to deal with the last one. */
function pump(interval: number) {
  const given: number[] = [];
  const waiting: { resolve: () => void; reject: (reason: Error) => void }[] = [];
  let number = 0;
  const end = pumpFrames({
    take: () => number++,
    give: (frame) => {
      given.push(frame);
      return new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
    },
    interval,
  });
  return { given, waiting, end };
}

test('the first frame comes at once, the next when the interval is over', async () => {
  const { given, waiting, end } = pump(200);
  expect(given).toEqual([0]);
  waiting[0]?.resolve();
  await vi.advanceTimersByTimeAsync(199);
  expect(given).toEqual([0]);
  await vi.advanceTimersByTimeAsync(1);
  expect(given).toEqual([0, 1]);
  end();
});

test('no frame is given before the last was dealt with, however long that takes', async () => {
  const { given, waiting, end } = pump(200);
  await vi.advanceTimersByTimeAsync(5000);
  expect(given).toEqual([0]);
  waiting[0]?.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(given).toEqual([0, 1]);
  end();
});

test('goes on after a frame that failed and where there is no frame', async () => {
  const given: string[] = [];
  const frames = ['a', null, 'b'];
  const end = pumpFrames({
    take: () => frames.shift() ?? null,
    give: (frame) => {
      given.push(frame);
      throw new Error('not now');
    },
    interval: 10,
  });
  await vi.advanceTimersByTimeAsync(30);
  expect(given).toEqual(['a', 'b']);
  end();
});

test('gives nothing once ended, even while a frame is being dealt with', async () => {
  const { given, waiting, end } = pump(200);
  end();
  waiting[0]?.resolve();
  await vi.advanceTimersByTimeAsync(1000);
  expect(given).toEqual([0]);
});
