/** Refuses weights that would make every map of a network empty, and nothing on the screen would say why. */
import { HeliographError } from '../graph/errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';

/** Operators whose constants are trained weights. Elsewhere infinity has a meaning: attention masks (Add, Where), bounds (Clip, Max). */
const TRAINED = new Set([
  'Conv',
  'ConvTranspose',
  'Gemm',
  'MatMul',
  'Einsum',
  'BatchNormalization',
  'LayerNormalization',
  'InstanceNormalization',
  'GroupNormalization',
  'PRelu',
  'QuantizeLinear',
  'DequantizeLinear',
]);

/** Operators that hand their first input's values on. */
const PASSING = new Set([
  'Identity',
  'Cast',
  'CastLike',
  'Dropout',
  'Transpose',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Expand',
  'Concat',
  'Slice',
  'Split',
]);

/** @throws HeliographError `bad-weights` naming the first constant that holds a NaN, or the first weight that holds an infinity */
export function checkWeights(graph: Graph): void {
  const trained = trainedValues(graph);
  for (const [name, tensor] of constantsOf(graph)) {
    if (tensor.type !== 'float32' && tensor.type !== 'float64') continue;
    const { data } = tensor;
    if (count(data, (value) => !Number.isFinite(value)) === 0) continue;
    refuse(name, data.length, count(data, Number.isNaN), 'not numbers (NaN)');
    if (trained.has(name))
      refuse(
        name,
        data.length,
        count(data, (value) => Math.abs(value) === Infinity),
        'infinite',
      );
  }
}

function count(values: Float32Array | Float64Array, isBad: (value: number) => boolean): number {
  let bad = 0;
  for (const value of values) if (isBad(value)) bad += 1;
  return bad;
}

function refuse(name: string, size: number, bad: number, what: string): void {
  if (bad === 0) return;
  throw new HeliographError(
    'bad-weights',
    `${bad} of the ${size} values of the weight “${name}” are ${what}.`,
    'Export the model again from a checkpoint whose training did not diverge, in float32 if its values are too large for float16.',
  );
}

/** The values that operators with trained weights read, as they are or reshaped. */
function trainedValues(graph: Graph): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of [...graph.nodes].reverse()) {
    const isPassing = PASSING.has(node.op) && node.outputs.some((name) => found.has(name));
    if (TRAINED.has(node.op) || isPassing) for (const name of node.inputs) found.add(name);
  }
  return found;
}

/** Weights stand among the initializers or, in files of some exporters, in Constant nodes. */
function* constantsOf(graph: Graph): Iterable<readonly [string, Tensor]> {
  yield* graph.initializers;
  for (const node of graph.nodes) {
    const value = node.op === 'Constant' ? node.attributes.value : undefined;
    if (value?.kind === 'tensor') yield [node.outputs[0] ?? node.name, value.value];
  }
}
