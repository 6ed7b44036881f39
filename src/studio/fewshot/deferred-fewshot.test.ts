import { describe, expect, it, vi } from 'vitest';
import type { StoreApi } from 'zustand/vanilla';
import { deferFewShot } from './deferred-fewshot.ts';
import type { FewShotController } from './fewshot-controller.ts';
import type { FewShotStatus } from './fewshot-status.ts';

/** A controller that notes what is asked of it, and the status it was given. */
function setUp(failures = 0) {
  const asked: string[] = [];
  const given: StoreApi<FewShotStatus>[] = [];
  const note =
    <T>(what: string, answer: T) =>
    () => {
      asked.push(what);
      return answer;
    };
  const controller = {
    start: note('start', note('stop', undefined)),
    edit: note('edit', Promise.resolve()),
    episodeFile: note('file', Promise.resolve('an episode')),
    evaluate: note('evaluate', undefined),
    cancel: note('cancel', undefined),
    retry: note('retry', undefined),
  } as unknown as FewShotController;
  const load = vi.fn(async (status: StoreApi<FewShotStatus>) => {
    if (load.mock.calls.length <= failures) throw new TypeError('Failed to fetch');
    given.push(status);
    return controller;
  });
  return { fewshot: deferFewShot(load, () => 0), load, asked, given };
}

describe('the few-shot controller before its code has come', () => {
  it('is loaded once, when it is needed, and does what was asked in that order', async () => {
    const { fewshot, load, asked, given } = setUp();
    fewshot.cancel();
    expect(load).not.toHaveBeenCalled();
    fewshot.start();
    fewshot.evaluate();
    await fewshot.edit((episode) => episode);
    expect(await fewshot.episodeFile()).toBe('an episode');
    expect(asked).toEqual(['start', 'evaluate', 'edit', 'file']);
    expect(load).toHaveBeenCalledTimes(1);
    expect(given).toEqual([fewshot.status]);
  });

  it('does not follow the settings where that was ended before it came', async () => {
    const { fewshot, asked } = setUp();
    fewshot.start()();
    await fewshot.edit((episode) => episode);
    expect(asked).toEqual(['edit']);
  });

  it('stops when it is told to', async () => {
    const { fewshot, asked } = setUp();
    const stop = fewshot.start();
    await fewshot.edit((episode) => episode);
    stop();
    expect(asked).toEqual(['start', 'edit', 'stop']);
  });

  it('says that it is busy until the code is there, or does not come', async () => {
    const { fewshot, asked } = setUp(1);
    const busy = () => Object.keys(fewshot.status.getState().activities).length > 0;
    expect(busy()).toBe(false);
    for (const outcome of [null, 'an episode']) {
      const file = fewshot.episodeFile();
      expect(busy()).toBe(true);
      expect(await file).toBe(outcome);
      expect(busy()).toBe(false);
    }
    expect(asked).toEqual(['file']);
  });

  it('says so where it cannot be loaded, and follows the settings once another attempt succeeds', async () => {
    const { fewshot, asked } = setUp(1);
    fewshot.start();
    expect(await fewshot.episodeFile()).toBeNull();
    expect(fewshot.status.getState().problems.learner).toBeDefined();
    fewshot.retry();
    await vi.waitFor(() => expect(asked).toEqual(['start', 'retry']));
  });
});
