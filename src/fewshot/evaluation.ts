/** Accuracy of a learner over random episodes. */
import { HeliographError } from '../graph/errors.ts';
import { assign, defaultAssignments, nodesInOrder } from './assignments.ts';
import { checkPool, classMajorLabels, drawEpisode, type Episode, type EpisodeShape, type PoolClass } from './episode.ts';
import { type Interval, meanInterval } from './interval.ts';
import { concatenated, type Learner, predictedWays, type RunGraph } from './learner.ts';
import type { LearnerCard } from './learner-card.ts';
import { adapt, featuresOf, predict } from './learners.ts';
import { classMeans, predictByPrototypes } from './protonet.ts';

/** Labelled images from which episodes are drawn, classes in the order of their names. */
export interface ImagePool {
  readonly classes: readonly PoolClass[];
  /** Images of one class, prepared as the learner's card says and put one after another: [n, C, H, W]. */
  load(classIndex: number, images: readonly number[]): Promise<Float32Array>;
}

export interface EvaluationOptions extends EpisodeShape {
  /** Number R of episodes. */
  readonly episodes: number;
  readonly seed: number;
  /** J; what the learner takes by default where absent. Means nothing to learners without output nodes. */
  readonly assignments?: number;
  /** Inner steps; the card's where absent. */
  readonly steps?: number;
}

/** One episode with every query's fate, so that a cell of a confusion matrix can show its images. */
export interface EpisodeResult {
  readonly number: number;
  /** Indices into the pool's classes, by way. */
  readonly classes: readonly number[];
  /** For each way the query images' indices within the class. */
  readonly query: readonly (readonly number[])[];
  /** For each way the way predicted for each of its query images. */
  readonly predicted: readonly (readonly number[])[];
  /** Share of queries predicted right. */
  readonly accuracy: number;
}

export interface Evaluation {
  readonly episodes: readonly EpisodeResult[];
  readonly accuracy: Interval;
  /** J as used, 0 for learners without output nodes. */
  readonly assignments: number;
}

/** A cell of the confusion matrix over the pool's classes, all episodes together. */
export interface ConfusionCell {
  /** Indices into the pool's classes. */
  readonly actual: number;
  readonly predicted: number;
  /** The queries behind it: episode number and image index within the actual class. */
  readonly queries: readonly { readonly episode: number; readonly image: number }[];
}

/**
 * @returns the number J of assignments such an evaluation uses, 0 for learners without output nodes
 * @throws HeliographError `bad-episode` where the pool or the learner cannot serve such episodes
 */
export function checkEvaluation(card: LearnerCard, classes: readonly PoolClass[], options: EvaluationOptions): number {
  const { ways, episodes } = options;
  checkPool(classes, options);
  if (!Number.isInteger(episodes) || episodes < 1) {
    throw new HeliographError('bad-episode', `${episodes} episodes cannot be run.`, 'Choose at least one.');
  }
  if (card.kind !== 'maml') {
    if (options.assignments === undefined) return 0;
    throw new HeliographError('bad-episode', `“${card.name}” has no output nodes to assign.`, 'Leave the assignments out.');
  }
  const assignments = options.assignments ?? defaultAssignments(card, ways);
  assign(nodesInOrder(card.nodes), ways, assignments);
  return assignments;
}

/**
 * Evaluates a learner on R episodes of a pool. Cancelling is the caller's: a `run` that throws ends it.
 *
 * @param onEpisode called after each episode
 * @throws HeliographError `bad-episode` where the pool or the learner cannot serve such episodes
 */
