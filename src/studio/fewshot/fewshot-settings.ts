/** The few-shot workspace's rows of the table of settings. */
import * as z from 'zod';
import { flag, numeric, position, text, word, words } from '../codec.ts';
import { linked, own } from '../state-entry.ts';
import { type OwnEpisode, ownEpisodeSchema, pictureSchema } from './own-episode.ts';

export const FEWSHOT_VIEWS = ['teach', 'compare', 'evaluate'] as const;
/** Why a query is taken for what it is: relevance on the adapted network, or the examples nearest to it. */
export const REASONS = ['srd', 'nearest'] as const;

export const MOST_WAYS = 20;
export const MOST_SHOTS = 10;
export const MOST_STEPS = 30;
/** Query images of each class beside an episode drawn from a pool. */
export const MOST_QUERIES = 15;
export const MOST_EPISODES = 2000;

const learnerName = z.string().min(1).max(100);
const seed = z.int().min(0).max(2_147_483_647);

export const FEWSHOT_STATE = {
  fewView: linked('few-view', 'teach', z.enum(FEWSHOT_VIEWS), word),
  /** Folder of a bundled learner. */
  learner: linked('learner', 'drawings-anyway', learnerName, text),
  /** Id of the pool the episode is drawn from; null for the reader's own classes, which no link can carry. */
  pool: linked('pool', 'glyphs', z.string().min(1).max(80).nullable(), text),
  /** N, K and Q of an episode drawn from a pool, and of evaluated ones. */
  ways: linked('ways', 5, z.int().min(2).max(MOST_WAYS), numeric),
  shots: linked('shots', 5, z.int().min(1).max(MOST_SHOTS), numeric),
  queries: linked('queries', 5, z.int().min(1).max(MOST_QUERIES), numeric),
  /** Number of the episode drawn from the pool: another one, other classes. */
  episode: linked('episode', 1, seed, numeric),
  /** Inner steps behind the state that is shown; null for the learner's own number. */
  innerSteps: linked('inner-steps', null, z.int().min(0).max(MOST_STEPS).nullable(), numeric),
  /** null for the learner's own. */
  innerRate: linked('inner-rate', null, z.number().gt(0).max(10).nullable(), numeric),
  /** J, number of assignments; null for as many as fit. */
  assignments: linked('assignments', null, z.int().min(1).max(15).nullable(), numeric),
  /** Seed of the order of the output nodes; 0 for the order the episode was drawn with. */
  shuffle: linked('shuffle', 0, seed, numeric),
  /** Which query is asked about, way and number within it; null for the reader's own picture. */
  query: linked(
    'query',
    [0, 0],
    z
      .tuple([z.int().min(0).max(999), z.int().min(0).max(999)])
      .readonly()
      .nullable(),
    position,
  ),
  /** Class for or against which a reason is given; null for the predicted one. */
  forClass: linked(
    'for-class',
    null,
    z
      .int()
      .min(0)
      .max(MOST_WAYS - 1)
      .nullable(),
    numeric,
  ),
  reason: linked('reason', 'srd', z.enum(REASONS), word),

  /** Learners beside the chosen one in the comparison. */
  compared: linked<readonly string[]>(
    'compared',
    ['drawings-protonet', 'drawings-fixed5'],
    z.array(learnerName).max(6).readonly(),
    words,
  ),

  /** R and Q of an evaluation, its seed, and whether it was asked for. */
  evalEpisodes: linked('eval-episodes', 100, z.int().min(2).max(MOST_EPISODES), numeric),
  evalQueries: linked('eval-queries', 10, z.int().min(1).max(MOST_QUERIES), numeric),
  evalSeed: linked('eval-seed', 1, seed, numeric),
  evaluating: linked('eval-run', false, z.boolean(), flag, false),

  /** The reader's classes and the picture asked about. */
  ownEpisode: own<OwnEpisode | null>(null, ownEpisodeSchema.nullable()),
  ownQuery: own<string | null>(null, pictureSchema.nullable()),
};
