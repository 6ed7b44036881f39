import { GraphBuilder } from '../graph/builder.ts';
import { int, type StaticGraph } from '../graph/graph.ts';
import { LOGITS, TARGET } from './score.ts';

/**
 * A derived graph that explains whatever class its own scores put first: the input `target` becomes 1 at the largest score, 0
 * elsewhere. Classes that tie for the first place are explained together.
 */
export function withTopClass(graph: StaticGraph): StaticGraph {
  if (!graph.inputs.some(({ name }) => name === TARGET)) return graph;
  const made = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  // A public name is an Identity at the end of the graph; the scores themselves come before everything that reads the target.
  let scores = LOGITS;
  for (let node = made.get(scores); node?.op === 'Identity'; node = made.get(scores)) scores = node.inputs[0] ?? scores;
  const builder = new GraphBuilder({ ...graph, inputs: graph.inputs.filter(({ name }) => name !== TARGET), nodes: [] });
  for (const node of graph.nodes) {
    builder.replay(node, new Map());
    if (!node.outputs.includes(scores)) continue;
    const best = builder.emit('ReduceMax', [scores], { keepdims: int(1) }, 'best');
    const top = builder.emit('Equal', [scores, best]);
    builder.append({ op: 'Cast', domain: '', name: TARGET, inputs: [top], outputs: [TARGET], attributes: { to: int(1) } });
  }
  return builder.finish(graph.outputs.map(({ name }) => ({ value: name, name })));
}
