/**
 * The inner loop of any-way MAML: a few steps of gradient descent on the support set, from a graph derived here.
 *
 * C. Finn, P. Abbeel, S. Levine: Model-Agnostic Meta-Learning. ICML 2017, arXiv 1703.03400.
 * J. Lee, Y. Kim, H. Lee, N. Kwak: Any-Way Meta Learning. AAAI 2024, arXiv 2401.05097.
 */
import { backward } from '../adjoint/backward.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { HeliographError } from '../graph/errors.ts';
import { int, ints, type StaticGraph } from '../graph/graph.ts';
import { type FloatTensor, float32, type Shape, scalar } from '../graph/tensor.ts';
import { type Assignments, checkAssignments, selectionMatrix, sumOverAssignments } from './assignments.ts';
import {
  type Adapted,
  checkSupport,
  forwardGraph,
  imageBatch,
  type Learner,
  outputOf,
  type RunGraph,
  type Support,
} from './learner.ts';
import type { MamlCard } from './learner-card.ts';
import { lossDivisor, shareRight } from './support-state.ts';

export type AdaptedParameters = Extract<Adapted, { kind: 'parameters' }>;

/** The support set as it was before one step of the inner loop. */
export interface InnerStep {
  /** Number of steps taken before. */
  readonly step: number;
  /** Sum or mean over the assignments, as the card says, of mean_i CE(logits_i[s_j], y_i). */
  readonly loss: number;
  /** [B, O], row-major. */
  readonly logits: Float32Array;
  /** Share of support images whose class is predicted. */
  readonly accuracy: number;
}

export interface InnerLoop {
  readonly assignments: Assignments;
  readonly steps: number;
  /** The output nodes' follows it: their steps keep the card's proportion to the others'. */
  readonly learningRate: number;
  /** Goes on from here instead of from the learner's own parameters. */
  readonly from?: AdaptedParameters;
}

const SELECTION = 'fewshot/selection';
const LABELS = 'fewshot/labels';
const LEARNING_RATE = 'fewshot/learning_rate';
const LOSS = 'fewshot/loss';
const LOGITS = 'fewshot/logits';
/** What the names of the output nodes' parameters begin with. */
const HEAD = 'head.';
const updatedName = (parameter: string) => `fewshot/updated/${parameter}`;

/**
 * One step θ ← θ − η·∇L(θ) on a support set of `batch` images, J assignments of N nodes each. The output nodes' own rate is η
 * times a constant, the card's proportion.
 *
 * Inputs: the images [B, C, H, W]; every parameter under its name in the model; `selection` [O, J·N], `labels` [B, N] and
 * `learning_rate` []. Outputs: the updated parameters; the loss [] and the logits [B, O] at the parameters fed.
 */
export function compileInnerStep(learner: Learner, batch: number, ways: number, assignments: number): StaticGraph {
  const { card, nodes, logits } = learner;
  if (logits === null || card.kind !== 'maml')
    throw new RangeError('unreachable: only learners with output nodes are adapted by gradient steps');
  const builder = new GraphBuilder(forwardGraph(learner, batch));
  const forward = [...builder.nodes];
  const selection = builder.input(SELECTION, 'float32', [nodes, assignments * ways]);
  const labels = builder.input(LABELS, 'float32', [batch, ways]);
  const rate = builder.input(LEARNING_RATE, 'float32', []);
  const headRate = headProportion(card) === 1 ? rate : builder.multiply(rate, builder.scalar(headProportion(card)));
  const weight = 1 / (batch * lossDivisor(card.inner.loss, nodes, ways));
  const { loss, cotangent } = crossEntropy(builder, logits, selection, labels, [batch, assignments, ways], weight);
  const parameters = [...learner.parameters.keys()];
  const gradients = backward(builder, forward, new Map([[logits, cotangent]]), parameters);
  const updated = parameters.map((name) => {
    const gradient = gradients.get(name) ?? null;
    // What the loss does not depend on stays as it is.
    return gradient === null ? name : builder.subtract(name, builder.multiply(gradient, name.startsWith(HEAD) ? headRate : rate));
  });
  return builder.finish([
    ...updated.map((value, index) => ({ value, name: updatedName(parameters[index] ?? '') })),
    { value: loss, name: LOSS },
    { value: logits, name: LOGITS },
  ]);
}

/** How many times as far as everything else the output nodes step. */
function headProportion({ inner: { learningRate, headLearningRate } }: MamlCard): number {
  return (headLearningRate ?? learningRate) / learningRate;
}

