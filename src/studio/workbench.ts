import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Backend, Engine, ErrorMessage } from '../runtime/protocol.ts';
import { INITIAL_STATUS, LANES, type LaneName, type Place, type Status } from './explain-status.ts';
import { Jobs } from './jobs.ts';
import { toMessage } from './lane.ts';
import type { SettingsStore } from './store.ts';

/** The state every part of the Explain controller works on, and how jobs run on it. */
export class Workbench {
  readonly status: StoreApi<Status> = createStore<Status>(() => INITIAL_STATUS);
  readonly jobs: Jobs<LaneName>;
  /** Keys of tasks that failed or were stopped: not tried again until something changes or the reader asks. */
  readonly failed = new Set<string>();

  /**
   * @param settled called after each finished task, to start what is missing next
   * @param clock milliseconds
   */
  constructor(
    readonly engine: Engine,
    readonly settings: SettingsStore,
    settled: () => void,
    clock: () => number,
  ) {
    this.jobs = new Jobs(
      LANES,
      (job) => engine.cancel(job),
      () => this.now.activities,
      (activities) => this.set({ activities }),
      settled,
      clock,
    );
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
}

/** An error in the form the interface shows, from whatever was thrown or reported. */
export function asMessage(problem: unknown): ErrorMessage {
  if (typeof problem === 'string') return { code: 'bad-document', message: problem, remedy: '' };
  return toMessage(problem);
}
