/** What can be said of labelled examples from what a network answered about them. Arrays are row-major; sums are taken in double precision. */
import { type Assignments, mostAssignments, sumOverAssignments } from './assignments.ts';
import { predictedWays } from './learner.ts';
import type { InnerLoss } from './learner-card.ts';

/**
 * The inner loop's loss, the sum over the assignments of mean_i CE(logits_i[s_j], y_i) (Lee et al., AAAI 2024, arXiv 2401.05097),
 * or that sum divided by the number of assignments that fit.
 *
 * @param logits [B, O]
 * @param labels class of each of the B images
 */
export function assignmentLoss(
  logits: Float32Array,
  nodes: number,
  assignments: Assignments,
  labels: readonly number[],
  over: InnerLoss,
): number {
  let sum = 0;
  labels.forEach((label, image) => {
    for (const list of assignments) {
      const values = list.map((node) => logits[image * nodes + node] ?? Number.NaN);
      const highest = values.reduce((most, value) => Math.max(most, value), -Infinity);
      const total = values.reduce((whole, value) => whole + Math.exp(value - highest), 0);
      sum += Math.log(total) + highest - (values[label] ?? Number.NaN);
    }
  });
  return sum / (labels.length * lossDivisor(over, nodes, assignments[0]?.length ?? 1));
}

/**
 * What the sum over the assignments is divided by: for the mean by how many fit, also where fewer are used, so that a node learns
 * as far as it does beside all others.
 */
export function lossDivisor(over: InnerLoss, nodes: number, ways: number): number {
  return over === 'mean' ? mostAssignments(nodes, ways) : 1;
}

/**
 * Share of the images whose class is predicted, 0 … 1.
 *
 * @param scores [B, N]
 */
export function shareRight(scores: Float32Array, ways: number, labels: readonly number[]): number {
  const right = predictedWays(scores, ways).filter((way, image) => way === labels[image]).length;
  return right / labels.length;
}

/**
 * The ensemble's gain: the accuracy of the first j assignments together, for j = 1 … J, of a network adapted on all of them.
 *
 * @param logits [B, O]
 * @returns J shares, 0 … 1
 */
export function ensembleAccuracies(
  logits: Float32Array,
  nodes: number,
  assignments: Assignments,
  labels: readonly number[],
): number[] {
  return assignments.map((list, last) =>
    shareRight(sumOverAssignments(logits, nodes, assignments.slice(0, last + 1)), list.length, labels),
  );
}

export interface NearExample {
  /** Row of the support features. */
  readonly index: number;
  /** ‖f − f'‖ */
  readonly distance: number;
}

/**
 * All support examples by their distance from a query in feature space, nearest first, equally near ones in their order.
 *
 * @param query [F]
 * @param support [B, F]
 */
export function nearestExamples(query: Float32Array, support: Float32Array): NearExample[] {
  const length = query.length;
  return Array.from({ length: support.length / length }, (_, index) => {
    const squares = query.reduce((sum, value, at) => sum + (value - (support[index * length + at] ?? Number.NaN)) ** 2, 0);
    return { index, distance: Math.sqrt(squares) };
  }).sort((a, b) => a.distance - b.distance || a.index - b.index);
}
