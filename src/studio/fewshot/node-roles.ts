/** Which of a learner’s output nodes speaks for which class. */
import type { Assignments } from '../../fewshot/assignments.ts';

export interface NodeRole {
  readonly way: number;
  /** Number of the assignment, from 0. */
  readonly list: number;
}

/** By node; null for nodes that no assignment uses. */
export function nodeRoles(nodes: number, assignments: Assignments): (NodeRole | null)[] {
  const roles = new Array<NodeRole | null>(nodes).fill(null);
  assignments.forEach((nodesOfList, list) => {
    nodesOfList.forEach((node, way) => {
      roles[node] = { way, list };
    });
  });
  return roles;
}

/** “a”, “b” … for the assignments, so that they are not mistaken for the classes’ numbers. */
export function listName(list: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + list);
}

/** What two or more assignments bring, in a sentence. */
export function ensembleFinding(accuracies: readonly number[], queries: number): string {
  const [first] = accuracies;
  const last = accuracies.at(-1);
  if (first === undefined || last === undefined) return '';
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const one = `One query is ${(100 / queries).toFixed(1)} points.`;
  const points = 100 * (last - first);
  const gain = Math.abs(points) < 0.05 ? 'no change here' : `${points > 0 ? '+' : '−'}${Math.abs(points).toFixed(1)} points`;
  return `The first assignment alone: ${percent(first)} right; all ${accuracies.length} together: ${percent(last)}, ${gain}. ${one}`;
}
