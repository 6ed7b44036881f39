import { readsOf } from '../builder.ts';
import { HeliographError } from '../errors.ts';
import { describeNode, type Node } from '../graph.ts';

/**
 * Nodes in topological order, in the file's order where that is one already.
 * @param given names known before the first node: inputs, initializers, what the surrounding graph computes
 * @throws HeliographError `invalid-model` for a name defined twice, a name nothing defines, or a cycle
 */
export function inOrder(nodes: readonly Node[], given: ReadonlySet<string>): readonly Node[] {
  const producers = new Map<string, number>();
  nodes.forEach((node, index) => {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (producers.has(name) || given.has(name)) {
        throw new HeliographError('invalid-model', `“${name}” is defined twice, the second time by ${describeNode(node)}.`);
      }
      producers.set(name, index);
    }
  });
  for (const node of nodes) {
    const lost = node.inputs.find((name) => name !== '' && !given.has(name) && !producers.has(name));
    if (lost !== undefined)
      throw new HeliographError('invalid-model', `${describeNode(node)} reads “${lost}”, which nothing computes.`);
  }
  const reads = nodes.map((node) => [...new Set(readsOf(node).flatMap((name) => producers.get(name) ?? []))]);
  if (reads.every((sources, index) => sources.every((source) => source < index))) return nodes;
  return sorted(nodes, reads);
}

/** Kahn's algorithm. */
function sorted(nodes: readonly Node[], reads: readonly (readonly number[])[]): Node[] {
  const missing = reads.map((sources) => sources.length);
  const readers = nodes.map(() => [] as number[]);
  reads.forEach((sources, index) => {
    for (const source of sources) readers[source]?.push(index);
  });
  const ready = missing.flatMap((count, index) => (count === 0 ? [index] : []));
  const result: Node[] = [];
  for (const index of ready) {
    const node = nodes[index];
    if (node !== undefined) result.push(node);
    for (const reader of readers[index] ?? []) {
      missing[reader] = (missing[reader] ?? 0) - 1;
      if (missing[reader] === 0) ready.push(reader);
    }
  }
  if (result.length < nodes.length) {
    const stuck = nodes[missing.findIndex((count) => count > 0)];
    throw new HeliographError(
      'invalid-model',
      `The graph runs in a circle through ${stuck === undefined ? 'its nodes' : describeNode(stuck)}.`,
    );
  }
  return result;
}
