import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OperationQueue } from './queue.ts';

/** An operation whose end the test decides. */
function gate(): { operation: () => Promise<string>; open: (value: string) => void; started: () => boolean } {
  let open: (value: string) => void = () => undefined;
  let started = false;
  const promise = new Promise<string>((resolve) => {
    open = resolve;
  });
  return {
    operation: () => {
      started = true;
      return promise;
    },
    open,
    started: () => started,
  };
}

describe('OperationQueue', () => {
  it('never runs two operations at once and keeps every caller in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.record({ caller: fc.constantFrom('a', 'b', 'c'), fails: fc.boolean() }), { maxLength: 12 }),
        async (scheduler, jobs) => {
          const queue = new OperationQueue();
          let running = 0;
          let most = 0;
          const order: Record<string, number[]> = {};
          const results = jobs.map(({ caller, fails }, index) =>
            queue.run(caller, async () => {
              running += 1;
              most = Math.max(most, running);
              let list = order[caller];
              if (list === undefined) {
                list = [];
                order[caller] = list;
              }
              list.push(index);
              await scheduler.schedule(Promise.resolve());
              running -= 1;
              if (fails) throw new Error(`job ${index}`);
              return index;
            }),
          );
          const settled = Promise.allSettled(results);
          await scheduler.waitFor(settled);
          const outcomes = await settled;
          outcomes.forEach((outcome, index) => {
            expect(outcome.status).toBe(jobs[index]?.fails ? 'rejected' : 'fulfilled');
          });
          expect(most).toBeLessThanOrEqual(1);
          for (const list of Object.values(order)) expect(list).toEqual([...list].sort((a, b) => a - b));
        },
      ),
      { seed: 7, numRuns: 60 },
    );
  });

  it('gives callers turns: a single operation passes a long list of another caller', async () => {
    const queue = new OperationQueue();
    const log: string[] = [];
    const many = [1, 2, 3].map((n) => queue.run('long', async () => void log.push(`long ${n}`)));
    const single = queue.run('short', async () => void log.push('short'));
    await Promise.all([...many, single]);
    expect(log).toEqual(['long 1', 'long 2', 'short', 'long 3']);
  });

  it('drops an operation that is cancelled while it waits, and lets the running one end', async () => {
    const queue = new OperationQueue();
    const first = gate();
    const second = gate();
    const running = queue.run('a', first.operation);
    const controller = new AbortController();
    const waiting = queue.run('a', second.operation, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    expect(queue.length).toBe(0);
    first.open('done');
    await expect(running).resolves.toBe('done');
    expect(second.started()).toBe(false);
  });

  it('refuses at once what is cancelled before it is queued', async () => {
    const queue = new OperationQueue();
    await expect(queue.run('a', async () => 1, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('survives an operation that throws before it returns a promise', async () => {
    const queue = new OperationQueue();
    const broken = queue.run('a', () => {
      throw new Error('at once');
    });
    await expect(broken).rejects.toThrow('at once');
    await expect(queue.run('a', async () => 'fine')).resolves.toBe('fine');
  });
});
