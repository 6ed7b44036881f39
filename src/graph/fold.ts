import { pruneGraph, readsOf } from './builder.ts';
import { floatAttribute, inputAt, intAttribute, type Node, type StaticGraph } from './graph.ts';
import { type FloatTensor, float32, type Shape, sizeOf, type Tensor } from './tensor.ts';

/** A batch norm, or a product or sum with one constant per channel, as a map per channel: y = gain·x + shift. */
interface Affine {
  readonly gain: Float64Array;
  readonly shift: Float64Array;
}

/** What a linear operator becomes once a batch norm is in its weights. */
interface Folded {
  readonly op: string;
  readonly weights: FloatTensor;
  readonly bias: Float32Array;
  readonly attributes: Node['attributes'];
}

/**
 * Folds every inference-mode BatchNormalization into the Conv, ConvTranspose, Gemm or MatMul before it, and sums and products
 * with a constant per channel into the Conv or ConvTranspose before them (a bias written as an Add), where the weights are
 * constant and nothing else reads the output. The operator takes over the batch norm's output name, so a
 * hidden tensor is still found under the name the model file gives it; the tensor between the two is gone.
 */
export function foldBatchNorm(graph: StaticGraph): StaticGraph {
  const readers = countReaders(graph);
  const producers = new Map(graph.nodes.flatMap((node, index) => node.outputs.map((name) => [name, index] as const)));
  const nodes: (Node | undefined)[] = [...graph.nodes];
  const initializers = new Map(graph.initializers);
  const types = new Map(graph.types);
  const add = (hint: string, tensor: FloatTensor): string => {
    let name = hint;
    for (let count = 1; types.has(name); count += 1) name = `${hint}_${count}`;
    initializers.set(name, tensor);
    types.set(name, { type: 'float32', dims: tensor.dims });
    return name;
  };
  nodes.forEach((norm, at) => {
    const step = norm === undefined ? undefined : (batchNorm(norm, initializers) ?? perChannel(norm, graph, initializers));
    if (norm === undefined || step === undefined) return;
    const { input, affine } = step;
    const before = producers.get(input);
    const linear = before === undefined ? undefined : nodes[before];
    if (before === undefined || linear === undefined || readers.get(input) !== 1) return;
    if (norm.op !== 'BatchNormalization' && linear.op !== 'Conv' && linear.op !== 'ConvTranspose') return;
    const folded = fold(linear, affine, graph, initializers);
    if (folded === undefined) return;
    const [output = ''] = norm.outputs;
    const weights = add(`${inputAt(linear, 1)}_folded`, folded.weights);
    const bias = add(`${inputAt(linear, 1)}_folded_bias`, float32([folded.bias.length], folded.bias));
    // It moves to the batch norm's place in the file; its other inputs are all known there.
    nodes[before] = undefined;
    nodes[at] = {
      ...linear,
      op: folded.op,
      inputs: [inputAt(linear, 0), weights, bias],
      outputs: [output],
      attributes: folded.attributes,
    };
    types.delete(input);
  });
  return pruneGraph({ ...graph, nodes: nodes.filter((node) => node !== undefined), initializers, types });
}

function countReaders(graph: StaticGraph): Map<string, number> {
  const readers = new Map<string, number>();
  const count = (name: string) => readers.set(name, (readers.get(name) ?? 0) + 1);
  for (const node of graph.nodes) for (const name of readsOf(node)) count(name);
  for (const output of graph.outputs) count(output.name);
  return readers;
}

function floatData(name: string, constants: ReadonlyMap<string, Tensor>): Float32Array | undefined {
  const tensor = constants.get(name);
  return tensor?.type === 'float32' ? tensor.data : undefined;
}

interface Step {
  /** The value the map is applied to. */
  readonly input: string;
  readonly affine: Affine;
}

/** y = scale·(x − mean)/√(variance + ε) + bias (Ioffe and Szegedy 2015), or undefined where a statistic is not constant. */
function batchNorm(norm: Node, constants: ReadonlyMap<string, Tensor>): Step | undefined {
  if (norm.op !== 'BatchNormalization' || norm.domain !== '') return undefined;
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => floatData(inputAt(norm, index), constants));
  if (scale === undefined || bias === undefined || mean === undefined || variance === undefined) return undefined;
  const epsilon = floatAttribute(norm, 'epsilon', 1e-5);
  const gain = Float64Array.from(scale, (value, channel) => value / Math.sqrt((variance[channel] ?? 0) + epsilon));
  const shift = Float64Array.from(bias, (value, channel) => value - (mean[channel] ?? 0) * (gain[channel] ?? 0));
  return { input: inputAt(norm, 0), affine: { gain, shift } };
}

