import type { ErrorMessage, Progress } from '../runtime/protocol.ts';
import { Lane } from './lane.ts';

/** What a lane does at the moment, for the screen. */
export interface Activity {
  readonly key: string;
  readonly label: string;
  readonly progress: Progress | null;
  /** Milliseconds on the controller's clock. */
  readonly since: number;
}

export type Activities<Name extends string> = Readonly<{ [L in Name]?: Activity }>;

/** What runs now on the first of these lanes that does something, and which that is. */
export function firstActivity<Name extends string>(
  activities: Activities<Name>,
  lanes: readonly Name[],
): { readonly lane: Name; readonly activity: Activity } | null {
  for (const lane of lanes) {
    const activity = activities[lane];
    if (activity) return { lane, activity };
  }
  return null;
}

/** One job: what it is called on screen, how it runs and what its end means. */
export interface Task<Name extends string, T> {
  readonly lane: Name;
  /** Identifies what is computed; a running task of the same key need not be started again. */
  readonly key: string;
  readonly label: string;
  readonly run: (job: string, onProgress: (progress: Progress) => void) => Promise<T>;
  readonly failed: (error: ErrorMessage) => void;
  readonly done: (value: T) => void;
}

/** What is shown of a task that the reader stopped; it waits until they go on. */
export const CANCELLED: ErrorMessage = { code: 'cancelled', message: 'You stopped this.', remedy: '' };

/** More often nobody could read it, and showing it would take time from what runs. Milliseconds. */
const PROGRESS_INTERVAL = 100;

/** Runs a controller's tasks, one at a time on each lane, and says what runs. */
export class Jobs<Name extends string> {
  readonly lanes: Readonly<Record<Name, Lane>>;

  /**
   * @param cancelJob ends a job of the engine
   * @param activities what runs now, as the controller's status has it
   * @param show puts it there
   * @param settled called after each finished task, to start what is missing next
   * @param clock milliseconds
   */
  constructor(
    names: readonly Name[],
    cancelJob: (job: string) => Promise<unknown>,
    private readonly activities: () => Activities<Name>,
    private readonly show: (activities: Activities<Name>) => void,
    private readonly settled: () => void,
    private readonly clock: () => number,
  ) {
    const cancel = (job: string) => void cancelJob(job).catch(() => undefined);
    this.lanes = Object.fromEntries(names.map((name) => [name, new Lane(name, cancel)])) as Record<Name, Lane>;
  }

  /** Runs a task in place of whatever its lane does. Resolves to whether it was finished and wanted. */
  async run<T>({ lane, key, label, run, failed, done }: Task<Name, T>): Promise<boolean> {
    const since = this.clock();
    const show = (progress: Progress | null) =>
      this.show({ ...this.activities(), [lane]: { key, label, progress, since } } as Activities<Name>);
    show(null);
    let last: { readonly phase: string; readonly at: number } | null = null;
    const outcome = await this.lanes[lane].run(key, (job) =>
      run(job, (progress) => {
        const at = this.clock();
        const fresh = progress.phase !== last?.phase || at - last.at >= PROGRESS_INTERVAL;
        if (!fresh || this.lanes[lane].key !== key) return;
        last = { phase: progress.phase, at };
        show(progress);
      }),
    );
    if (outcome.kind === 'stale') return false;
    this.idle(lane);
    if (outcome.kind === 'failed') failed(outcome.error);
    else done(outcome.value);
    this.settled();
    return outcome.kind === 'done';
  }

  /** Cancels what a lane does. */
  stop(lane: Name): void {
    if (this.lanes[lane].key === null) return;
    this.lanes[lane].stop();
    this.idle(lane);
  }

  private idle(lane: Name): void {
    const { [lane]: _, ...others } = this.activities();
    this.show(others as Activities<Name>);
  }
}
