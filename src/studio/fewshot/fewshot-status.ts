/** What the few-shot workspace knows. Changed by its controller alone. */

import type { ConfusionCell } from '../../fewshot/evaluation.ts';
import type { Interval } from '../../fewshot/interval.ts';
import type { Adapted, Prediction } from '../../fewshot/learner.ts';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import type { ErrorMessage, MapData } from '../../runtime/protocol.ts';
import type { Activities } from '../jobs.ts';
import type { StudioPool } from './pool.ts';

export interface BoardClass {
  readonly name: string;
  readonly examples: readonly Pixels[];
}

/** The classes an episode is about, with their examples, and labelled queries where it was drawn from a pool. */
export interface Board {
  /** Changes when anything of it does. */
  readonly key: string;
  readonly own: boolean;
  readonly classes: readonly BoardClass[];
  /** For each class its query pictures; empty lists for an own episode. */
  readonly queries: readonly (readonly Pixels[])[];
}

/** The learner after some inner steps; learners without an inner loop have one state. */
export interface LearnerState {
  /** Of the whole: learner, board, assignments and step. */
  readonly key: string;
  /** Inner steps taken. */
  readonly steps: number;
  readonly adapted: Adapted;
  /** Of the support examples, class-major: Σ_j mean_i CE, share predicted right, and what is predicted. */
  readonly loss: number | null;
  readonly accuracy: number;
  readonly support: Prediction;
  /** Of the board's queries, class-major; null where there are none. */
  readonly queryAccuracy: number | null;
  readonly queries: Prediction | null;
  /** How long the network ran for the steps since the state before and for both predictions. */
  readonly milliseconds: number;
}

/** What is said of the picture asked about. */
export interface Answer {
  readonly key: string;
  readonly picture: Pixels;
  /** As the learner takes it, [1, C, H, W]. */
  readonly input: Float32Array;
  /** What went through the network beside it, [n, C, H, W]. */
  readonly company: Float32Array;
  /** Its class, where it is known. */
  readonly actual: number | null;
  /** Rows of one: scores, probabilities [N], features [F], logits [O] or null. */
  readonly prediction: Prediction;
}

/** Why: relevance of each pixel of the learner's input for a class, or the support examples by distance. */
export type Why =
  | {
      readonly key: string;
      readonly kind: 'srd';
      /** The class it is given for, and the one the picture was taken for. */
      readonly way: number;
      readonly taken: number;
      readonly map: MapData;
      readonly seen: Pixels;
      readonly score: number;
    }
  | {
      readonly key: string;
      readonly kind: 'nearest';
      /** Index of a support example in class-major order, and ‖f − f'‖ in feature space, nearest first. */
      readonly examples: readonly { readonly index: number; readonly distance: number }[];
    };

export interface ComparedLearner {
  readonly name: string;
  readonly card: LearnerCard | null;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  readonly supportAccuracy: number | null;
  readonly queryAccuracy: number | null;
  /** Of the picture asked about, by way. */
  readonly probabilities: Float32Array | null;
  /** How long the network ran to adapt and to predict; loading it, and waiting for other work, is not in it. */
  readonly milliseconds: number | null;
  readonly problem: ErrorMessage | null;
}

export interface StudioEvaluation {
  readonly key: string;
  readonly learner: LearnerCard;
  readonly pool: StudioPool;
  readonly ways: number;
  readonly shots: number;
  readonly queries: number;
  readonly seed: number;
  readonly total: number;
  readonly done: number;
  /** Of each episode so far. */
  readonly accuracies: readonly number[];
  readonly interval: Interval | null;
  readonly confusion: readonly ConfusionCell[];
  /** J as used; 0 for learners without output nodes. */
  readonly assignments: number;
  readonly state: 'running' | 'done' | 'stopped' | 'failed';
  readonly problem: ErrorMessage | null;
  readonly milliseconds: number | null;
}

export const FEWSHOT_PLACES = ['learner', 'board', 'adapt', 'query', 'why', 'compare', 'evaluate', 'camera', 'file'] as const;
/** Where on the page a problem belongs. */
export type FewShotPlace = (typeof FEWSHOT_PLACES)[number];

/** Kinds of job, most important first. */
export const FEWSHOT_LANES = ['cards', 'learner', 'board', 'adapt', 'query', 'why', 'compare', 'evaluate'] as const;
export type FewShotLane = (typeof FEWSHOT_LANES)[number];

export interface FewShotStatus {
  /** The bundled learners' cards, in the order they are offered. */
  readonly cards: readonly LearnerCard[];
  readonly learner: { readonly name: string; readonly id: string; readonly card: LearnerCard } | null;
  readonly pools: readonly StudioPool[];
  readonly board: Board | null;
  /** States after 0, 1, 2 … inner steps on the board as it is, as far as they were computed. */
  readonly states: readonly LearnerState[];
  readonly answer: Answer | null;
  readonly why: Why | null;
  /** How many of the board's queries are predicted as before the nodes were last shuffled; null before that. */
  readonly held: { readonly same: number; readonly of: number } | null;
  readonly comparison: readonly ComparedLearner[];
  readonly evaluation: StudioEvaluation | null;
  readonly activities: Activities<FewShotLane>;
  readonly problems: Readonly<Partial<Record<FewShotPlace, ErrorMessage>>>;
  readonly lastRun: number | null;
}

export const INITIAL_FEWSHOT: FewShotStatus = {
  cards: [],
  learner: null,
  pools: [],
  board: null,
  states: [],
  answer: null,
  why: null,
  held: null,
  comparison: [],
  evaluation: null,
  activities: {},
  problems: {},
  lastRun: null,
};
