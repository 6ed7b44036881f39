/** A learner on a board: its inputs, its states after inner steps, its answers. Used for the chosen learner and for compared ones. */
import type { Assignments } from '../../fewshot/assignments.ts';
import { classMajorLabels } from '../../fewshot/episode.ts';
import { concatenated, type Prediction, predictedWays } from '../../fewshot/learner.ts';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import { assignmentLoss, shareRight } from '../../fewshot/support-state.ts';
import type { FewShotEngine } from '../../runtime/fewshot-protocol.ts';
import type { Pictures } from '../picture-client.ts';
import type { Board, LearnerState } from './fewshot-status.ts';

/** What a learner gets to see of a board, prepared as its card says. */
export interface BoardInputs {
  readonly key: string;
  readonly card: LearnerCard;
  readonly ways: number;
  /** [B, C, H, W], class-major, and the class of each. */
  readonly support: Float32Array;
  readonly labels: readonly number[];
  /** [Q, C, H, W], class-major; null where the board has no queries. */
  readonly queries: Float32Array | null;
  readonly queryLabels: readonly number[];
}

export async function prepareBoard(board: Board, card: LearnerCard, prepare: Pictures['learnerInputs']): Promise<BoardInputs> {
  const pictures = board.classes.flatMap(({ examples }) => examples);
  const queries = board.queries.flat();
  const [support, asked] = await Promise.all([
    prepare(pictures, card.input),
    queries.length > 0 ? prepare(queries, card.input) : null,
  ]);
  return {
    key: `${card.name} | ${board.key}`,
    card,
    ways: board.classes.length,
    support,
    labels: classMajorLabels(board.classes.map(({ examples }) => examples.length)),
    queries: asked,
    queryLabels: classMajorLabels(board.queries.map(({ length }) => length)),
  };
}

/** How a learner is to adapt. */
export interface Learning {
  readonly inputs: BoardInputs;
  /** The engine's handle. */
  readonly learner: string;
  readonly assignments: Assignments;
  readonly learningRate: number | undefined;
}

/** What tells one course of learning from another. */
export function learningKey(inputs: string, assignments: Assignments, learningRate: number | undefined): string {
  return `${inputs} | ${assignments.map((list) => list.join(',')).join(';')} | ${learningRate ?? ''}`;
}

/**
 * The state one inner step after `before`, or the one without any step. Learners without an inner loop have that one alone.
 *
 * @throws HeliographError for a support set the learner cannot take, or where the step diverges
 */
export async function nextState(
  engine: FewShotEngine,
  job: string,
  { inputs, learner, assignments, learningRate }: Learning,
  before: LearnerState | null,
  key: string,
): Promise<LearnerState> {
  const { card, ways, support: images, labels, queries: asked, queryLabels } = inputs;
  const from = before?.adapted.kind === 'parameters' ? before.adapted : undefined;
  const options = { assignments, steps: before === null ? 0 : 1, learningRate, from };
  const { adapted } = await engine.adapt(job, { learner, support: { images, labels, ways }, options });
  const support = await engine.predict(job, { learner, adapted, images });
  const queries = asked === null ? null : await engine.predict(job, { learner, adapted, images: asked });
  return {
    key,
    steps: adapted.kind === 'parameters' ? adapted.steps : 0,
    adapted,
    loss:
      adapted.kind === 'parameters' && support.logits !== null && card.kind === 'maml'
        ? assignmentLoss(support.logits, card.nodes, adapted.assignments, labels)
        : null,
    accuracy: shareRight(support.scores, ways, labels),
    support,
    queryAccuracy: queries === null ? null : shareRight(queries.scores, ways, queryLabels),
    queries,
  };
}

/** Row `row` of a prediction of `rows` rows. */
export function rowOf({ scores, probabilities, features, logits }: Prediction, row: number, rows: number): Prediction {
  const part = (values: Float32Array) => {
    const length = values.length / rows;
    return values.slice(row * length, (row + 1) * length);
  };
  return {
    scores: part(scores),
    probabilities: part(probabilities),
    features: part(features),
    logits: logits && part(logits),
  };
}

/** One image of a batch of `count`, and the others. */
export function taken(images: Float32Array, index: number, count: number): { one: Float32Array; others: Float32Array } {
  const size = images.length / count;
  return {
    one: images.slice(index * size, (index + 1) * size),
    others: concatenated([images.subarray(0, index * size), images.subarray((index + 1) * size)]),
  };
}

/** Place of the `index`-th query of class `way` in class-major order; null where the board has no such query. */
export function queryPlace({ queries }: Board, [way, index]: readonly [number, number]): number | null {
  const own = queries[way];
  if (own === undefined || index >= own.length) return null;
  return queries.slice(0, way).reduce((sum, list) => sum + list.length, 0) + index;
}

/** How many of the classes predicted now are those predicted before. */
export function heldPredictions(before: Prediction, now: Prediction, ways: number): { same: number; of: number } {
  const earlier = predictedWays(before.scores, ways);
  const later = predictedWays(now.scores, ways);
  return { same: later.filter((way, index) => way === earlier[index]).length, of: later.length };
}