/**
 * L = w·Σ_j Σ_i CE(logits_i[s_j], y_i), and ∂L/∂logits in closed form: w·(softmax − y) on the nodes of each assignment.
 * Without LogSoftmax, which leaves the GPU.
 *
 * @param logits [B, O]
 * @param selection one-hot columns [O, J·N]
 * @param labels one-hot rows [B, N]
 * @param weight w, what one image counts in one assignment
 */
function crossEntropy(
  builder: GraphBuilder,
  logits: string,
  selection: string,
  labels: string,
  [batch = 1, assignments = 1, ways = 1]: Shape,
  weight: number,
): { loss: string; cotangent: string } {
  const share = builder.scalar(weight);
  const last = builder.ints([2]);
  const selected = builder.reshape(builder.emit('MatMul', [logits, selection]), [batch, assignments, ways]);
  const target = builder.reshape(labels, [batch, 1, ways]);
  const shifted = builder.subtract(selected, builder.emit('ReduceMax', [selected, last], { keepdims: int(1) }));
  const powers = builder.emit('Exp', [shifted]);
  const total = builder.reduceSum(powers, [2], true);
  const right = builder.reduceSum(builder.multiply(shifted, target), [2], true);
  const losses = builder.subtract(builder.emit('Log', [total]), right);
  const loss = builder.multiply(builder.reduceSum(losses, [0, 1, 2], false), share);
  const slope = builder.multiply(builder.subtract(builder.divide(powers, total), target), share);
  const flat = builder.reshape(slope, [batch, assignments * ways]);
  const back = builder.emit('Transpose', [selection], { perm: ints([1, 0]) });
  return { loss, cotangent: builder.emit('MatMul', [flat, back]) };
}

/** One-hot rows [B, N]. */
function oneHotRows(labels: readonly number[], ways: number): FloatTensor {
  const data = new Float32Array(labels.length * ways);
  labels.forEach((label, row) => {
    data[row * ways + label] = 1;
  });
  return float32([labels.length, ways], data);
}

/**
 * Runs the inner loop.
 *
 * @param onStep gets what each step started from
 * @throws HeliographError `bad-episode` for a support set or assignments that do not fit, `bad-array` for unusable images
 */
export async function adaptParameters(
  learner: Learner,
  support: Support,
  { assignments, steps, learningRate, from }: InnerLoop,
  run: RunGraph,
  onStep: (step: InnerStep) => void = () => undefined,
): Promise<AdaptedParameters> {
  checkSupport(learner, support);
  const { labels, ways } = support;
  checkAssignments(assignments, learner.nodes, ways);
  const batch = labels.length;
  const count = assignments.length;
  const fixed = {
    [learner.image]: imageBatch(learner, support.images),
    [SELECTION]: selectionMatrix(assignments, learner.nodes),
    [LABELS]: oneHotRows(labels, ways),
    [LEARNING_RATE]: scalar(learningRate),
  };
  const taken = from?.steps ?? 0;
  let parameters = parameterTensors(learner, from);
  for (let step = 0; step < steps; step += 1) {
    const outputs = await run(`inner step/${batch}/${ways}/${count}`, () => compileInnerStep(learner, batch, ways, count), {
      ...fixed,
      ...parameters,
    });
    const logits = outputOf(outputs, LOGITS).data;
    const scores = sumOverAssignments(logits, learner.nodes, assignments);
    const loss = outputOf(outputs, LOSS).data[0] ?? Number.NaN;
    if (!Number.isFinite(loss)) throw diverged(taken + step);
    onStep({
      step: taken + step,
      loss,
      logits,
      accuracy: shareRight(scores, ways, labels),
    });
    parameters = Object.fromEntries(Object.keys(parameters).map((name) => [name, outputOf(outputs, updatedName(name))]));
  }
  return {
    kind: 'parameters',
    ways,
    assignments,
    steps: taken + steps,
    // Without a step they are still the learner's own, which nobody may change or hand over.
    parameters: Object.fromEntries(Object.entries(parameters).map(([name, { data }]) => [name, data.slice()])),
  };
}

/** What to say where the loss or the scores are no numbers any more. */
export function diverged(steps: number): HeliographError {
  return new HeliographError(
    'bad-episode',
    `The inner loop diverged: after ${steps} steps its values are not numbers.`,
    'Choose a smaller learning rate or fewer steps.',
  );
}

/** The parameters as the graphs are fed them: adapted ones, or the learner's own. */
export function parameterTensors(learner: Learner, adapted?: AdaptedParameters): Record<string, FloatTensor> {
  return Object.fromEntries(
    [...learner.parameters].map(([name, own]) => [name, float32(own.dims, adapted?.parameters[name] ?? own.data)]),
  );
}