export async function evaluate(
  learner: Learner,
  pool: ImagePool,
  options: EvaluationOptions,
  run: RunGraph,
  onEpisode: (result: EpisodeResult) => void = () => undefined,
): Promise<Evaluation> {
  const { episodes, seed } = options;
  const assignments = checkEvaluation(learner.card, pool.classes, options);
  const classify = learner.card.kind === 'simpleshot' ? rememberedFeatures(learner, pool, run) : classifier(learner, pool, run);
  const results: EpisodeResult[] = [];
  for (let number = 0; number < episodes; number += 1) {
    const episode = drawEpisode(pool.classes, options, learner.nodes, seed, number);
    const ways = predictedWays(await classify(episode, { ...options, assignments }), episode.classes.length);
    const predicted = episode.query.map((images, way) => ways.slice(way * images.length, (way + 1) * images.length));
    const right = predicted.reduce((sum, list, way) => sum + list.filter((guess) => guess === way).length, 0);
    const { classes, query } = episode;
    const result = { number, classes, query, predicted, accuracy: right / ways.length };
    results.push(result);
    onEpisode(result);
  }
  return { episodes: results, accuracy: meanInterval(results.map(({ accuracy }) => accuracy)), assignments };
}

/** Scores [N·Q, N] of an episode's queries, class-major. */
type ClassifyEpisode = (episode: Episode, options: { assignments: number; steps?: number }) => Promise<Float32Array>;

/** Adapts to the support images, then classifies all query images as one batch. */
function classifier(learner: Learner, pool: ImagePool, run: RunGraph): ClassifyEpisode {
  const batch = async ({ classes }: Episode, images: Episode['support']) =>
    concatenated(await Promise.all(classes.map((index, way) => pool.load(index, images[way] ?? []))));
  return async (episode, { assignments, steps }) => {
    const { classes, support, query, permutation } = episode;
    const ways = classes.length;
    const labels = classMajorLabels(support.map(({ length }) => length));
    const lists = learner.nodes === 0 ? undefined : assign(permutation, ways, assignments);
    const adapted = await adapt(
      learner,
      { images: await batch(episode, support), labels, ways },
      { assignments: lists, steps },
      run,
    );
    return (await predict(learner, adapted, await batch(episode, query), run)).scores;
  };
}

/** Without batch statistics an image has the same features in every episode: each goes through the network once. */
function rememberedFeatures(learner: Learner, pool: ImagePool, run: RunGraph): ClassifyEpisode {
  const known = new Map<string, Float32Array>();
  const featureOf = async (classIndex: number, image: number): Promise<Float32Array> => {
    const key = `${classIndex}/${image}`;
    const feature = known.get(key) ?? (await featuresOf(learner, await pool.load(classIndex, [image]), run));
    known.set(key, feature);
    return feature;
  };
  const batch = async ({ classes }: Episode, images: Episode['support']) => {
    const rows: Float32Array[] = [];
    for (const [way, index] of classes.entries()) for (const image of images[way] ?? []) rows.push(await featureOf(index, image));
    return concatenated(rows);
  };
  return async (episode) => {
    const ways = episode.classes.length;
    const labels = classMajorLabels(episode.support.map(({ length }) => length));
    const prototypes = classMeans(await batch(episode, episode.support), labels, ways);
    return predictByPrototypes(await batch(episode, episode.query), prototypes, ways).scores;
  };
}

/** The cells of the confusion matrix that are not empty, by actual and then predicted class. */
export function confusionOf(episodes: readonly EpisodeResult[]): ConfusionCell[] {
  const cells = new Map<string, { actual: number; predicted: number; queries: { episode: number; image: number }[] }>();
  for (const { number, classes, query, predicted } of episodes) {
    for (const [way, images] of query.entries()) {
      for (const [at, image] of images.entries()) {
        const actual = classes[way] ?? -1;
        const guess = classes[predicted[way]?.[at] ?? -1] ?? -1;
        const key = `${actual}/${guess}`;
        const cell = cells.get(key) ?? { actual, predicted: guess, queries: [] };
        cell.queries.push({ episode: number, image });
        cells.set(key, cell);
      }
    }
  }
  return [...cells.values()].sort((a, b) => a.actual - b.actual || a.predicted - b.predicted);
}
