/** Labelled pictures from which the studio draws episodes. */
import type { PoolClass } from '../../fewshot/episode.ts';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import type { Pixels } from '../../runtime/preprocess.ts';

export interface StudioPool {
  readonly id: string;
  readonly title: string;
  /** What learners it suits. */
  readonly domain: LearnerCard['domain'];
  /** In the order of their names, by code units. */
  readonly classes: readonly PoolClass[];
  /** Where the pictures come from and under which terms. */
  readonly note: string;
  /** One picture. @throws HeliographError where it cannot be had, saying why */
  picture(classIndex: number, image: number): Promise<Pixels>;
}
