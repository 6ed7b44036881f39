import { HeliographError } from '../graph/errors.ts';
import type { ErrorMessage } from '../runtime/protocol.ts';

/** What became of a job. `stale`: another one took its place meanwhile, so nobody waits for it. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: ErrorMessage }
  | { readonly kind: 'stale' };

/** A cancelled, superseded or failed job's error in the form the interface shows. */
export function toMessage(error: unknown): ErrorMessage {
  if (error instanceof HeliographError) return { code: error.code, message: error.message, remedy: error.remedy };
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'runtime-failed',
    message: `Something unforeseen happened: ${message}`,
    remedy: 'Try again, or reload the page.',
  };
}

/** Runs at most one job of a kind: a new one cancels the old one, whose result is then dropped. */
export class Lane {
  private current: { readonly job: string; readonly key: string } | null = null;
  private count = 0;

  constructor(
    private readonly name: string,
    private readonly cancelJob: (job: string) => unknown,
  ) {}

  /** Key of the running job, null when idle. */
  get key(): string | null {
    return this.current?.key ?? null;
  }

  async run<T>(key: string, work: (job: string) => Promise<T>): Promise<Outcome<T>> {
    this.stop();
    this.count += 1;
    const ticket = { job: `${this.name}-${this.count}`, key };
    this.current = ticket;
    let outcome: Outcome<T>;
    try {
      outcome = { kind: 'done', value: await work(ticket.job) };
    } catch (error) {
      outcome = { kind: 'failed', error: toMessage(error) };
    }
    if (this.current !== ticket) return { kind: 'stale' };
    this.current = null;
    return outcome;
  }

  /** Cancels the running job; its outcome will be `stale`. */
  stop(): void {
    if (!this.current) return;
    this.cancelJob(this.current.job);
    this.current = null;
  }
}
