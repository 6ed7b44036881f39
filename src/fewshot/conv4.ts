// Test support and benchmark: the Conv-4 of docs/fewshot-format.md with random weights, and a card for it.
import { emptyGraph, GraphBuilder } from '../graph/builder.ts';
import { type Graph, int, ints } from '../graph/graph.ts';
import { float32, type Shape, sizeOf } from '../graph/tensor.ts';
import { standardNormal } from '../random.ts';
import { CARD_FORMAT, CARD_VERSION, type MamlCard, type ProtoNetCard } from './learner-card.ts';

export interface Conv4Shape {
  readonly channels: 1 | 3;
  /** Height and width of the images. */
  readonly side: number;
  readonly filters: number;
  /** Number O of output nodes. */
  readonly nodes: number;
}

const BLOCKS = 4;
const EPSILON = 1e-5;

/** Four blocks, each halving the side as long as there is something to halve. */
function sideAfter({ side }: Conv4Shape): number {
  return Math.floor(side / 2 ** BLOCKS);
}

export function featuresOfConv4(shape: Conv4Shape): number {
  return shape.filters * sideAfter(shape) ** 2;
}

/** Names of all its weights, in the order of the network. */
export function parametersOfConv4(): string[] {
  const blocks = Array.from({ length: BLOCKS }, (_, block) => `blocks.${block}`);
  return [
    ...blocks.flatMap((block) => [`${block}.conv.weight`, `${block}.norm.weight`, `${block}.norm.bias`]),
    'head.weight',
    'head.bias',
  ];
}

/** The network for batches of any size: 4 × (3×3 convolution, batch norm over the batch it sees, ReLU, 2×2 max pool), a linear head. */
export function conv4(shape: Conv4Shape, seed: number): Graph {
  const { channels, side, filters, nodes } = shape;
  const net = new GraphBuilder(emptyGraph('conv4'));
  let stream = 0;
  const normal = (name: string, dims: Shape, deviation: number, mean = 0) => {
    stream += 1;
    const values = standardNormal(sizeOf(dims), seed, stream);
    return net.add(
      float32(
        dims,
        values.map((value) => mean + deviation * value),
      ),
      name,
    );
  };
  // The shapes below are those of a batch of one; the file leaves the batch open.
  const image = net.input('images', 'float32', [1, channels, side, side]);
  let x = image;
  for (let block = 0; block < BLOCKS; block += 1) {
    const name = (part: string) => `blocks.${block}.${part}`;
    const depth = net.shape(x)[1] ?? 1;
    const weight = normal(name('conv.weight'), [filters, depth, 3, 3], Math.sqrt(2 / (9 * depth)));
    const v = net.emit('Conv', [x, weight], { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) }, name('conv'));
    const overImages = net.ints([0, 2, 3]);
    const mean = net.emit('ReduceMean', [v, overImages], { keepdims: int(1) });
    const centred = net.subtract(v, mean);
    const variance = net.emit('ReduceMean', [net.multiply(centred, centred), overImages], { keepdims: int(1) });
    const deviation = net.emit('Sqrt', [net.addValues(variance, net.scalar(EPSILON))]);
    const scaled = net.multiply(net.divide(centred, deviation), normal(name('norm.weight'), [1, filters, 1, 1], 0.1, 1));
    const normed = net.addValues(scaled, normal(name('norm.bias'), [1, filters, 1, 1], 0.1));
    const active = net.emit('Relu', [normed], {}, name('relu'));
    x = net.emit('MaxPool', [active], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }, name('pool'));
  }
  const features = net.emit('Flatten', [x], { axis: int(1) }, 'features');
  const length = featuresOfConv4(shape);
  const head = [normal('head.weight', [nodes, length], Math.sqrt(1 / length)), normal('head.bias', [nodes], 0.1)];
  const logits = net.emit('Gemm', [features, ...head], { transB: int(1) }, 'logits');
  const finished = net.finish([
    { value: features, name: 'features' },
    { value: logits, name: 'logits' },
  ]);
  return {
    ...finished,
    inputs: [{ name: image, type: 'float32', dims: ['batch', channels, side, side] }],
    outputs: finished.outputs.map(({ name, type }) => ({ name, type, dims: null })),
    values: new Map(),
  };
}

/** What the cards of all Conv-4 say alike. */
function commonCard(shape: Conv4Shape) {
  const { channels, side } = shape;
  return {
    format: CARD_FORMAT,
    version: CARD_VERSION,
    title: 'Conv-4',
    domain: channels === 1 ? 'drawings' : 'photographs',
    file: 'model.onnx',
    bytes: 1,
    sha256: '0'.repeat(64),
    input: {
      channels,
      height: side,
      width: side,
      mean: new Array<number>(channels).fill(0),
      std: new Array<number>(channels).fill(1),
      ink: channels === 1 ? 'dark' : null,
      resize: null,
    },
    features: featuresOfConv4(shape),
    ways: 'any',
    training: {},
    licence: '',
    source: '',
    citation: '',
    metrics: {},
  } as const;
}

export function mamlCard(
  shape: Conv4Shape,
  { learningRate = 0.1, headLearningRate, steps = 3, loss = 'sum' }: Partial<MamlCard['inner']> = {},
): MamlCard {
  const inner = { learningRate, headLearningRate, steps, loss };
  const own = { name: 'maml', kind: 'maml', nodes: shape.nodes, inner, parameters: parametersOfConv4() } as const;
  return { ...commonCard(shape), ...own };
}

export function protoNetCard(shape: Conv4Shape): ProtoNetCard {
  return { ...commonCard(shape), name: 'protonet', kind: 'protonet' };
}
