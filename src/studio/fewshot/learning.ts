/** A learner on a board: its inputs, its states after inner steps, its answers. Used for the chosen learner and for compared ones. */
import type { Assignments } from '../../fewshot/assignments.ts';
import { classMajorLabels } from '../../fewshot/episode.ts';
import { type Adapted, concatenated, type Prediction, predictedWays } from '../../fewshot/learner.ts';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import { classMeans, predictByPrototypes } from '../../fewshot/protonet.ts';
import { assignmentLoss, shareRight } from '../../fewshot/support-state.ts';
import type { FewShotEngine } from '../../runtime/fewshot-protocol.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import type { OnProgress } from '../../runtime/protocol.ts';
import type { Board, LearnerState } from './fewshot-status.ts';
import type { PreparedPictures } from './prepared.ts';

/** What a learner gets to see of a board. */
export interface BoardInputs {
  readonly key: string;
  readonly card: LearnerCard;
  readonly ways: number;
  /** Examples class-major, as the card says [B, C, H, W], and the class of each. */
  readonly examples: readonly Pixels[];
  readonly support: Float32Array;
  readonly labels: readonly number[];
  /** Queries class-major, [Q, C, H, W]; null where the board has none. */
  readonly asked: readonly Pixels[];
  readonly queries: Float32Array | null;
  readonly queryLabels: readonly number[];
}

/** What tells the inputs of one learner and board from others. */
export function inputsKey(card: LearnerCard, board: Board): string {
  return `${card.name} | ${board.key}`;
}

export async function prepareBoard(board: Board, card: LearnerCard, pictures: PreparedPictures): Promise<BoardInputs> {
  const examples = board.classes.flatMap((entry) => entry.examples);
  const asked = board.queries.flat();
  const [support, queries] = await Promise.all([
    pictures.inputs(examples, card.input),
    asked.length > 0 ? pictures.inputs(asked, card.input) : null,
  ]);
  return {
    key: inputsKey(card, board),
    card,
    ways: board.classes.length,
    examples,
    support,
    labels: classMajorLabels(board.classes.map((entry) => entry.examples.length)),
    asked,
    queries,
    queryLabels: classMajorLabels(board.queries.map(({ length }) => length)),
  };
}

/** How a learner is to adapt. */
export interface Learning {
  readonly engine: FewShotEngine;
  readonly pictures: PreparedPictures;
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
 * The state `steps` inner steps after `before`, or after the learner as it was trained. Learners without an inner loop have one
 * state, that without any step.
 *
 * @throws HeliographError for a support set the learner cannot take, or where the step diverges
 */
export async function stateAfter(
  learning: Learning,
  job: string,
  steps: number,
  before: LearnerState | null,
  key: string,
  onProgress?: OnProgress,
): Promise<LearnerState> {
  if (learning.inputs.card.kind === 'simpleshot') return centroids(learning, job, key, onProgress);
  const { engine, inputs, learner, assignments, learningRate } = learning;
  const { card, ways, support: images, labels, queries: asked } = inputs;
  const from = before?.adapted.kind === 'parameters' ? before.adapted : undefined;
  const options = { assignments, steps, learningRate, from };
  const { adapted, milliseconds } = await engine.adapt(job, { learner, support: { images, labels, ways }, options });
  const support = await engine.predict(job, { learner, adapted, images });
  const queries = asked === null ? null : await engine.predict(job, { learner, adapted, images: asked });
  const loss =
    adapted.kind === 'parameters' && support.logits !== null && card.kind === 'maml'
      ? assignmentLoss(support.logits, card.nodes, adapted.assignments, labels, card.inner.loss)
      : null;
  const took = milliseconds + support.milliseconds + (queries?.milliseconds ?? 0);
  return judged(inputs, key, adapted, loss, support, queries, took);
}

/** SimpleShot: only pictures it has not met go through its network. */
async function centroids(
  { engine, pictures, inputs, learner }: Learning,
  job: string,
  key: string,
  onProgress?: OnProgress,
): Promise<LearnerState> {
  const { card, ways, examples, labels, asked } = inputs;
  const seen = [...examples, ...asked];
  const { features: all, milliseconds } = await pictures.features(engine, job, learner, card, seen, (done, total) =>
    onProgress?.({ phase: 'steps', done, total }),
  );
  const features = all.slice(0, examples.length * card.features);
  const prototypes = classMeans(features, labels, ways);
  const adapted: Adapted = { kind: 'prototypes', ways, prototypes };
  const queries = asked.length === 0 ? null : predictByPrototypes(all.slice(features.length), prototypes, ways);
  return judged(inputs, key, adapted, null, predictByPrototypes(features, prototypes, ways), queries, milliseconds);
}

function judged(
  { ways, labels, queryLabels }: BoardInputs,
  key: string,
  adapted: Adapted,
  loss: number | null,
  support: Prediction,
  queries: Prediction | null,
  milliseconds: number,
): LearnerState {
  return {
    key,
    steps: adapted.kind === 'parameters' ? adapted.steps : 0,
    adapted,
    loss,
    accuracy: shareRight(support.scores, ways, labels),
    support,
    queryAccuracy: queries && shareRight(queries.scores, ways, queryLabels),
    queries,
    milliseconds,
  };
}

/** What a state says of one more picture, and what went through the network beside it. */
export async function answerTo(
  { engine, pictures, inputs, learner }: Learning,
  job: string,
  { adapted }: LearnerState,
  picture: Pixels,
): Promise<{ readonly input: Float32Array; readonly prediction: Prediction; readonly milliseconds: number }> {
  const { card, ways, support } = inputs;
  const input = await pictures.inputs([picture], card.input);
  if (adapted.kind === 'prototypes' && card.kind === 'simpleshot') {
    const { features, milliseconds } = await engine.embed(job, { learner, images: input });
    return { input, prediction: predictByPrototypes(features, adapted.prototypes, ways), milliseconds };
  }
  const { milliseconds, ...prediction } = await engine.predict(job, { learner, adapted, images: input, company: support });
  return { input, prediction, milliseconds };
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
