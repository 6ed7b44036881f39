import { describe, expect, it } from 'vitest';
import { HeliographError } from '../graph/errors.ts';
import { type Dimension, type Graph, int, ints, type Node } from '../graph/graph.ts';
import { type ElementType, float32, type Tensor } from '../graph/tensor.ts';
import { findClassifier } from './find-classifier.ts';
import { layersOf } from './layers.ts';
import { occlusion } from './occlusion.ts';
import { explainers } from './registry.ts';
import { oneClass, run } from './tiny-nets.ts';

interface Sketch {
  readonly input?: readonly Dimension[];
  readonly type?: ElementType;
  readonly nodes: readonly (Partial<Node> & Pick<Node, 'op' | 'inputs' | 'outputs'>)[];
  readonly output?: readonly Dimension[];
  readonly constants?: Readonly<Record<string, Tensor>>;
}

/** A model file as `readModel` gives it. */
function sketch({ input = [1, 3, 8, 8], type = 'float32', nodes, output = [1, 5], constants = {} }: Sketch): Graph {
  return {
    name: 'sketch',
    opsets: new Map([['', 18]]),
    inputs: [{ name: 'image', type, dims: input }],
    outputs: [{ name: nodes.at(-1)?.outputs[0] ?? 'image', type: 'float32', dims: output }],
    nodes: nodes.map((node) => ({ domain: '', name: '', attributes: {}, ...node })),
    initializers: new Map(Object.entries(constants)),
    values: new Map(),
    metadata: new Map(),
  };
}

const weight = float32(
  [5, 3],
  Array.from({ length: 15 }, (_, index) => Math.sin(index + 1)),
);
const pooledHead = (image: string): Sketch['nodes'] => [
  { op: 'GlobalAveragePool', inputs: [image], outputs: ['pooled'] },
  { op: 'Flatten', inputs: ['pooled'], outputs: ['flat'] },
  { op: 'Gemm', inputs: ['flat', 'weight'], outputs: ['scores'], attributes: { transB: int(1) } },
];

