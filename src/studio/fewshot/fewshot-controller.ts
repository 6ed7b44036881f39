/**
 * Keeps the few-shot workspace in step with the settings: opens the learner, lays out the episode, adapts, answers the query and
 * says why. It knows neither React nor the DOM.
 */
import type { StoreApi } from 'zustand/vanilla';
import type { FewShotPlace, FewShotStatus } from './fewshot-status.ts';
import type { OwnEpisode } from './own-episode.ts';
import type { StudioPool } from './pool.ts';

export interface FewShotController {
  readonly status: StoreApi<FewShotStatus>;
  /**
   * Changes the reader's own episode. Where the board shows one drawn from a pool, that becomes the reader's own first. Each
   * change is a step of undo.
   */
  edit(change: (episode: OwnEpisode) => OwnEpisode): Promise<void>;
  /** Asks about a picture of the reader's (a data address); null goes back to the board's queries. */
  ask(picture: string | null): void;
  /** Takes images from folders, one class a folder, as a pool or, where they are few, as the own episode. */
  takeFolders(pool: StudioPool): void;
  /** Runs the evaluation the settings describe, from the beginning. */
  evaluate(): void;
  /** Ends what runs; what was computed stays. */
  cancel(): void;
  /** Tries again whatever failed or was stopped. */
  retry(): void;
  report(place: FewShotPlace, problem: unknown): void;
}
