/** Labelled pictures from which the studio draws episodes. */
import type { PoolClass } from '../../fewshot/episode.ts';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import { HeliographError } from '../../graph/errors.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import type { Board, FewShotStatus } from './fewshot-status.ts';

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

/** The pool that the settings name, or the reader's own classes for null; null while it is on its way. */
export function chosenPool(id: string | null, { pools, board }: Pick<FewShotStatus, 'pools' | 'board'>): StudioPool | null {
  if (id !== null) return pools.find((pool) => pool.id === id) ?? null;
  return board?.own ? poolOfBoard(board) : null;
}

/** The reader's own classes on the board, as a pool of their pictures; its id changes with them. */
function poolOfBoard({ key, classes }: Board): StudioPool {
  return {
    id: key,
    title: 'Your own classes',
    domain: 'photographs',
    classes: classes.map(({ name, examples }) => ({ name, size: examples.length })),
    note: '',
    picture: async (classIndex, image) => {
      const picture = classes[classIndex]?.examples[image];
      if (!picture) throw new HeliographError('bad-image', 'This picture is not on the board any more.');
      return picture;
    },
  };
}
