import { drawEpisode, type PoolClass } from '../src/fewshot/episode.ts';
import { checkEvaluation, confusionOf, type EvaluationOptions } from '../src/fewshot/evaluation.ts';
import { type Interval, meanInterval } from '../src/fewshot/interval.ts';
import type { LearnerCard } from '../src/fewshot/learner-card.ts';
import type { EvaluateResult } from '../src/runtime/fewshot-protocol.ts';
import { DecodedPool } from './decoded-pool.ts';
import { readImageFolders } from './image-folders.ts';
import { openLearner } from './learner.ts';

interface EpisodesArguments extends EvaluationOptions {
  readonly learner: string;
  readonly images: string;
  readonly json?: boolean;
}

/** A line that is written over and over, where somebody looks. */
function status(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function percent({ mean, halfWidth }: Interval): string {
  const figure = (value: number) => (100 * value).toFixed(2);
  return halfWidth === null ? `${figure(mean)} %` : `${figure(mean)} ± ${figure(halfWidth)} %`;
}

/** For each class the images any of the episodes uses. */
function imagesOf(classes: readonly PoolClass[], options: EvaluationOptions): Map<number, Set<number>> {
  const wanted = new Map<number, Set<number>>();
  for (let number = 0; number < options.episodes; number += 1) {
    const episode = drawEpisode(classes, options, 0, options.seed, number);
    episode.classes.forEach((index, way) => {
      const images = wanted.get(index) ?? new Set();
      for (const image of [...(episode.support[way] ?? []), ...(episode.query[way] ?? [])]) images.add(image);
      wanted.set(index, images);
    });
  }
  return wanted;
}

/** What was measured, for programs. Of queries predicted wrong the images are named. */
function facts(given: EpisodesArguments, card: LearnerCard, pool: DecodedPool, result: EvaluateResult): string {
  const { learner, images, ways, shots, queries, seed } = given;
  const nameOf = (index: number) => pool.classes[index]?.name ?? '';
  const document = {
    learner,
    title: card.title,
    kind: card.kind,
    images,
    classes: pool.classes.length,
    ways,
    shots,
    queries,
    episodes: result.episodes.length,
    seed,
    assignments: result.assignments === 0 ? null : result.assignments,
    accuracy: result.accuracy,
    accuracies: result.episodes.map(({ accuracy }) => accuracy),
    confusion: confusionOf(result.episodes).map(({ actual, predicted, queries: behind }) => ({
      actual: nameOf(actual),
      predicted: nameOf(predicted),
      count: behind.length,
      ...(actual === predicted
        ? {}
        : { images: behind.map(({ episode, image }) => ({ episode, file: pool.path(actual, image) })) }),
    })),
    milliseconds: result.milliseconds,
    backend: result.backend,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** `heliograph episodes`: accuracy of a few-shot learner over random episodes from a folder of classes. */
export async function episodes(given: EpisodesArguments): Promise<void> {
  const { engine, summary } = await openLearner(given.learner);
  const { card } = summary;
  const { ways, shots, queries, episodes: count, seed, assignments } = given;
  const options: EvaluationOptions = { ways, shots, queries, episodes: count, seed, assignments };
  const pool = new DecodedPool(await readImageFolders(given.images), card.input);
  const used = checkEvaluation(card, pool.classes, options);
  await pool.decode(imagesOf(pool.classes, options), (done, total) => status(`image ${done} of ${total}`));

  const accuracies: number[] = [];
  const request = { learner: summary.id, classes: pool.classes, options };
  const result = await engine.evaluate('episodes', request, pool.load, undefined, ({ accuracy }) => {
    accuracies.push(accuracy);
    status(`episode ${accuracies.length} of ${count}: ${percent(meanInterval(accuracies))}`);
  });
  status('');
  if (given.json) {
    process.stdout.write(facts(given, card, pool, result));
    return;
  }
  const sets = used === 0 ? '' : `, ${used} assignment${used === 1 ? '' : 's'}`;
  process.stdout.write(
    `${card.title}: ${ways}-way ${shots}-shot, ${queries} queries a class${sets}; ${pool.classes.length} classes, seed ${seed}\n` +
      `accuracy ${percent(result.accuracy)} over ${count} episodes${result.accuracy.halfWidth === null ? '' : ' (95 % interval of the mean)'}\n`,
  );
}
