/** An evaluation as files, for spreadsheets and for programs. */
import { csvTable } from '../seeing/csv.ts';
import type { StudioEvaluation } from './fewshot-status.ts';

/** One line an episode. */
export function episodesCsv({ accuracies }: StudioEvaluation): string {
  return csvTable(
    ['episode', 'accuracy'],
    accuracies.map((accuracy, episode) => [episode, accuracy]),
  );
}

/** One line a picture predicted wrong or right: which one it was, and in which episode. */
export function confusionCsv({ confusion, pool }: StudioEvaluation): string {
  const nameOf = (index: number) => pool.classes[index]?.name ?? '';
  return csvTable(
    ['actual', 'predicted', 'episode', 'picture'],
    confusion.flatMap(({ actual, predicted, queries }) =>
      queries.map(({ episode, image }) => [nameOf(actual), nameOf(predicted), episode, image]),
    ),
  );
}

/** What `heliograph episodes --json` prints; pictures have their number within the class where files have a path. */
export function evaluationJson(evaluation: StudioEvaluation): string {
  const { learner, pool, ways, shots, queries, seed, accuracies, assignments, interval, confusion, milliseconds } = evaluation;
  const nameOf = (index: number) => pool.classes[index]?.name ?? '';
  const document = {
    learner: learner.name,
    title: learner.title,
    kind: learner.kind,
    images: pool.title,
    classes: pool.classes.length,
    ways,
    shots,
    queries,
    episodes: accuracies.length,
    seed,
    assignments: assignments === 0 ? null : assignments,
    accuracy: interval,
    accuracies,
    confusion: confusion.map(({ actual, predicted, queries: behind }) => ({
      actual: nameOf(actual),
      predicted: nameOf(predicted),
      count: behind.length,
      ...(actual === predicted ? {} : { images: behind.map(({ episode, image }) => ({ episode, image })) }),
    })),
    milliseconds,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
