/** A few-shot learner: a network and the card that says how it learns from a few examples. */
import { HeliographError } from '../graph/errors.ts';
import type { Graph, StaticGraph } from '../graph/graph.ts';
import { prepare } from '../graph/prepare.ts';
import { type FloatTensor, float32, sizeOf } from '../graph/tensor.ts';
import type { Assignments } from './assignments.ts';
import type { LearnerCard } from './learner-card.ts';

/** Tensors by name: what a graph is fed, and what it gives. */
export type Tensors = Readonly<Record<string, FloatTensor>>;

/**
 * Runs a derived graph of a learner once. Whoever drives a learner provides it, and may keep what it compiled.
 *
 * @param key names the graph; the same key always stands for the same graph of one learner
 */
export type RunGraph = (key: string, compile: () => StaticGraph, feeds: Tensors) => Promise<Tensors>;

export interface Learner {
  readonly card: LearnerCard;
  /** The network with the parameters of the inner loop as inputs instead of constants. */
  readonly graph: Graph;
  /** Name of the image input [B, C, H, W]. */
  readonly image: string;
  /** Name of the value that holds the features, B × F numbers. */
  readonly features: string;
  /** Name of the output nodes [B, O], null for learners without. */
  readonly logits: string | null;
  /** Number O of output nodes, 0 for learners without. */
  readonly nodes: number;
  /** What the inner loop adapts, as it is before; in the card's order. */
  readonly parameters: ReadonlyMap<string, FloatTensor>;
}

/** The labelled examples of an episode. */
export interface Support {
  /** [B, C, H, W], normalised as the card says. */
  readonly images: Float32Array;
  /** Class of each image, 0 … ways − 1; every class at least once. */
  readonly labels: readonly number[];
  readonly ways: number;
}

/** A learner after it has seen the support set. Plain data: it can be stored, sent, and adapted further. */
export type Adapted =
  | {
      readonly kind: 'parameters';
      readonly ways: number;
      readonly assignments: Assignments;
      /** Inner steps taken so far. */
      readonly steps: number;
      readonly parameters: Readonly<Record<string, Float32Array>>;
    }
  | {
      readonly kind: 'prototypes';
      readonly ways: number;
      /** [N, F], row-major. */
      readonly prototypes: Float32Array;
    };

/** What a learner says of B images. All arrays row-major. */
export interface Prediction {
  /** [B, N]: the class of the highest score is predicted. */
  readonly scores: Float32Array;
  /** [B, N] */
  readonly probabilities: Float32Array;
  /** [B, F]; of SimpleShot centred and normalised. */
  readonly features: Float32Array;
  /** [B, O]: every output node before the sum over assignments; null for learners without nodes. */
  readonly logits: Float32Array | null;
}

const FEATURES = 'features';
const LOGITS = 'logits';

function unfit(card: LearnerCard, what: string): HeliographError {
  return new HeliographError('invalid-model', `The model of “${card.name}” ${what}.`, 'Export the learner again.');
}

/**
 * Joins a card and its model.
 *
 * @param graph the model as read
 * @throws HeliographError `invalid-model` where the model is not what the card says; whatever `prepare` throws
 */
export function joinLearner(card: LearnerCard, graph: Graph): Learner {
  const [image, ...others] = graph.inputs;
  if (image === undefined || others.length > 0) throw unfit(card, `has ${graph.inputs.length} inputs instead of one`);
  const features = card.kind === 'simpleshot' ? card.tensor : FEATURES;
  const wanted = card.kind === 'maml' ? [features, LOGITS] : [features];
  const computed = new Set(graph.nodes.flatMap((node) => node.outputs));
  for (const name of wanted) if (!computed.has(name)) throw unfit(card, `computes no “${name}”`);

  const names = card.kind === 'maml' ? card.parameters : [];
  const parameters = new Map(
    names.map((name) => {
      const tensor = graph.initializers.get(name);
      if (tensor?.type !== 'float32') throw unfit(card, `has no float32 parameter “${name}”`);
      return [name, tensor] as const;
    }),
  );
  const learner: Learner = {
    card,
    graph: {
      ...graph,
      inputs: [image, ...[...parameters].map(([name, { type, dims }]) => ({ name, type, dims }))],
      outputs: wanted.map((name) => ({ name, type: 'float32' as const, dims: null })),
      initializers: new Map([...graph.initializers].filter(([name]) => !parameters.has(name))),
    },
    image: image.name,
    features,
    logits: card.kind === 'maml' ? LOGITS : null,
    nodes: card.kind === 'maml' ? card.nodes : 0,
    parameters,
  };
  const { types } = forwardGraph(learner, 1);
  const length = sizeOf(types.get(features)?.dims ?? []);
  if (length !== card.features) throw unfit(card, `gives ${length} features where its card says ${card.features}`);
  const given = types.get(LOGITS)?.dims;
  if (learner.logits !== null && given?.join() !== `1,${learner.nodes}`) {
    throw unfit(card, `gives logits of shape [${given}] where its card says [1, ${learner.nodes}]`);
  }
  return learner;
}

