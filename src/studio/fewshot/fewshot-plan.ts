/** What the settings ask of the few-shot workspace. Pure. */
import { type Assignments, assign, defaultAssignments, mostAssignments, nodesInOrder } from '../../fewshot/assignments.ts';
import { drawEpisode, shuffle } from '../../fewshot/episode.ts';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import { uniform } from '../../random.ts';
import type { Settings } from '../state.ts';
import type { Board } from './fewshot-status.ts';
import type { StudioPool } from './pool.ts';

/** Seed of the episodes on the board; which one is the setting `episode`. */
const BOARD_SEED = 1;

export const FIRST_QUERY = [0, 0] as const;

/** What is asked where other classes come to the board, from a pool and from the reader. */
export const NEW_QUESTION = { query: FIRST_QUERY, forClass: null } satisfies Partial<Settings>;
export const NO_QUESTION = { query: null, forClass: null } satisfies Partial<Settings>;

type Shape = Pick<Settings, 'ways' | 'shots' | 'queries' | 'episode'>;

/** The episode the board shows: indices into the pool's classes and their images. */
export function episodeOf(pool: StudioPool, { ways, shots, queries, episode }: Shape, nodes = 0) {
  return drawEpisode(pool.classes, { ways, shots, queries }, nodes, BOARD_SEED, episode);
}

/** What tells one board from another. */
export function boardKey(
  { pool, ways, shots, queries, episode, ownEpisode }: Settings,
  revision: (own: Settings['ownEpisode']) => number,
): string {
  return pool === null ? `own ${revision(ownEpisode)}` : `${pool} ${ways} ${shots} ${queries} ${episode}`;
}

/** Inner steps behind the state that is wanted; learners without an inner loop have none. */
export function stepsWanted(card: LearnerCard, { innerSteps }: Pick<Settings, 'innerSteps'>): number {
  return card.kind === 'maml' ? (innerSteps ?? card.inner.steps) : 0;
}

/** The number of assignments in force: what was chosen, as far as the nodes allow it. */
export function assignmentsWanted(card: LearnerCard, ways: number, { assignments }: Pick<Settings, 'assignments'>): number {
  if (card.kind !== 'maml') return 0;
  return assignments === null
    ? defaultAssignments(card, ways)
    : Math.min(assignments, Math.max(1, mostAssignments(card.nodes, ways)));
}

/**
 * Which nodes speak for which class: cut from the order the episode was drawn with, from the nodes' own order where it is the
 * reader's, or from a shuffled one.
 *
 * @throws HeliographError `bad-episode` for more classes than nodes
 */
export function assignmentsOf(card: LearnerCard, board: Board, pool: StudioPool | null, settings: Settings): Assignments {
  if (card.kind !== 'maml') return [];
  const ways = board.classes.length;
  const { nodes } = card;
  const order =
    settings.shuffle > 0
      ? shuffle(nodes, nodes, uniform(settings.shuffle, 0))
      : board.own || pool === null
        ? nodesInOrder(nodes)
        : episodeOf(pool, settings, nodes).permutation;
  return assign(order, ways, assignmentsWanted(card, ways, settings));
}
