import { describe, expect, it } from 'vitest';
import { type Graph, int, type Node, subgraph, type ValueInfo } from '../graph/graph.ts';
import { type FloatTensor, float32 } from '../graph/tensor.ts';
import { findClassifier } from './find-classifier.ts';
import { occlusion } from './occlusion.ts';
import { explainers } from './registry.ts';
import { oneClass, run } from './tiny-nets.ts';

const node = (op: string, inputs: string[], outputs: string[], attributes: Node['attributes'] = {}): Node => ({
  op,
  domain: '',
  name: '',
  inputs,
  outputs,
  attributes,
});

const float = (name: string, dims: readonly number[]): ValueInfo => ({ name, type: 'float32', dims });

function graphOf(nodes: readonly Node[], outputs: readonly ValueInfo[], more: Partial<Graph> = {}): Graph {
  const none = { initializers: new Map(), values: new Map(), metadata: new Map() };
  return { name: 'g', opsets: new Map([['', 17]]), inputs: [], outputs, nodes, ...none, ...more };
}

/** Branches that read the image from outside: If is no operator Heliograph knows. */
function branchingModel(image: string): Graph {
  const map = [1, 1, 4, 4];
  const branch = (op: string, output: string) => subgraph(graphOf([node(op, [image], [output])], [float(output, map)]));
  return graphOf(
    [
      node('ReduceMean', [image], ['mean'], { keepdims: int(0) }),
      node('Greater', ['mean', 'zero'], ['bright']),
      node('If', ['bright'], ['chosen'], { then_branch: branch('Abs', 'then'), else_branch: branch('Neg', 'else') }),
      node('GlobalAveragePool', ['chosen'], ['pooled']),
      node('Flatten', ['pooled'], ['flat']),
      node('Gemm', ['flat', 'weight'], ['scores']),
    ],
    [float('scores', [1, 3])],
    {
      inputs: [{ name: image, type: 'float32', dims: [1, 1, 4, 4] }],
      initializers: new Map<string, FloatTensor>([
        ['zero', float32([], [0])],
        ['weight', float32([1, 3], [1, -2, 3])],
      ]),
    },
  );
}

/** Nowhere negative: both branches leave it as it is, up to the sign. */
const BRIGHT = float32(
  [1, 1, 4, 4],
  Array.from({ length: 16 }, (_, index) => index / 8),
);

describe('a model with an operator nobody here knows', () => {
  it.each(['picture', 'map'])('is still occluded, step by step and as one graph (image input “%s”)', async (name) => {
    const { classifier, notices } = findClassifier(branchingModel(name));
    expect(classifier.opaque?.message).toContain('If');
    expect(notices.join()).toContain('Occlusion and RISE');
    expect(explainers.gradient.obstacle(classifier)).not.toBeNull();
    const program = occlusion.compile(classifier, { patch: 2, stride: 2 });
    const target = oneClass(classifier, 2);
    const score = 3 * (BRIGHT.data.reduce((a, b) => a + b, 0) / 16);
    const total = new Float32Array(16);
    for (let step = 0; step < program.steps; step += 1) {
      const feeds = { [classifier.image]: BRIGHT, target, reference: float32([], [score]), ...program.stepFeeds(step) };
      (await run(program.graph, feeds)).map?.forEach((value, pixel) => {
        total[pixel] = (total[pixel] ?? 0) + value;
      });
    }
    const alone = (await run(program.standalone(), { [classifier.image]: BRIGHT, target })).map ?? [];
    // The score is linear in such an image, so a patch counts for what its pixels do.
    const corner = [0, 1, 4, 5].map((pixel) => (3 * (BRIGHT.data[pixel] ?? 0)) / 16).reduce((a, b) => a + b, 0);
    const last = [10, 11, 14, 15].map((pixel) => (3 * (BRIGHT.data[pixel] ?? 0)) / 16).reduce((a, b) => a + b, 0);
    expect((total[15] ?? 0) / (total[0] ?? 0)).toBeCloseTo(last / corner, 4);
    expect(alone).toHaveLength(16);
    total.forEach((value, pixel) => {
      expect(alone[pixel]).toBeCloseTo(value, 5);
    });
  });
});