function failure(action: () => unknown): HeliographError {
  try {
    action();
  } catch (error) {
    if (error instanceof HeliographError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('findClassifier', () => {
  it('finds image and scores, and sets a final softmax aside', () => {
    const nodes = [...pooledHead('image'), { op: 'Softmax', inputs: ['scores'], outputs: ['probabilities'] }];
    const { classifier, notices } = findClassifier(sketch({ nodes, constants: { weight } }));
    expect(classifier).toMatchObject({
      image: 'image',
      layout: 'NCHW',
      height: 8,
      width: 8,
      channels: 3,
      logits: 'scores',
      classes: 5,
    });
    expect(notices.join()).toContain('softmax');
  });

  it('explains the scores although another tensor has their public name', async () => {
    const image = float32(
      [1, 3, 8, 8],
      Array.from({ length: 192 }, (_, index) => Math.cos(index)),
    );
    const behind = [...pooledHead('image'), { op: 'Softmax', inputs: ['scores'], outputs: ['logits'] }];
    const before: Sketch['nodes'] = [
      { op: 'Relu', inputs: ['image'], outputs: ['logits'] },
      { op: 'GlobalAveragePool', inputs: ['logits'], outputs: ['pooled'] },
      { op: 'Conv', inputs: ['pooled', 'kernel'], outputs: ['scores'] },
    ];
    const reshaped: Sketch['nodes'] = [
      { op: 'GlobalAveragePool', inputs: ['image'], outputs: ['pooled'] },
      { op: 'Conv', inputs: ['pooled', 'kernel'], outputs: ['logits'] },
    ];
    const constants = { weight, kernel: float32([5, 3, 1, 1], weight.data) };
    for (const [nodes, output] of [
      [behind, [1, 5]],
      [before, [1, 5, 1, 1]],
      [reshaped, [1, 5, 1, 1]],
    ] as const) {
      const { classifier } = findClassifier(sketch({ nodes, constants, output }));
      const feeds = { image, target: oneClass(classifier, 1) };
      const { map, logits, score } = await run(explainers['gradient-x-input'].compile(classifier).graph, feeds);
      expect(logits?.[1]).toBe(score?.[0]);
      // The nets are linear or ReLU without a bias: image times gradient sums to the score.
      expect(map?.reduce((a, b) => a + b, 0)).toBeCloseTo(score?.[0] ?? Number.NaN, 5);
    }
  });

  it('understands channels last', () => {
    const nodes = [
      { op: 'Transpose', inputs: ['image'], outputs: ['planes'], attributes: { perm: ints([0, 3, 1, 2]) } },
      ...pooledHead('planes'),
    ];
    const { classifier } = findClassifier(sketch({ input: ['N', 6, 10, 3], nodes, constants: { weight } }));
    expect(classifier).toMatchObject({ layout: 'NHWC', height: 6, width: 10, channels: 3 });
  });

  it('asks for a size where the file leaves it open, and takes the one given', () => {
    const graph = sketch({ input: ['N', 3, 'H', 'W'], nodes: pooledHead('image'), constants: { weight } });
    expect(failure(() => findClassifier(graph)).code).toBe('dynamic-shape');
    expect(findClassifier(graph, { size: { height: 9, width: 7 } }).classifier).toMatchObject({ height: 9, width: 7 });
  });

  it('takes byte images that the model casts itself', () => {
    const nodes = [{ op: 'Cast', inputs: ['image'], outputs: ['floats'], attributes: { to: int(1) } }, ...pooledHead('floats')];
    const { classifier, notices } = findClassifier(sketch({ type: 'uint8', nodes, constants: { weight } }));
    expect(classifier.graph.inputs[0]?.type).toBe('float32');
    expect(notices.join()).toContain('uint8');
  });

  it('flattens scores of shape [1, K, 1, 1]', () => {
    const kernel = float32([5, 3, 1, 1], weight.data);
    const nodes = [
      { op: 'GlobalAveragePool', inputs: ['image'], outputs: ['pooled'] },
      { op: 'Conv', inputs: ['pooled', 'kernel'], outputs: ['scores'] },
    ];
    const { classifier } = findClassifier(sketch({ nodes, output: [1, 5, 1, 1], constants: { kernel } }));
    expect(classifier.graph.types.get(classifier.logits)?.dims).toEqual([1, 5]);
  });

  it('keeps the public names of derived graphs free', async () => {
    const nodes = [{ op: 'Relu', inputs: ['image'], outputs: ['map'] }, ...pooledHead('map')];
    const { classifier } = findClassifier(sketch({ nodes, constants: { weight } }));
    const program = explainers.gradient.compile(classifier);
    expect(program.graph.outputs.map(({ name }) => name)).toContain('map');
    expect(program.graph.types.get('map')?.dims).toEqual([8, 8]);
  });

  it.each([
    [
      'an input that is no image',
      sketch({ input: [1, 100], nodes: [{ op: 'Relu', inputs: ['image'], outputs: ['y'] }] }),
      'not-an-image-model',
    ],
    [
      'seven channels',
      sketch({ input: [1, 7, 8, 9], nodes: [{ op: 'Relu', inputs: ['image'], outputs: ['y'] }] }),
      'not-an-image-model',
    ],
    ['a batch of 4', sketch({ input: [4, 3, 8, 8], nodes: pooledHead('image'), constants: { weight } }), 'not-an-image-model'],
    [
      'an output that is a map',
      sketch({ nodes: [{ op: 'Relu', inputs: ['image'], outputs: ['y'] }], output: [1, 3, 8, 8] }),
      'not-a-classifier',
    ],
  ] as const)('refuses %s with a sentence', (_, graph, code) => {
    const error = failure(() => findClassifier(graph));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/[.]$/);
  });

  it('refuses a second input by name', () => {
    const graph = sketch({ nodes: pooledHead('image'), constants: { weight } });
    const two = { ...graph, inputs: [...graph.inputs, { name: 'mask', type: 'float32', dims: [1, 8] } as const] };
    expect(failure(() => findClassifier(two)).message).toContain('mask');
  });

  it('leaves a model with an unknown operator to the methods that only run it', () => {
    const nodes = [
      { op: 'Mystery', domain: 'com.example', inputs: ['image'], outputs: ['odd'], name: 'first' },
      ...pooledHead('odd'),
    ];
    const { classifier, notices } = findClassifier(sketch({ nodes, constants: { weight } }));
    expect(notices.join()).toContain('Mystery');
    expect(explainers.srd.obstacle(classifier)?.message).toContain('first');
    expect(explainers.gradient.obstacle(classifier)?.message).toContain('first');
    expect(explainers.occlusion.obstacle(classifier)).toBeNull();
    expect(layersOf(classifier)).toEqual([]);
    const { graph } = occlusion.compile(classifier);
    expect(graph.nodes.some((node) => node.op === 'Mystery')).toBe(true);
  });
});

describe('occlusion', () => {
  it('gives each pixel of a linear model the mean of the scores its windows hide', async () => {
    const { classifier } = findClassifier(sketch({ nodes: pooledHead('image'), constants: { weight } }));
    const image = float32(
      [1, 3, 8, 8],
      Array.from({ length: 192 }, (_, index) => Math.cos(index)),
    );
    const target = oneClass(classifier, 2);
    const program = occlusion.compile(classifier, { patch: 4, stride: 2 });
    const scores = (await run(classifier.graph, { image })).scores ?? new Float32Array();
    const sum = new Float64Array(64);
    for (let step = 0; step < program.steps; step += 1) {
      const reference = float32([], [scores[2] ?? 0]);
      const { map } = await run(program.graph, { image, target, reference, ...program.stepFeeds(step) });
      map?.forEach((value, pixel) => {
        sum[pixel] = (sum[pixel] ?? 0) + value;
      });
    }
    const share = Array.from({ length: 64 }, (_, pixel) =>
      [0, 1, 2].reduce((total, c) => total + ((weight.data[6 + c] ?? 0) * (image.data[c * 64 + pixel] ?? 0)) / 64, 0),
    );
    const starts = [0, 2, 4];
    const expected = share.map((_, pixel) => {
      const [y, x] = [Math.floor(pixel / 8), pixel % 8];
      const covering = starts.flatMap((top) =>
        starts.filter((left) => top <= y && y < top + 4 && left <= x && x < left + 4).map((left) => [top, left] as const),
      );
      const drops = covering.map(([top, left]) =>
        share.reduce((total, value, q) => {
          const [row, column] = [Math.floor(q / 8), q % 8];
          return row >= top && row < top + 4 && column >= left && column < left + 4 ? total + value : total;
        }, 0),
      );
      return drops.reduce((a, b) => a + b, 0) / drops.length;
    });
    expected.forEach((value, pixel) => {
      expect(sum[pixel]).toBeCloseTo(value, 5);
    });
  });
});
