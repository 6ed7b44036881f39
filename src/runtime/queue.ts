import { HeliographError } from '../graph/errors.ts';

interface Waiting {
  start(): Promise<void>;
  refuse(reason: unknown): void;
}

/** The error a cancelled job ends with. */
export function cancelled(): HeliographError {
  return new HeliographError('cancelled', 'The computation was cancelled.');
}

/**
 * Lets the thread's event loop have its turn. The wasm runtime computes on the thread that calls it and settles in
 * microtasks, between which no message comes in: a worker busy with a thousand runs would not hear that it may stop.
 */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    // No timer: browsers make nested ones wait 4 ms.
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => {
      port2.close();
      resolve();
    };
    port1.postMessage(null);
  });
}

/**
 * Runs asynchronous operations one after another. Every `create`, `run` and `release` of the runtime goes through one
 * such queue: two overlapping WebGPU runs never settle, two overlapping creations reject (onnxruntime-web 1.30).
 *
 * Callers take turns: one that has queued a hundred operations lets another's single operation pass after the current one.
 * A failed operation rejects its own promise and nothing else. Between two operations messages come in.
 */
export class OperationQueue {
  /** Waiting operations by caller; the map's order is the order of turns. */
  readonly #waiting = new Map<string, Waiting[]>();
  #busy = false;

  /** Number of operations that have not started yet. */
  get length(): number {
    let count = 0;
    for (const list of this.#waiting.values()) count += list.length;
    return count;
  }

  /**
   * @param caller who asks; callers take turns
   * @param signal an operation not yet started is dropped as soon as this aborts
   * @throws HeliographError `cancelled`, or whatever the operation throws
   */
  run<T>(caller: string, operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted) {
        reject(cancelled());
        return;
      }
      const drop = () => this.#drop(caller, waiting);
      const waiting: Waiting = {
        start: () => {
          signal?.removeEventListener('abort', drop);
          return operation().then(resolve, reject);
        },
        refuse: reject,
      };
      signal?.addEventListener('abort', drop, { once: true });
      const list = this.#waiting.get(caller);
      if (list === undefined) this.#waiting.set(caller, [waiting]);
      else list.push(waiting);
      if (!this.#busy) void this.#drain();
    });
  }

  #drop(caller: string, waiting: Waiting): void {
    const list = this.#waiting.get(caller);
    const index = list?.indexOf(waiting) ?? -1;
    if (list === undefined || index < 0) return;
    list.splice(index, 1);
    if (list.length === 0) this.#waiting.delete(caller);
    waiting.refuse(cancelled());
  }

  #next(): Waiting | undefined {
    for (const [caller, list] of this.#waiting) {
      const first = list.shift();
      // Re-inserted at the end, so that every other caller has its turn first.
      this.#waiting.delete(caller);
      if (list.length > 0) this.#waiting.set(caller, list);
      if (first !== undefined) return first;
    }
    return undefined;
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      try {
        await next.start();
      } catch (error) {
        // Reached only where an operation throws before it returns a promise.
        next.refuse(error);
      }
      await breathe();
    }
    this.#busy = false;
  }
}
