export interface SessionLimits {
  readonly count: number;
  readonly bytes: number;
}

/**
 * The wasm heap never shrinks, so what matters is how much is ever alive at once. Eight graphs serve one model with every
 * method on screen; half a gigabyte of weights leaves room for intermediate values in a 4 GB heap.
 */
export const DEFAULT_LIMITS: SessionLimits = { count: 8, bytes: 512 * 2 ** 20 };

interface Entry<T> {
  readonly key: string;
  readonly bytes: number;
  readonly value: Promise<T>;
  users: number;
}

/**
 * A bounded cache of inference sessions, least recently used first out. A session in use is never released; the bound may
 * be exceeded for as long as sessions in use need it.
 *
 * @param dispose releases a session; the engine runs it through the operation queue
 */
export class SessionCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #limits: SessionLimits;
  readonly #dispose: (value: T) => Promise<void>;

  constructor(dispose: (value: T) => Promise<void>, limits: SessionLimits = DEFAULT_LIMITS) {
    this.#dispose = dispose;
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    let sum = 0;
    for (const entry of this.#entries.values()) sum += entry.bytes;
    return sum;
  }

  /**
   * Calls `use` with the session of that key, made by `create` where the cache has none. Room is made before `create`
   * runs, so that old and new are not alive together.
   *
   * @param bytes size of the session's weights, what it counts for in the bound
   */
  async use<R>(key: string, bytes: number, create: () => Promise<T>, use: (value: T) => Promise<R>): Promise<R> {
    const entry = await this.#take(key, bytes, create);
    try {
      return await use(await entry.value);
    } catch (error) {
      // A creation that failed must not be remembered.
      await entry.value.catch(() => this.#forget(entry));
      throw error;
    } finally {
      entry.users -= 1;
      await this.#shrink(this.#limits.count, this.#limits.bytes);
    }
  }

  async #take(key: string, bytes: number, create: () => Promise<T>): Promise<Entry<T>> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.users += 1;
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const room = this.#shrink(this.#limits.count - 1, this.#limits.bytes - bytes);
    const entry: Entry<T> = { key, bytes, value: room.then(create), users: 1 };
    // `use` awaits the value; this keeps a rejection from being reported as unhandled meanwhile.
    entry.value.catch(() => undefined);
    this.#entries.set(key, entry);
    return entry;
  }

  #forget(entry: Entry<T>): void {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
  }

  async #shrink(count: number, bytes: number): Promise<void> {
    const released: Promise<void>[] = [];
    for (const entry of this.#entries.values()) {
      if (this.size <= count && this.bytes <= bytes) break;
      if (entry.users > 0) continue;
      this.#entries.delete(entry.key);
      released.push(entry.value.then(this.#dispose));
    }
    await Promise.allSettled(released);
  }

  /** Releases the idle sessions whose key matches; those in use go when the bound next asks for room. */
  async evict(matches: (key: string) => boolean): Promise<void> {
    const released: Promise<void>[] = [];
    for (const entry of this.#entries.values()) {
      if (!matches(entry.key) || entry.users > 0) continue;
      this.#entries.delete(entry.key);
      released.push(entry.value.then(this.#dispose));
    }
    await Promise.allSettled(released);
  }

  /** Forgets every session without releasing it: after a device loss the runtime hangs when one is touched. */
  abandon(): void {
    this.#entries.clear();
  }
}
