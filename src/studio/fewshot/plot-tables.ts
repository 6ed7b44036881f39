/** The workspace's plots as tables. */
import { csvTable } from '../seeing/csv.ts';
import type { StepPoint } from './steps-plot.tsx';

/** One line a state of the inner loop; what is not known is left empty. Accuracies are shares. */
export function stepsCsv(points: readonly StepPoint[]): string {
  return csvTable(
    ['steps', 'loss', 'support_accuracy', 'query_accuracy'],
    points.map(({ steps, loss, accuracy, queryAccuracy }) => [steps, loss ?? '', accuracy, queryAccuracy ?? '']),
  );
}

/** One line a number of assignments: the share of queries right. */
export function ensembleCsv(accuracies: readonly number[]): string {
  return csvTable(
    ['assignments', 'query_accuracy'],
    accuracies.map((accuracy, index) => [index + 1, accuracy]),
  );
}
