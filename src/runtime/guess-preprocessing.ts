/** What an unknown classifier probably wants its pixels to be. Every guess says on what grounds, and the user can correct it. */
import type { Classifier } from '../explain/classifier.ts';
import { type LearnerInput, parseLearnerInput } from '../fewshot/learner-card.ts';
import { inputAt, type Node, type StaticGraph } from '../graph/graph.ts';
import { numbers, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { Preprocessing } from './protocol.ts';

export interface Guess {
  readonly preprocessing: Preprocessing;
  /** One sentence: what in the file speaks for it. */
  readonly grounds: string;
}

/** What a clue says about values; layout and size are read from the input itself. */
interface Clue {
  readonly scale: 1 | 255;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly resize?: LearnerInput['resize'];
  readonly grounds: string;
}

const IMAGENET_MEAN = [0.485, 0.456, 0.406];
const IMAGENET_STD = [0.229, 0.224, 0.225];

/** Evaluation on ImageNet resizes the short side to 256 for a crop of 224; other sizes keep that ratio. */
const RESIZE_RATIO = 256 / 224;
/** Below this side (CIFAR, MNIST, Tiny ImageNet) networks see the whole image. */
const SMALLEST_CROPPED_SIDE = 96;

/** Nodes an image may pass before its values are changed. */
const TRANSPARENT = new Set(['Identity', 'Cast', 'Transpose', 'Reshape', 'Squeeze', 'Unsqueeze', 'Pad', 'Gather', 'Dropout']);

export function guessPreprocessing(classifier: Classifier): Guess {
  const { graph, layout, height, width, channels } = classifier;
  const reader = firstReader(graph, classifier.image);
  const clue =
    fromLearner(classifier) ??
    fromMetadata(graph.metadata, channels) ??
    (reader === undefined ? null : (fromNormalisingNode(graph, reader) ?? fromQuantiser(graph, reader))) ??
    fromFirstConvolution(graph) ??
    fromConvention(classifier);
  const short = Math.min(height, width);
  return {
    preprocessing: {
      layout,
      height,
      width,
      channels: channels === 1 ? 'gray' : 'RGB',
      scale: clue.scale,
      mean: perChannel(clue.mean, channels),
      std: perChannel(clue.std, channels),
      resizeShort: clue.resize?.short ?? (short < SMALLEST_CROPPED_SIDE ? short : Math.round(short * RESIZE_RATIO)),
      interpolation: clue.resize?.interpolation ?? 'bilinear',
    },
    grounds: clue.grounds,
  };
}

function perChannel(values: readonly number[], channels: number): number[] {
  if (values.length === channels) return [...values];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return new Array<number>(channels).fill(mean);
}

/** The first node that changes the image's values. */
function firstReader(graph: StaticGraph, image: string): Node | undefined {
  let name = image;
  for (;;) {
    const current = name;
    const readers = graph.nodes.filter((node) => node.inputs.includes(current));
    const [reader] = readers;
    if (reader === undefined || readers.length > 1 || !TRANSPARENT.has(reader.op)) return reader;
    name = reader.outputs[0] ?? '';
  }
}

/** A network Heliograph saved from an adapted few-shot learner says all there is to know. */
function fromLearner({ graph, height, width, channels }: Classifier): Clue | null {
  const input = parseLearnerInput(graph.metadata.get('input') ?? '');
  if (input === null || input.channels !== channels || input.height !== height || input.width !== width) return null;
  const { mean, std, ink, resize } = input;
  const dark = ink === 'dark'; // ((1 − value) − mean)/std is (value − (1 − mean))/(−std)
  return {
    scale: 1,
    mean: dark ? mean.map((value) => 1 - value) : mean,
    std: dark ? std.map((value) => -value) : std,
    resize,
    grounds: `The file states it: Heliograph saved it from an adapted few-shot learner.${dark ? ' Dark is ink, so the deviation is negative.' : ''}`,
  };
}

/** Keys under which exporters note the normalisation, as they stand in preprocessor configurations. */
const MEAN_KEYS = ['mean', 'image_mean', 'input_mean', 'normalize_mean'];
const STD_KEYS = ['std', 'image_std', 'input_std', 'normalize_std'];

function fromMetadata(metadata: ReadonlyMap<string, string>, channels: number): Clue | null {
  const mean = MEAN_KEYS.map((key) => listIn(metadata.get(key))).find((list) => list !== null);
  const std = STD_KEYS.map((key) => listIn(metadata.get(key))).find((list) => list !== null);
  if (mean === undefined || std === undefined || mean === null || std === null) return null;
  if (![1, channels].includes(mean.length) || ![1, channels].includes(std.length) || std.some((value) => value <= 0)) return null;
  const scale = Math.max(...mean, ...std) > 2 ? 255 : 1;
  return { scale, mean, std, grounds: 'The file’s metadata states mean and standard deviation.' };
}

function listIn(text: string | undefined): readonly number[] | null {
  const parts = (text ?? '').match(/-?\d+(\.\d+)?(e-?\d+)?/gi);
  return parts === null ? null : parts.map(Number);
}

/** Subtraction, division and the like by constants right after the input: the model normalises by itself. */
function fromNormalisingNode(graph: StaticGraph, node: Node): Clue | null {
  const constant = [inputAt(node, 0), inputAt(node, 1)]
    .map((name) => graph.initializers.get(name))
    .find((tensor) => tensor !== undefined);
  let wide: boolean;
  switch (node.op) {
    case 'Sub':
    case 'Add':
    case 'Div':
      // 127.5 or 255 belong to inputs of 0…255; 0.5, 0.485 or 0.229 to inputs of 0…1.
      if (!isPerChannel(constant)) return null;
      wide = largest(constant) > 2;
      break;
    case 'Mul':
      // 1/255 or 1/127.5.
      if (!isPerChannel(constant)) return null;
      wide = largest(constant) < 0.05;
      break;
    case 'BatchNormalization': {
      const mean = graph.initializers.get(inputAt(node, 3));
      wide = isPerChannel(mean) && largest(mean) > 5;
      break;
    }
    default:
      return null;
  }
  const range = wide ? '0…255' : '0…1';
  return {
    scale: wide ? 255 : 1,
    mean: [0],
    std: [1],
    grounds: `The graph starts with ${node.op}, whose constants suit pixels of ${range}: it normalises by itself.`,
  };
}

/** At most a value per channel: larger constants are weights, not a normalisation. */
function isPerChannel(tensor: Tensor | undefined): tensor is Tensor {
  return tensor !== undefined && tensor.type !== 'string' && sizeOf(tensor.dims) <= 4;
}

function largest(tensor: Tensor): number {
  return Math.max(...numbers(tensor).map(Math.abs));
}

/** A quantised input tells the range of values it was calibrated on. */
function fromQuantiser(graph: StaticGraph, node: Node): Clue | null {
  if (node.op !== 'QuantizeLinear') return null;
  const step = graph.initializers.get(inputAt(node, 1));
  if (step === undefined || sizeOf(step.dims) !== 1) return null;
  const zeroTensor = graph.initializers.get(inputAt(node, 2));
  const zero = zeroTensor === undefined ? 0 : (numbers(zeroTensor)[0] ?? 0);
  const signed = zeroTensor?.type === 'int8';
  const size = numbers(step)[0] ?? 1;
  const low = ((signed ? -128 : 0) - zero) * size;
  const high = ((signed ? 127 : 255) - zero) * size;
  const grounds = `The input is quantised over ${low.toFixed(2)}…${high.toFixed(2)}.`;
  if (high > 50) return { scale: 255, mean: low < -50 ? [(high + low) / -2] : [0], std: [1], grounds };
  if (low > -0.1) return { scale: 1, mean: [0], std: [1], grounds };
  if (high < 1.3) return { scale: 1, mean: [0.5], std: [0.5], grounds };
  return { scale: 1, mean: IMAGENET_MEAN, std: IMAGENET_STD, grounds };
}

/** A filter's norm far below one keeps inputs of 0…255 at ordinary activations; normalised inputs have norms around one. */
const SMALL_FILTER_NORM = 0.03;

function fromFirstConvolution(graph: StaticGraph): Clue | null {
  const conv = graph.nodes.find((node) => node.op === 'Conv');
  const weights = conv && graph.initializers.get(inputAt(conv, 1));
  if (weights === undefined || weights.type !== 'float32') return null;
  let sum = 0;
  for (const weight of weights.data) sum += weight * weight;
  const norm = Math.sqrt(sum / (weights.dims[0] ?? 1));
  if (!(norm < SMALL_FILTER_NORM)) return null;
  return {
    scale: 255,
    mean: [0],
    std: [1],
    grounds: `Nothing in the file says how pixels are scaled; the first convolution’s small weights (filter norm ${norm.toPrecision(2)}) suit 0…255.`,
  };
}

function fromConvention({ layout, channels, height }: Classifier): Clue {
  const unsure = 'Nothing in the file says how pixels are scaled;';
  if (channels === 1) {
    return { scale: 1, mean: [0], std: [1], grounds: `${unsure} one-channel networks usually take 0…1.` };
  }
  if (layout === 'NHWC') {
    return { scale: 1, mean: [0.5], std: [0.5], grounds: `${unsure} networks with channels last usually take −1…1.` };
  }
  const what =
    height < SMALLEST_CROPPED_SIDE
      ? 'ImageNet’s mean and deviation are a fair start'
      : 'most ImageNet networks take its mean and deviation';
  return { scale: 1, mean: IMAGENET_MEAN, std: IMAGENET_STD, grounds: `${unsure} ${what}.` };
}
