import { HeliographError } from '../graph/errors.ts';
import type { Node } from '../graph/graph.ts';
import type { FeatureMaps } from './grid.ts';
import { WITHOUT_FEATURE_MAPS } from './obstacles.ts';
import { hasPositions } from './positions.ts';

/** What stands between the last feature map and the class scores. */
export interface Head {
  /** The last feature map: output of the last layer that still has positions (before any final pool or token selection). */
  readonly feature: string;
  /** Whether the scores are an affine function of the feature map (given max-pool switches and layer norms' scales). */
  readonly affine: boolean;
  /** Whether the head picks positions (a class token): then only these share the bias. */
  readonly selects: boolean;
}

const AFFINE = new Set([
  'GlobalAveragePool',
  'AveragePool',
  'MaxPool',
  'ReduceMean',
  'ReduceSum',
  'Flatten',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'Identity',
  'Dropout',
  'Cast',
  // Rounding counts as the identity; what it changes is shared like the bias.
  'QuantizeLinear',
  'DequantizeLinear',
  'Gemm',
  'MatMul',
  'Conv',
  'BatchNormalization',
  'LayerNormalization',
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Gather',
  'Slice',
  'Split',
  'Pad',
]);
const SELECTING = new Set(['Gather', 'Slice', 'Split']);
/** Steps behind the last feature map that make no new features. */
const AFTERTHOUGHT = new Set(['MaxPool', 'AveragePool', 'Identity', 'Dropout', 'Cast', 'Transpose', 'Reshape', 'Pad']);

/** Walks back from the class scores to the last feature map. */
export function findHead(maps: FeatureMaps): Head {
  const { model, roles, paths } = maps;
  let value = model.logits;
  let affine = true;
  let selects = false;
  let found = false;
  for (;;) {
    const node = paths.producer(value);
    if (node === undefined) break;
    found ||= hasPositions(model.graph, roles, value);
    const [next] = signals(node, maps);
    // Windows put together again: only the whole is a picture.
    const assembles = maps.grid(value) !== null && next !== undefined && maps.grid(next) === null;
    if (found && (assembles || !AFTERTHOUGHT.has(node.op))) return { feature: value, affine, selects };
    affine &&= AFFINE.has(node.op) && signals(node, maps).length === 1;
    selects ||= SELECTING.has(node.op);
    if (next === undefined || next === model.image) break;
    value = next;
  }
  throw new HeliographError(
    'method-not-applicable',
    'No feature map was found between the image and the class scores.',
    WITHOUT_FEATURE_MAPS,
  );
}

/** The image-dependent inputs of a node. */
function signals(node: Node, maps: FeatureMaps): string[] {
  return node.inputs.filter((name) => name !== '' && maps.roles.has(name));
}
