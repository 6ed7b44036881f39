/**
 * Assignments of a network's output nodes to the classes of an episode: which node speaks for which class.
 *
 * J. Lee, Y. Kim, H. Lee, N. Kwak: Any-Way Meta Learning. AAAI 2024, arXiv 2401.05097.
 */
import { HeliographError } from '../graph/errors.ts';
import { type FloatTensor, float32 } from '../graph/tensor.ts';
import type { LearnerCard } from './learner-card.ts';

/** J disjoint lists of N nodes; in list j, node `list[n]` stands for class n. */
export type Assignments = readonly (readonly number[])[];

/** The greatest number of disjoint assignments, ⌊O/N⌋. */
export function mostAssignments(nodes: number, ways: number): number {
  return Math.floor(nodes / ways);
}

/** J for that many classes where nobody chose: all that fit for an any-way learner; one for a learner of fixed ways, as it was trained. */
export function defaultAssignments(card: LearnerCard, ways: number): number {
  if (card.kind !== 'maml') return 0;
  return card.ways === 'any' ? mostAssignments(card.nodes, ways) : 1;
}

/** 0 … O−1: the order of the nodes where nobody shuffled them. */
export function nodesInOrder(nodes: number): number[] {
  return Array.from({ length: nodes }, (_, node) => node);
}

/**
 * Cuts J assignments out of an order of the nodes: list j is entries jN … jN+N−1.
 *
 * @param permutation an order of all O nodes
 * @throws HeliographError `bad-episode` for more classes than nodes, or more assignments than the nodes allow
 */
export function assign(permutation: readonly number[], ways: number, count: number): Assignments {
  const nodes = permutation.length;
  if (ways > nodes) {
    throw new HeliographError(
      'bad-episode',
      `This learner has ${nodes} output nodes, too few for ${ways} classes.`,
      'Use a ProtoNet learner, which takes any number of classes.',
    );
  }
  const most = mostAssignments(nodes, ways);
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw new HeliographError(
      'bad-episode',
      `${count} assignments of ${ways} nodes each cannot be made from ${nodes} nodes.`,
      `Choose 1 to ${most}.`,
    );
  }
  return Array.from({ length: count }, (_, set) => permutation.slice(set * ways, (set + 1) * ways));
}

/** @throws HeliographError `bad-episode` for lists of other lengths than N, nodes that do not exist, or that are used twice */
export function checkAssignments(assignments: Assignments, nodes: number, ways: number): void {
  const used = assignments.flat();
  const wrong =
    assignments.length === 0
      ? 'There is no assignment'
      : assignments.some((list) => list.length !== ways)
        ? `Not every assignment has ${ways} nodes`
        : used.some((node) => !Number.isInteger(node) || node < 0 || node >= nodes)
          ? `An assignment names a node outside 0 … ${nodes - 1}`
          : new Set(used).size < used.length
            ? 'A node is assigned twice'
            : null;
  if (wrong !== null) throw new HeliographError('bad-episode', `${wrong}.`, 'Shuffle the assignments anew.');
}

/** One-hot columns [O, J·N] that pick the assigned nodes from logits [B, O], list after list. */
export function selectionMatrix(assignments: Assignments, nodes: number): FloatTensor {
  const columns = assignments.flat();
  const data = new Float32Array(nodes * columns.length);
  columns.forEach((node, column) => {
    data[node * columns.length + column] = 1;
  });
  return float32([nodes, columns.length], data);
}

/**
 * The ensemble's score of each class, Σ_j logits[s_j].
 *
 * @param logits [B, O], row-major
 * @returns [B, N], row-major
 */
export function sumOverAssignments(logits: Float32Array, nodes: number, assignments: Assignments): Float32Array {
  const ways = assignments[0]?.length ?? 0;
  const batch = logits.length / nodes;
  const scores = new Float32Array(batch * ways);
  for (let image = 0; image < batch; image += 1) {
    for (let way = 0; way < ways; way += 1) {
      let sum = 0;
      for (const list of assignments) sum += logits[image * nodes + (list[way] ?? 0)] ?? 0;
      scores[image * ways + way] = sum;
    }
  }
  return scores;
}
