/** What crosses the border between page and worker: results or errors as plain data. */
import { transfer } from 'comlink';
import { HeliographError } from '../graph/errors.ts';
import type { Engine, ErrorMessage } from './protocol.ts';

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorMessage };

/** The engine as the worker offers it: the same calls, none of which ever rejects. */
export type RemoteEngine = {
  readonly [K in keyof Engine]: (...args: Parameters<Engine[K]>) => Promise<Outcome<Awaited<ReturnType<Engine[K]>>>>;
};

export function toMessage(error: unknown): ErrorMessage {
  if (error instanceof HeliographError) return { code: error.code, message: error.message, remedy: error.remedy };
  return { code: 'runtime-failed', message: error instanceof Error ? error.message : String(error), remedy: 'Try again.' };
}

export function fromMessage({ code, message, remedy }: ErrorMessage): HeliographError {
  return new HeliographError(code, message, remedy);
}

/** The buffers of all typed arrays inside a result, to be handed over instead of copied. */
export function buffersIn(value: unknown, found: Set<ArrayBuffer> = new Set()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) buffersIn(part, found);
  }
  return found;
}

/** A call that never rejects and hands its result's buffers over. */
export function answered<A extends unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<Outcome<R>> {
  return async (...args) => {
    try {
      const value = await call(...args);
      const outcome: Outcome<R> = { ok: true, value };
      return transfer(outcome, [...buffersIn(value)]);
    } catch (error) {
      return { ok: false, error: toMessage(error) };
    }
  };
}
