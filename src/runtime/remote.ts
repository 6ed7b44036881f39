/** What crosses the border between page and worker: results or errors as plain data. */
import { transfer } from 'comlink';
import { HeliographError } from '../graph/errors.ts';
import type { EvaluateRequest, EvaluateResult, FewShotEngine, LoadImages, OnEpisode } from './fewshot-protocol.ts';
import type { Engine, ErrorMessage, OnProgress } from './protocol.ts';

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorMessage };

/** The engine of a page: explanations and few-shot learners. */
export type WholeEngine = Engine & FewShotEngine;

/** The page's images, as the worker asks for them. */
export type RemoteLoad = (...which: Parameters<LoadImages>) => Promise<Outcome<Float32Array>>;

/** The engine as the worker offers it: the same calls, none of which ever rejects, nor may what they call back. */
export type RemoteEngine = {
  readonly [K in Exclude<keyof WholeEngine, 'evaluate'>]: (
    ...args: Parameters<WholeEngine[K]>
  ) => Promise<Outcome<Awaited<ReturnType<WholeEngine[K]>>>>;
} & {
  evaluate(
    job: string,
    request: EvaluateRequest,
    load: RemoteLoad,
    onProgress?: OnProgress,
    onEpisode?: OnEpisode,
  ): Promise<Outcome<EvaluateResult>>;
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

/** The result of what may fail, as data. */
export async function outcomeOf<R>(call: () => Promise<R>): Promise<Outcome<R>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    return { ok: false, error: toMessage(error) };
  }
}

/** The other way: a result, or the error it was. */
export function unwrapped<R>(outcome: Outcome<R>): R {
  if (outcome.ok) return outcome.value;
  throw fromMessage(outcome.error);
}

/** A call that never rejects and hands its result's buffers over. */
export function answered<A extends unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<Outcome<R>> {
  return async (...args) => {
    const outcome = await outcomeOf(() => call(...args));
    return transfer(outcome, [...buffersIn(outcome)]);
  };
}
