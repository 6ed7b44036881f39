/**
 * The adapted network as an ordinary classifier of one image: [1, C, H, W] → class scores [1, N], with nothing left that depends
 * on other images. What its batch norms took from the batch the image was predicted in become constants, as in a network trained
 * and exported for inference (Ioffe and Szegedy 2015), and the head says what the learner's rule says. The softmax of the scores is
 * what `predict` gives as probabilities:
 *
 * - MAML: Σ_j logits[s_j]/J, the rows of the head summed over the assignments
 * - ProtoNet: 2⟨p_n, f⟩ − ‖p_n‖², which is −‖f − p_n‖² without −‖f‖², the same for all classes (Snell et al. 2017, section 2.4)
 * - SimpleShot: the same, on g = (f − centre)/‖f − centre‖
 */
import { GraphBuilder } from '../graph/builder.ts';
import { HeliographError } from '../graph/errors.ts';
import { describeNode, floatAttribute, type Graph, int, intAttribute, type Node, type StaticGraph } from '../graph/graph.ts';
import { prepare } from '../graph/prepare.ts';
import { type FloatTensor, float32, numbers, type Tensor } from '../graph/tensor.ts';
import { type AdaptedParameters, parameterTensors } from './adaptation.ts';
import type { Assignments } from './assignments.ts';
import {
  type Adapted,
  concatenated,
  forwardGraph,
  imageBatch,
  type Learner,
  outputOf,
  type RunGraph,
  type Tensors,
} from './learner.ts';
import { checkAdapted } from './learners.ts';
import { forward } from './prediction.ts';
import { distanceToCentre, SMALLEST_NORM } from './simpleshot.ts';

/** What a prediction stands on. */
export interface PredictedImage {
  readonly learner: Learner;
  readonly adapted: Adapted;
  /** [1, C, H, W], normalised as the card says. */
  readonly image: Float32Array;
  /** The images that went through the network with it; null where it was alone. SimpleShot has no use for them. */
  readonly company: Float32Array | null;
}

/** A network for one image whose scores are affine in its features, so that relevance can start from them. */
export interface AffineNetwork {
  /** Names the graph among those of its learner; null where it belongs to this image alone. */
  readonly key: string | null;
  /** Inputs: the image under the learner's name, and what `feeds` holds. One output, the scores [1, N]. */
  readonly compile: () => StaticGraph;
  readonly feeds: Tensors;
}

/** scores = weight·features + bias: [N, F] and [N]. */
interface LinearHead {
  readonly weight: FloatTensor;
  readonly bias: FloatTensor;
}

const SCORES = 'scores';
const HEAD_WEIGHT = 'fewshot/head_weight';
const HEAD_BIAS = 'fewshot/head_bias';

/**
 * The adapted network as a graph of its own, to be saved. The image is normalised as the learner's card says (the card's `input` is in
 * the metadata).
 *
 * @param labels names of the classes, for whoever opens the file
 * @throws HeliographError `bad-episode` for another learner's state, `bad-array` for an unusable image, `method-not-applicable` where
 *   the head is not one linear layer
 */
export async function freeze(predicted: PredictedImage, run: RunGraph, labels: readonly string[] = []): Promise<StaticGraph> {
  check(predicted);
  const { learner, adapted } = predicted;
  const { card } = learner;
  const builder = new GraphBuilder(await featureGraph(predicted, run));
  const features = rowOfFeatures(builder, learner);
  const compared = card.kind === 'simpleshot' ? normalised(builder, features, card.centre) : features;
  const { weight, bias } = headOf(learner, adapted);
  const head = { weight: builder.add(weight, HEAD_WEIGHT), bias: builder.add(bias, HEAD_BIAS) };
  return withScores(
    builder,
    compared,
    head,
    new Map([
      ['learner', card.name],
      ['input', JSON.stringify(card.input)],
      ['licence', card.licence],
      ['source', card.source],
      ...(labels.length === 0 ? [] : [['labels', JSON.stringify(labels)] as const]),
    ]),
  );
}

/**
 * The adapted network for explaining one image. Where the learner normalises features, the length ‖f − centre‖ is held fixed at this image's, as
 * everywhere in SRD (reconstruction): the scores are the saved network's at this image, and affine in the features.
 *
 * @throws HeliographError as `freeze`
 */
