/** What waits for something that may end. */
interface Waiting {
  readonly listeners: Set<(reason: unknown) => void>;
  ended: { readonly reason: unknown } | null;
}

const waitingFor = new WeakMap<Promise<never>, Waiting>();

function waitingOn(end: Promise<never>): Waiting {
  const known = waitingFor.get(end);
  if (known !== undefined) return known;
  const waiting: Waiting = { listeners: new Set(), ended: null };
  waitingFor.set(end, waiting);
  end.catch((reason: unknown) => {
    waiting.ended = { reason };
    for (const reject of waiting.listeners) reject(reason);
    waiting.listeners.clear();
  });
  return waiting;
}

/**
 * The operation's result, or the rejection of `end` where that comes first. `Promise.race` does the same, but keeps every
 * result in memory for as long as `end` is pending, which is as long as the device or the worker lives.
 *
 * @param end never settles, or rejects
 */
export function until<T>(end: Promise<never>, operation: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const waiting = waitingOn(end);
    if (waiting.ended !== null) reject(waiting.ended.reason);
    else waiting.listeners.add(reject);
    operation.then(resolve, reject).finally(() => waiting.listeners.delete(reject));
  });
}
