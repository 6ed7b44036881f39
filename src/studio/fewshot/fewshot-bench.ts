import type { StoreApi } from 'zustand/vanilla';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import { HeliographError } from '../../graph/errors.ts';
import type { FewShotEngine } from '../../runtime/fewshot-protocol.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import type { Engine, ErrorMessage, OnProgress } from '../../runtime/protocol.ts';
import { Jobs, type Task } from '../jobs.ts';
import type { Pictures } from '../picture-client.ts';
import type { SettingsStore } from '../store.ts';
import { FEWSHOT_LANES, type FewShotLane, type FewShotPlace, type FewShotStatus } from './fewshot-status.ts';
import type { LearnerLibrary } from './learner-library.ts';
import type { StudioPool } from './pool.ts';
import { PreparedPictures } from './prepared.ts';

/** What of the browser the workspace needs; a test gives its own. */
export interface FewShotSurroundings {
  readonly engine: FewShotEngine & Pick<Engine, 'cancel'>;
  readonly learners: LearnerLibrary;
  /** A bundled pool. @throws HeliographError */
  readonly pool: (id: string) => Promise<StudioPool>;
  /** The reader's folders as a pool. @throws HeliographError */
  readonly folders: (files: readonly File[], domain: LearnerCard['domain']) => StudioPool;
  /** @throws HeliographError */
  readonly read: (file: File) => Promise<Pixels>;
  readonly prepare: Pictures['learnerInputs'];
  /** From and to data addresses. */
  readonly decode: (picture: string) => Promise<Pixels>;
  readonly encode: (pixels: Pixels, domain: LearnerCard['domain']) => Promise<string>;
  /** Milliseconds. */
  readonly clock: () => number;
}

/** The state every part of the few-shot controller works on, and how jobs run on it. */
export class FewShotBench {
  readonly jobs: Jobs<FewShotLane>;
  /** Keys of tasks that failed or were stopped: not tried again until something changes or the reader asks. */
  readonly failed = new Set<string>();
  /** What each picture is to a learner. */
  readonly pictures: PreparedPictures;
  readonly #opened = new Map<string, Promise<string>>();

  constructor(
    readonly settings: SettingsStore,
    readonly around: FewShotSurroundings,
    readonly status: StoreApi<FewShotStatus>,
    settled: () => void,
  ) {
    this.pictures = new PreparedPictures(around.prepare);
    this.jobs = new Jobs(
      FEWSHOT_LANES,
      (job) => around.engine.cancel(job),
      () => this.now.activities,
      (activities) => this.set({ activities }),
      settled,
      around.clock,
    );
  }

  get now(): FewShotStatus {
    return this.status.getState();
  }

  set(patch: Partial<FewShotStatus>): void {
    this.status.setState(patch);
  }

  /** Shows a problem where it is, or with null takes it away. */
  report(place: FewShotPlace, problem: ErrorMessage | null): void {
    const { [place]: before, ...others } = this.now.problems;
    if (problem) this.set({ problems: { ...others, [place]: problem } });
    else if (before) this.set({ problems: others });
  }

  /** Runs a task whose failure is shown at a place. It is not tried again by itself. */
  pursue<T>(place: FewShotPlace, task: Omit<Task<FewShotLane, T>, 'failed'>): void {
    const { lane, key, done } = task;
    if (this.jobs.lanes[lane].key === key || this.failed.has(key)) return;
    this.report(place, null);
    void this.jobs.run({
      ...task,
      failed: (error) => {
        this.failed.add(key);
        this.report(place, error);
      },
      done,
    });
  }

  /** The engine's handle of a learner, opened on first need and kept: a learner is small. */
  open(card: LearnerCard, job: string, onProgress?: OnProgress): Promise<string> {
    const known = this.#opened.get(card.name);
    if (known) return known;
    const { engine, learners } = this.around;
    const model = { kind: 'url', url: learners.model(card), name: card.title, bytes: card.bytes } as const;
    const opening = engine.openLearner(job, { card, model }, onProgress).then(({ id }) => id);
    this.#opened.set(card.name, opening);
    opening.catch(() => this.#opened.delete(card.name));
    return opening;
  }

  card(name: string): LearnerCard {
    const card = this.now.cards.find((candidate) => candidate.name === name);
    if (card) return card;
    throw new HeliographError('bad-document', `There is no learner “${name}” here.`, 'Choose one of the list.');
  }
}
