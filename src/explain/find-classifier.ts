import { GraphBuilder, pruneGraph, renameReads } from '../graph/builder.ts';
import { HeliographError } from '../graph/errors.ts';
import type { Dimension, Graph, StaticGraph, ValueInfo, ValueType } from '../graph/graph.ts';
import { prepare } from '../graph/prepare.ts';
import { int64s, type Shape, sizeOf } from '../graph/tensor.ts';
import type { Classifier, Layout } from './classifier.ts';
import { ATTRIBUTION, LOGITS, MAP, REFERENCE, SCORE, SEED, TARGET } from './score.ts';
import { producers } from './signal.ts';

export interface FindOptions {
  /** Height and width for models whose file leaves them open. */
  readonly size?: { readonly height: number; readonly width: number } | undefined;
}

export interface Found {
  readonly classifier: Classifier;
  /** Sentences worth telling the user. */
  readonly notices: readonly string[];
}

/** Images have so many channels: gray, colour, colour with alpha. */
const IMAGE_CHANNELS = new Set([1, 3, 4]);

/**
 * Finds the image input and the class scores of a model and makes it ready for explaining.
 *
 * @throws HeliographError `not-an-image-model`, `not-a-classifier`, `dynamic-shape` (asks for a size), or whatever `prepare` finds wrong
 */
export function findClassifier(file: Graph, options: FindOptions = {}): Found {
  const input = imageInput(file);
  const layout = layoutOf(input);
  const shape = boundShape(input, layout, options);
  const notices: string[] = [];
  const graph = unreserved(withFloatInput(file, input, notices), input.name);
  const image = graph.inputs.find((each) => each.name === input.name || each.name === `model/${input.name}`)?.name ?? input.name;
  const [, height = 1, width = 1, channels = 1] = layout === 'NHWC' ? shape : [1, shape[2], shape[3], shape[1]];
  const common = { image, layout, height, width, channels };
  try {
    const prepared = prepare(graph, new Map([[image, shape]]));
    const { graph: ready, logits, classes } = classScores(prepared, notices);
    return { classifier: { ...common, graph: ready, logits, classes, opaque: null }, notices };
  } catch (error) {
    const isGap =
      error instanceof HeliographError && (error.code === 'unsupported-operator' || error.code === 'unsupported-opset');
    if (!isGap) throw error;
    const reason = new HeliographError(error.code, error.message, 'Occlusion and RISE still work: they only run the model.');
    notices.push(`${reason.message} ${reason.remedy}`);
    const { graph: ready, logits, classes } = classScores(opaqueGraph(graph, image, shape, error), notices);
    return { classifier: { ...common, graph: ready, logits, classes, opaque: reason }, notices };
  }
}

function described({ name, dims, type }: ValueInfo): string {
  return `“${name}” ${type} [${dims?.map((dim) => dim ?? '?').join(', ') ?? '?'}]`;
}

function imageInput(graph: Graph): ValueInfo {
  const candidates = graph.inputs.filter(({ dims }) => dims !== null && dims.length === 4);
  const listing = graph.inputs.map(described).join(', ');
  const [candidate] = candidates;
  if (candidate === undefined) {
    throw new HeliographError(
      'not-an-image-model',
      `No input of this model is an image: ${listing || 'it has none'}.`,
      'Heliograph explains models that take one image, [N, channels, height, width] or [N, height, width, channels].',
    );
  }
  if (graph.inputs.length > 1) {
    throw new HeliographError(
      'not-an-image-model',
      `This model has ${graph.inputs.length} inputs: ${listing}.`,
      'Export it with the image as its only input, the others fixed.',
    );
  }
  return candidate;
}

function layoutOf(input: ValueInfo): Layout {
  const dims: readonly Dimension[] = input.dims ?? [];
  const isChannels = (dim: Dimension | undefined) => typeof dim === 'number' && IMAGE_CHANNELS.has(dim);
  if (isChannels(dims[1])) return 'NCHW';
  if (isChannels(dims[3])) return 'NHWC';
  if (typeof dims[1] !== 'number') return 'NCHW';
  throw new HeliographError(
    'not-an-image-model',
    `The input ${described(input)} has neither 1, 3 nor 4 channels.`,
    'Heliograph explains models that take a gray or colour image.',
  );
}