export async function affineNetwork(predicted: PredictedImage, run: RunGraph): Promise<AffineNetwork> {
  check(predicted);
  const { learner, adapted, image } = predicted;
  const { card } = learner;
  const head = headOf(learner, adapted);
  if (card.kind !== 'simpleshot') {
    const graph = await featureGraph(predicted, run);
    const compile = () => {
      const builder = new GraphBuilder(graph);
      const own = { weight: builder.add(head.weight, HEAD_WEIGHT), bias: builder.add(head.bias, HEAD_BIAS) };
      return withScores(builder, rowOfFeatures(builder, learner), own);
    };
    return { key: null, compile, feeds: {} };
  }
  // Large, and the same for every image but for the head, which therefore is an input.
  const { weight, bias } = head;
  const compile = () => {
    const builder = new GraphBuilder(forwardGraph(learner, 1));
    const fed = {
      weight: builder.input(HEAD_WEIGHT, 'float32', weight.dims),
      bias: builder.input(HEAD_BIAS, 'float32', bias.dims),
    };
    return withScores(builder, rowOfFeatures(builder, learner), fed);
  };
  const { features } = await forward(learner, image, run);
  const fixed = atFixedLength(head, card.centre, distanceToCentre(features, card.centre));
  return { key: `affine/${adapted.ways}`, compile, feeds: { [HEAD_WEIGHT]: fixed.weight, [HEAD_BIAS]: fixed.bias } };
}

function check({ learner, adapted, image }: PredictedImage): void {
  checkAdapted(learner, adapted);
  const [count = 0] = imageBatch(learner, image).dims;
  if (count !== 1) throw new HeliographError('bad-array', `${count} images were given where one belongs.`, 'Choose one of them.');
}

/** The network from one image to its features, in the batch of its company. */
async function featureGraph({ learner, adapted, image, company }: PredictedImage, run: RunGraph): Promise<StaticGraph> {
  const batch = company === null ? image : concatenated([image, company]);
  const parameters = parameterTensors(learner, adapted.kind === 'parameters' ? adapted : undefined);
  const constants = { ...parameters, ...(await statisticsOf(learner, parameters, batch, run)) };
  const { channels, height, width } = learner.card.input;
  const { graph } = learner;
  const known = new Set(Object.keys(constants));
  const frozen: Graph = {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => name === learner.image),
    outputs: graph.outputs.filter(({ name }) => name === learner.features),
    nodes: graph.nodes.filter(({ outputs }) => !outputs.some((name) => known.has(name))),
    initializers: new Map<string, Tensor>([...graph.initializers, ...Object.entries(constants)]),
  };
  return prepare(frozen, new Map([[learner.image, [1, channels, height, width]]]));
}

/** What the network takes from a batch as a whole, by name: the reductions over its images. */
async function statisticsOf(learner: Learner, parameters: Tensors, batch: Float32Array, run: RunGraph): Promise<Tensors> {
  const graph = forwardGraph(learner, 1);
  const names = graph.nodes.filter((node) => isOverImages(graph, node)).flatMap(({ outputs }) => outputs);
  if (names.length === 0) return {};
  const images = imageBatch(learner, batch);
  const [size = 1] = images.dims;
  const compile = () => new GraphBuilder(forwardGraph(learner, size)).finish(names.map((name) => ({ value: name, name })));
  const outputs = await run(`statistics/${size}`, compile, { [learner.image]: images, ...parameters });
  return Object.fromEntries(names.map((name) => [name, outputOf(outputs, name)]));
}

/** Whether a node reduces over the first axis. */
function isOverImages({ initializers, types }: StaticGraph, { op, inputs }: Node): boolean {
  if (!op.startsWith('Reduce')) return false;
  const [input = '', axes = ''] = inputs;
  const given = initializers.get(axes);
  const rank = types.get(input)?.dims.length ?? 0;
  return given === undefined || numbers(given).some((axis) => axis === 0 || axis === -rank);
}

/** The features as the head reads them, [1, F]. */
function rowOfFeatures(builder: GraphBuilder, { features, card }: Learner): string {
  return builder.reshape(features, [1, card.features]);
}

