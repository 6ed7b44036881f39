// Test support: small random convolutional classifiers, and a way to run a program on onnxruntime-web in Node.
import { emptyGraph, GraphBuilder } from '../graph/builder.ts';
import { float, int, ints, type StaticGraph } from '../graph/graph.ts';
import { type FloatTensor, float32, type Shape, sizeOf } from '../graph/tensor.ts';
import { run as runGraph } from '../graph/testing.ts';
import { uniform } from '../random.ts';
import type { Classifier } from './classifier.ts';

const CLASSES = 4;

/** Runs a graph once; its float32 outputs by name. */
export async function run(
  graph: StaticGraph,
  feeds: Readonly<Record<string, FloatTensor>>,
): Promise<Record<string, Float32Array>> {
  const outputs = await runGraph(graph, feeds);
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
}

/** Random weights and images of one seed. */
export class Draw {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = uniform(seed);
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  tensor(dims: Shape, scale = 1): FloatTensor {
    return float32(
      dims,
      Float32Array.from({ length: sizeOf(dims) }, () => scale * (2 * this.#next() - 1)),
    );
  }
}

/** One of the blocks a random net is made of: extends the net by one stage and returns its output. */
type Block = (net: GraphBuilder, draw: Draw, x: string) => string;

/** Slopes on both sides keep every feature vector away from zero, where no relevance could be shared. */
const activate = (net: GraphBuilder, x: string) => net.emit('LeakyRelu', [x], { alpha: float(0.3) }, 'act');

function convolve(
  net: GraphBuilder,
  draw: Draw,
  x: string,
  { out, kernel = 3, stride = 1, groups = 1 }: { out: number; kernel?: number; stride?: number; groups?: number },
): string {
  const channels = net.shape(x)[1] ?? 1;
  const weight = net.add(draw.tensor([out, channels / groups, kernel, kernel], 1 / kernel), 'weight');
  const bias = net.add(draw.tensor([out], 0.5), 'bias');
  const pad = draw.whole(0, Math.floor(kernel / 2));
  return net.emit(
    'Conv',
    [x, weight, bias],
    {
      strides: ints([stride, stride]),
      pads: ints([pad, pad, pad, pad]),
      group: int(groups),
      kernel_shape: ints([kernel, kernel]),
    },
    'conv',
  );
}

const BLOCKS: readonly Block[] = [
  (net, draw, x) =>
    activate(net, convolve(net, draw, x, { out: draw.whole(3, 6), kernel: draw.whole(1, 3), stride: draw.whole(1, 2) })),
  (net, draw, x) => {
    const channels = net.shape(x)[1] ?? 1;
    return activate(
      net,
      convolve(net, draw, x, { out: channels * draw.whole(1, 2), stride: draw.whole(1, 2), groups: channels }),
    );
  },
  // A residual block with a projection on the skip.
  (net, draw, x) => {
    const out = draw.whole(3, 6);
    const hidden = activate(net, convolve(net, draw, x, { out, kernel: 1 }));
    const main = convolve(net, draw, hidden, { out, kernel: 1 });
    return activate(net, net.addValues(main, convolve(net, draw, x, { out, kernel: 1 })));
  },
  // Max-pool, overlapping or not, and whatever follows it.
  (net, draw, x) => {
    const side = draw.whole(2, 3);
    return net.emit('MaxPool', [x], { kernel_shape: ints([side, side]), strides: ints([2, 2]) }, 'pool');
  },
  (net, _draw, x) => net.emit('AveragePool', [x], { kernel_shape: ints([2, 2]), strides: ints([1, 1]) }, 'mean_pool'),
  (net, draw, x) => {
    const branch = activate(net, convolve(net, draw, x, { out: 3, kernel: 1 }));
    return net.emit('Concat', [x, branch], { axis: int(1) }, 'concat');
  },
  // A channel gate (squeeze and excite).
  (net, draw, x) => {
    const channels = net.shape(x)[1] ?? 1;
    const pooled = net.emit('GlobalAveragePool', [x]);
    return net.multiply(x, net.emit('Sigmoid', [convolve(net, draw, pooled, { out: channels, kernel: 1 })]));
  },
];

/** A random classifier of 14×12 images with a global average pool and a linear head. */
export function randomNet(seed: number): { model: Classifier; image: FloatTensor } {
  const draw = new Draw(seed);
  const dims = [1, 3, 14, 12];
  const net = new GraphBuilder(emptyGraph(`random ${seed}`));
  const image = net.input('image', 'float32', dims);
  let x = activate(net, convolve(net, draw, image, { out: 5, kernel: draw.whole(1, 5) }));
  for (let stage = 0; stage < 4; stage += 1) {
    const block = BLOCKS[draw.whole(0, BLOCKS.length - 1)];
    if (block !== undefined && Math.min(...net.shape(x).slice(2)) > 4) x = block(net, draw, x);
  }
  x = activate(net, convolve(net, draw, x, { out: 6, kernel: draw.whole(1, 2) }));
  const pooled = net.emit('Flatten', [net.emit('GlobalAveragePool', [x])]);
  const weight = net.add(draw.tensor([6, CLASSES]), 'head');
  const logits = net.emit('Gemm', [pooled, weight, net.add(draw.tensor([CLASSES]), 'head_bias')], {}, 'logits');
  const model: Classifier = {
    graph: net.finish([{ value: logits, name: logits }]),
    image,
    layout: 'NCHW',
    height: 14,
    width: 12,
    channels: 3,
    logits,
    classes: CLASSES,
    opaque: null,
  };
  return { model, image: draw.tensor(dims) };
}

/** Weights of one class, [1, classes]. */
export function oneClass(model: Classifier, index: number): FloatTensor {
  return float32(
    [1, model.classes],
    Array.from({ length: model.classes }, (_, c) => (c === index ? 1 : 0)),
  );
}