function boundShape(input: ValueInfo, layout: Layout, { size }: FindOptions): Shape {
  const dims = input.dims ?? [];
  const [rows, columns, channels] = layout === 'NCHW' ? [2, 3, 1] : [1, 2, 3];
  const extent = (axis: number, given: number | undefined) => {
    const dim = dims[axis];
    const value = typeof dim === 'number' && dim > 0 ? dim : given;
    if (value === undefined) {
      throw new HeliographError(
        'dynamic-shape',
        `The model leaves the size of its image open: ${described(input)}.`,
        'Give the height and width it was trained at.',
      );
    }
    return value;
  };
  const batch = dims[0];
  if (typeof batch === 'number' && batch > 1) {
    throw new HeliographError(
      'not-an-image-model',
      `The model takes ${batch} images at once: ${described(input)}.`,
      'Export it for a batch of 1.',
    );
  }
  const shape = [1, 1, 1, 1];
  shape[rows] = extent(rows, size?.height);
  shape[columns] = extent(columns, size?.width);
  shape[channels] = extent(channels, 3);
  return shape;
}

/** Images come as float32; a model that takes bytes casts them itself, which then does nothing. */
function withFloatInput(graph: Graph, input: ValueInfo, notices: string[]): Graph {
  if (input.type === 'float32') return graph;
  const readers = graph.nodes.filter((node) => node.inputs.includes(input.name));
  if (readers.some((node) => node.op !== 'Cast' || node.domain !== '')) {
    throw new HeliographError(
      'not-an-image-model',
      `The image input ${described(input)} is not float32, and the model does not begin by casting it.`,
      'Export it with a float32 input.',
    );
  }
  notices.push(`The model takes ${input.type} pixels; Heliograph feeds the same values as float32.`);
  return { ...graph, inputs: [{ ...input, type: 'float32' }] };
}

const RESERVED = new Set([TARGET, SEED, REFERENCE, MAP, ATTRIBUTION, SCORE, LOGITS]);

/** Frees the public names of derived graphs: a model's own tensors of these names get a prefix, an output called like the scores excepted. */
function unreserved(graph: Graph, image: string): Graph {
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const used = new Set([image, ...graph.initializers.keys(), ...graph.nodes.flatMap((node) => node.outputs)]);
  const renamed = new Map(
    [...RESERVED]
      .filter((name) => used.has(name) && !(name === LOGITS && outputs.has(name)))
      .map((name) => [name, `model/${name}`]),
  );
  return renamed.size === 0 ? graph : renameValues(graph, (name) => renamed.get(name) ?? name);
}

const renameKeys = <V>(map: ReadonlyMap<string, V>, rename: (name: string) => string): Map<string, V> =>
  new Map([...map].map(([name, value]) => [rename(name), value]));

function renameValues(graph: Graph, rename: (name: string) => string): Graph {
  return {
    ...graph,
    inputs: graph.inputs.map((info) => ({ ...info, name: rename(info.name) })),
    outputs: graph.outputs.map((info) => ({ ...info, name: rename(info.name) })),
    nodes: graph.nodes.map((node) => ({ ...renameReads(node, rename), outputs: node.outputs.map(rename) })),
    initializers: renameKeys(graph.initializers, rename),
    values: new Map([...graph.values].map(([name, info]) => [rename(name), { ...info, name: rename(name) }])),
  };
}

/** A model with operators we do not know: only the types at its ends are needed to run it. */
function opaqueGraph(graph: Graph, image: string, shape: Shape, cause: HeliographError): StaticGraph {
  const types = new Map<string, ValueType>([[image, { type: 'float32', dims: shape }]]);
  for (const [name, tensor] of graph.initializers) types.set(name, { type: tensor.type, dims: tensor.dims });
  for (const { name, type, dims } of graph.outputs) {
    const sizes = dims?.map((dim, axis) => (axis === 0 && typeof dim !== 'number' ? 1 : dim));
    if (sizes?.every((dim) => typeof dim === 'number')) types.set(name, { type, dims: sizes });
  }
  if (types.size === graph.initializers.size + 1) throw cause;
  const outputs = graph.outputs.filter(({ name }) => types.has(name));
  return { ...graph, inputs: [{ name: image, type: 'float32', dims: shape }], outputs, types, values: new Map() };
}