/** What a constant does to the map it is combined with. */
const PER_CHANNEL = new Map<string, (value: number) => { gain?: number; shift?: number }>([
  ['Add', (shift) => ({ shift })],
  ['Sub', (value) => ({ shift: -value })],
  ['Mul', (gain) => ({ gain })],
  ['Div', (value) => ({ gain: 1 / value })],
]);

/** Add, Sub, Mul or Div of a map [N, C, …] with a constant [C, 1, …] or [1, C, 1, …]. */
function perChannel(node: Node, graph: StaticGraph, constants: ReadonlyMap<string, Tensor>): Step | undefined {
  const meaning = node.domain === '' ? PER_CHANNEL.get(node.op) : undefined;
  if (meaning === undefined) return undefined;
  const [left, right] = [inputAt(node, 0), inputAt(node, 1)];
  // A constant minus or divided by the map is no gain and shift of it.
  const swapped = constants.has(left) && (node.op === 'Add' || node.op === 'Mul');
  const [input, constant] = swapped ? [right, left] : [left, right];
  const dims = graph.types.get(input)?.dims ?? [];
  const shape = graph.types.get(constant)?.dims ?? [];
  const values = floatData(constant, constants);
  const aligned = [...new Array<number>(Math.max(dims.length - shape.length, 0)).fill(1), ...shape];
  const isPerChannel = aligned.length === dims.length && aligned.every((dim, axis) => dim === (axis === 1 ? dims[1] : 1));
  if (values === undefined || dims.length < 3 || !isPerChannel) return undefined;
  const gain = Float64Array.from(values, (value) => ({ gain: 1, ...meaning(value) }).gain);
  const shift = Float64Array.from(values, (value) => ({ shift: 0, ...meaning(value) }).shift);
  return { input, affine: { gain, shift } };
}

function fold(linear: Node, affine: Affine, graph: StaticGraph, constants: ReadonlyMap<string, Tensor>): Folded | undefined {
  const tensor = constants.get(inputAt(linear, 1));
  if (tensor?.type !== 'float32' || linear.domain !== '') return undefined;
  const runs = channelRuns(linear, tensor.dims, graph.types.get(inputAt(linear, 0))?.dims ?? []);
  const addend = constants.get(inputAt(linear, 2));
  const channels = affine.gain.length;
  // A Gemm may add a whole matrix; only an addend per channel folds.
  const foldable =
    addend === undefined ||
    (addend.type === 'float32' && [1, channels].includes(sizeOf(addend.dims)) && addend.dims.at(-1) === sizeOf(addend.dims));
  if (runs === undefined || !foldable || (addend === undefined && inputAt(linear, 2) !== '')) return undefined;
  const weights = scaled(tensor.data, runs, affine.gain);
  const beta = linear.op === 'Gemm' ? floatAttribute(linear, 'beta', 1) : 1;
  const own = addend === undefined ? undefined : floatData(inputAt(linear, 2), constants);
  const bias = Float32Array.from(affine.shift, (shift, channel) => {
    const before = own === undefined ? 0 : (own[own.length === 1 ? 0 : channel] ?? 0) * beta;
    return before * (affine.gain[channel] ?? 0) + shift;
  });
  const { beta: _, ...attributes } = linear.attributes;
  return { op: linear.op === 'MatMul' ? 'Gemm' : linear.op, weights: float32(tensor.dims, weights), bias, attributes };
}

/** How output channels lie in a linear operator's weights: runs of equal length, each of one channel. */
interface ChannelRuns {
  readonly length: number;
  channel(run: number): number;
}

/** Undefined where the operator is not covered. */
function channelRuns(linear: Node, weights: Shape, input: Shape): ChannelRuns | undefined {
  const [first = 1, second = 1] = weights;
  switch (linear.op) {
    case 'Conv':
      return { length: sizeOf(weights.slice(1)), channel: (run) => run };
    case 'ConvTranspose': {
      const inputsPerGroup = first / intAttribute(linear, 'group', 1);
      return {
        length: sizeOf(weights.slice(2)),
        channel: (run) => Math.floor(Math.floor(run / second) / inputsPerGroup) * second + (run % second),
      };
    }
    case 'Gemm':
      return intAttribute(linear, 'transB', 0) !== 0
        ? { length: second, channel: (run) => run }
        : { length: 1, channel: (run) => run % second };
    case 'MatMul':
      return weights.length === 2 && input.length === 2 ? { length: 1, channel: (run) => run % second } : undefined;
    default:
      return undefined;
  }
}

function scaled(weights: Float32Array, runs: ChannelRuns, gain: Float64Array): Float32Array {
  const result = new Float32Array(weights.length);
  for (let run = 0; run * runs.length < weights.length; run += 1) {
    const factor = gain[runs.channel(run)] ?? 0;
    for (let index = run * runs.length; index < (run + 1) * runs.length; index += 1)
      result[index] = (weights[index] ?? 0) * factor;
  }
  return result;
}