/**
 * The network for batches of one size. Inputs: the images and the parameters; outputs: features and, where it has them, logits.
 */
export function forwardGraph({ card, graph, image }: Learner, batch: number): StaticGraph {
  const { channels, height, width } = card.input;
  return prepare(graph, new Map([[image, [batch, channels, height, width]]]));
}

/**
 * The images as the network takes them, [B, C, H, W].
 *
 * @throws HeliographError `bad-array` where they do not fill whole images or are not finite
 */
export function imageBatch({ card }: Learner, images: Float32Array): FloatTensor {
  const { channels, height, width } = card.input;
  const size = channels * height * width;
  const batch = images.length / size;
  if (!Number.isInteger(batch) || batch < 1) {
    throw new HeliographError(
      'bad-array',
      `${images.length} values are not a batch of images of ${channels} × ${height} × ${width}.`,
      'Prepare the images as the learner’s card says.',
    );
  }
  if (!images.every(Number.isFinite)) {
    throw new HeliographError('bad-array', 'The images hold values that are not finite numbers.', 'Choose other images.');
  }
  return float32([batch, channels, height, width], images);
}

/** Batches one after another: [n, …] and [m, …] become [n + m, …]. */
export function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** @throws HeliographError `bad-episode` for fewer than two classes, a class without images, or labels that do not fit the images */
export function checkSupport(learner: Learner, { images, labels, ways }: Support): void {
  if (!Number.isInteger(ways) || ways < 2) {
    throw new HeliographError('bad-episode', 'Few-shot learning needs at least two classes.', 'Add a class.');
  }
  const [batch] = imageBatch(learner, images).dims;
  if (labels.length !== batch || labels.some((label) => !Number.isInteger(label) || label < 0 || label >= ways)) {
    throw new HeliographError(
      'bad-episode',
      `The labels do not give each of ${batch} images one of ${ways} classes.`,
      'Label every image with a class of the episode.',
    );
  }
  const present = new Set(labels);
  const empty = Array.from({ length: ways }, (_, way) => way).find((way) => !present.has(way));
  if (empty !== undefined) {
    throw new HeliographError('bad-episode', `Class ${empty + 1} has no examples.`, 'Give it one, or take the class away.');
  }
}

/** The output of that name; its absence is a mistake of ours. */
export function outputOf(outputs: Tensors, name: string): FloatTensor {
  const output = outputs[name];
  if (output === undefined) throw new HeliographError('runtime-failed', `The learner’s graph gave no output “${name}”.`);
  return output;
}

/** Softmax of each row of `length` numbers, divided by `temperature` first. */
export function softmaxRows(values: Float32Array, length: number, temperature = 1): Float32Array {
  const result = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += length) {
    const row = values.subarray(start, start + length);
    const highest = row.reduce((most, value) => Math.max(most, value), -Infinity);
    const powers = Array.from(row, (value) => Math.exp((value - highest) / temperature));
    const total = powers.reduce((sum, value) => sum + value, 0);
    powers.forEach((value, index) => {
      result[start + index] = value / total;
    });
  }
  return result;
}

/** The class of the highest score of each row; of equal ones the lower. */
export function predictedWays(scores: Float32Array, ways: number): number[] {
  return Array.from({ length: scores.length / ways }, (_, row) => {
    const values = scores.subarray(row * ways, (row + 1) * ways);
    return values.reduce((best, value, way) => (value > (values[best] ?? -Infinity) ? way : best), 0);
  });
}