const isClassVector = ({ type, dims }: ValueType) =>
  (type === 'float32' || type === 'float64') && sizeOf(dims) >= 2 && dims.filter((dim) => dim > 1).length === 1;

/** The class scores before any softmax, as [1, classes]. */
function classScores(graph: StaticGraph, notices: string[]): { graph: StaticGraph; logits: string; classes: number } {
  const output = graph.outputs.find(({ name }) => {
    const type = graph.types.get(name);
    return type !== undefined && isClassVector(type);
  });
  if (output === undefined) {
    throw new HeliographError(
      'not-a-classifier',
      `No output of this model is a vector of class scores: ${graph.outputs.map(described).join(', ')}.`,
      'Heliograph explains classifiers, whose output is [1, classes].',
    );
  }
  if (graph.outputs.length > 1)
    notices.push(`Of the model's ${graph.outputs.length} outputs “${output.name}” is taken as the class scores.`);
  const scores = beforeRounding(graph, beforeSoftmax(graph, output.name, notices), notices);
  const dims = graph.types.get(scores)?.dims ?? [];
  const classes = sizeOf(dims);
  const isVector = dims.length === 2 && dims[0] === 1;
  const kept = pruneGraph({ ...graph, outputs: [{ name: scores, type: 'float32', dims } satisfies ValueInfo] });
  if (isVector && (scores === LOGITS || !kept.types.has(LOGITS))) return { graph: kept, logits: scores, classes };
  // A tensor on the way to the scores has their public name.
  const rename = (name: string) => (name === LOGITS ? `model/${LOGITS}` : name);
  const freed = { ...kept, ...renameValues(kept, rename), types: renameKeys(kept.types, rename) };
  if (isVector) return { graph: freed, logits: scores, classes };
  const builder = new GraphBuilder(freed);
  const shape = builder.add(int64s([1, classes]), 'scores_shape');
  const logits = builder.emit('Reshape', [rename(scores), shape], {}, 'scores');
  return { graph: builder.finish([{ value: logits, name: logits }]), logits, classes };
}

const AFTER_SOFTMAX = new Set([
  'Softmax',
  'LogSoftmax',
  'Identity',
  'Cast',
  'Reshape',
  'Flatten',
  'Squeeze',
  'QuantizeLinear',
  'DequantizeLinear',
]);

/**
 * Scores as they are before the model rounds them to a few bits. What lies beyond the range of the codes is cut off there, most often
 * the top class: its derivative would be 0 and its map empty.
 */
function beforeRounding(graph: StaticGraph, scores: string, notices: string[]): string {
  const made = producers(graph);
  const dequantized = made.get(scores);
  const quantized = made.get(dequantized?.inputs[0] ?? '');
  if (dequantized?.op !== 'DequantizeLinear' || quantized?.op !== 'QuantizeLinear') return scores;
  const [exact = ''] = quantized.inputs;
  if (graph.types.get(exact)?.type !== 'float32') return scores;
  notices.push('The model rounds its class scores at the end: the scores before that are explained.');
  return exact;
}

function beforeSoftmax(graph: StaticGraph, output: string, notices: string[]): string {
  const made = producers(graph);
  let value = output;
  for (
    let node = made.get(value);
    node !== undefined && node.domain === '' && AFTER_SOFTMAX.has(node.op);
    node = made.get(value)
  ) {
    value = node.inputs[0] ?? '';
    if (node.op === 'Softmax' || node.op === 'LogSoftmax') {
      const type = graph.types.get(value);
      if (type === undefined || !isClassVector(type)) return output;
      notices.push('The softmax at the end of the model is set aside: the scores before it are explained.');
      return value;
    }
  }
  return output;
}