function withScores(
  builder: GraphBuilder,
  features: string,
  { weight, bias }: { readonly weight: string; readonly bias: string },
  metadata?: ReadonlyMap<string, string>,
): StaticGraph {
  const scores = builder.emit('Gemm', [features, weight, bias], { transB: int(1) }, SCORES);
  return builder.finish([{ value: scores, name: scores }], metadata);
}

/** (f − centre)/‖f − centre‖ */
function normalised(builder: GraphBuilder, features: string, centre: readonly number[]): string {
  const centred = builder.subtract(features, builder.add(float32([1, centre.length], centre), 'fewshot/centre'));
  const length = builder.emit('ReduceL2', [centred, builder.ints([1])], { keepdims: int(1) });
  return builder.divide(centred, builder.emit('Max', [length, builder.scalar(SMALLEST_NORM)]));
}

/** The head on what the learner compares: features, of SimpleShot centred and normalised. */
function headOf(learner: Learner, adapted: Adapted): LinearHead {
  return adapted.kind === 'parameters' ? summedHead(learner, adapted) : prototypeHead(adapted.prototypes, adapted.ways);
}

/** 2p_n and −‖p_n‖². */
function prototypeHead(prototypes: Float32Array, ways: number): LinearHead {
  const length = prototypes.length / ways;
  const bias = Array.from({ length: ways }, (_, way) => {
    const prototype = prototypes.subarray(way * length, (way + 1) * length);
    return -prototype.reduce((sum, value) => sum + value * value, 0);
  });
  return {
    weight: float32(
      [ways, length],
      prototypes.map((value) => 2 * value),
    ),
    bias: float32([ways], bias),
  };
}

/** The same scores from features that are neither centred nor normalised, where ‖f − centre‖ is `length`. */
function atFixedLength({ weight, bias }: LinearHead, centre: readonly number[], length: number): LinearHead {
  const rows = weight.data.map((value) => value / length);
  const shifts = bias.data.map((value, way) =>
    centre.reduce((sum, mean, index) => sum - mean * (rows[way * centre.length + index] ?? 0), value),
  );
  return { weight: float32(weight.dims, rows), bias: float32(bias.dims, shifts) };
}

/** Σ_j of the assigned nodes' rows, divided by J. */
function summedHead(learner: Learner, adapted: AdaptedParameters): LinearHead {
  const { weight, bias } = outputLayer(learner, adapted);
  const length = learner.card.features;
  const rowsOf = (rows: Float32Array, width: number) => meanRows(rows, width, adapted.assignments);
  return {
    weight: float32([adapted.ways, length], rowsOf(weight, length)),
    bias: float32([adapted.ways], rowsOf(bias, 1)),
  };
}

/** For each class the mean of its nodes' rows. */
function meanRows(rows: Float32Array, width: number, assignments: Assignments): Float32Array {
  const ways = assignments[0]?.length ?? 0;
  return Float32Array.from({ length: ways * width }, (_, index) => {
    const [way, column] = [Math.floor(index / width), index % width];
    const sum = assignments.reduce((total, list) => total + (rows[(list[way] ?? 0) * width + column] ?? 0), 0);
    return sum / assignments.length;
  });
}

/** Weights [O, F] and biases [O] of the output nodes, as adapted. */
function outputLayer(learner: Learner, adapted: AdaptedParameters): { weight: Float32Array; bias: Float32Array } {
  const { logits, features, graph } = learner;
  const node = graph.nodes.find(({ outputs }) => logits !== null && outputs.includes(logits));
  const weights = (name: string): Float32Array | undefined => {
    const constant = graph.initializers.get(name);
    return adapted.parameters[name] ?? (constant?.type === 'float32' ? constant.data : undefined);
  };
  const [from, weight, bias] = [node?.inputs[0], weights(node?.inputs[1] ?? ''), weights(node?.inputs[2] ?? '')];
  const plain =
    node?.op === 'Gemm' &&
    from === features &&
    intAttribute(node, 'transB', 0) === 1 &&
    floatAttribute(node, 'alpha', 1) === 1 &&
    floatAttribute(node, 'beta', 1) === 1;
  if (!plain || weight === undefined || bias === undefined) {
    throw new HeliographError(
      'method-not-applicable',
      `The output nodes of “${learner.card.name}” are not one linear layer on its features${node === undefined ? '' : ` (${describeNode(node)})`}.`,
      'Its nearest examples can still be shown.',
    );
  }
  return { weight, bias };
}
