import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Backend, Engine, ErrorMessage, Progress } from '../runtime/protocol.ts';
import { INITIAL_STATUS, LANES, type LaneName, type Place, type Status } from './explain-status.ts';
import { Lane, toMessage } from './lane.ts';
import type { SettingsStore } from './store.ts';

/** One job: what it is called on screen, how it runs and what its end means. */
export interface Task<T> {
  readonly lane: LaneName;
  /** Identifies what is computed; a running task of the same key need not be started again. */
  readonly key: string;
  readonly label: string;
  readonly run: (job: string, onProgress: (progress: Progress) => void) => Promise<T>;
  readonly failed: (error: ErrorMessage) => void;
  readonly done: (value: T) => void;
}

/** More often nobody could read it, and showing it would take time from what runs. Milliseconds. */
const PROGRESS_INTERVAL = 100;

/** The state every part of the Explain controller works on, and how jobs run on it. */
export class Workbench {
  readonly status: StoreApi<Status> = createStore<Status>(() => INITIAL_STATUS);
  readonly lanes: Readonly<Record<LaneName, Lane>>;
  /** Keys of tasks that failed or were stopped: not tried again until something changes or the reader asks. */
  readonly failed = new Set<string>();

  /**
   * @param settled called after each finished task, to start what is missing next
   * @param clock milliseconds
   */
  constructor(
    readonly engine: Engine,
    readonly settings: SettingsStore,
    private readonly settled: () => void,
    private readonly clock: () => number,
  ) {
    const cancel = (job: string) => void engine.cancel(job).catch(() => undefined);
    this.lanes = Object.fromEntries(LANES.map((name) => [name, new Lane(name, cancel)])) as Record<LaneName, Lane>;
  }

  get now(): Status {
    return this.status.getState();
  }

  set(patch: Partial<Status>): void {
    this.status.setState(patch);
  }

  /** Shows a problem where it is, or with null takes it away. */
  report(place: Place, problem: ErrorMessage | null): void {
    const { [place]: before, ...others } = this.now.problems;
    if (problem) this.set({ problems: { ...others, [place]: problem } });
    else if (before) this.set({ problems: others });
  }

  /** Runs a task in place of whatever its lane does. Resolves to whether it was finished and wanted. */
  async run<T>({ lane, key, label, run, failed, done }: Task<T>): Promise<boolean> {
    const since = this.clock();
    const show = (progress: Progress | null) =>
      this.set({ activities: { ...this.now.activities, [lane]: { key, label, progress, since } } });
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
  stop(lane: LaneName): void {
    if (this.lanes[lane].key === null) return;
    this.lanes[lane].stop();
    this.idle(lane);
  }

  /**
   * A run on the device failed. A lost device is replaced by wasm; anything else stands, under the key of what was
   * wanted, until something changes.
   */
  failRun(key: string, error: ErrorMessage): void {
    if (error.code === 'device-lost' && this.settings.get().device !== 'wasm') {
      this.report('device', error);
      this.settings.set({ device: 'wasm' });
      return;
    }
    this.failed.add(key);
    this.set({ failures: new Map(this.now.failures).set(key, error) });
  }

  /** Takes note of a finished run. One that ended elsewhere than on the device at hand has lost its GPU on the way. */
  ran({ milliseconds, backend }: { readonly milliseconds: number; readonly backend: Backend }): void {
    this.set({ lastRun: milliseconds });
    if (!this.now.device || this.now.device.backend === backend) return;
    void this.engine.device().then(
      (device) => {
        this.set({ device });
        this.report('map', { code: 'device-lost', message: device.note, remedy: '' });
      },
      // The next run meets the same trouble and says so.
      () => undefined,
    );
  }

  private idle(lane: LaneName): void {
    const { [lane]: _, ...activities } = this.now.activities;
    this.set({ activities });
  }
}

/** An error in the form the interface shows, from whatever was thrown or reported. */
export function asMessage(problem: unknown): ErrorMessage {
  if (typeof problem === 'string') return { code: 'bad-document', message: problem, remedy: '' };
  return toMessage(problem);
}
