import { HeliographError } from './errors.ts';
import {
  type Attributes,
  describeNode,
  floatAttribute,
  inputAt,
  int,
  intAttribute,
  ints,
  intsAttribute,
  type Node,
  requiredInput,
  requiredOutput,
  stringAttribute,
  text,
  type ValueType,
} from './graph.ts';
import { kernelShape, transposedGeometry, type WindowGeometry, windowGeometry } from './infer/window.ts';
import { float32, int64s, type Shape, scalar, sizeOf, type Tensor } from './tensor.ts';

/** Where an upgraded node goes: it may ask for types and add constants. */
export interface UpgradeSite {
  /** Opset of the file. */
  readonly opset: number;
  type(name: string): ValueType;
  /** Adds a constant and gives its name. */
  add(tensor: Tensor, hint: string): string;
  fresh(hint: string): string;
}

type Upgrade = (node: Node, site: UpgradeSite) => readonly Node[];

/** An operator's upgrade and the opset that has the new form; files from that opset on are left alone. */
interface Step {
  readonly until: number;
  readonly upgrade: Upgrade;
}

/**
 * The node in the form of opset 18, as one or more nodes; the node itself where nothing changed. `auto_pad` is written
 * out as pads, whatever the opset.
 * @throws HeliographError `unsupported-opset` naming a node whose old form has no newer equivalent
 */
export function upgradeNode(node: Node, site: UpgradeSite): readonly Node[] {
  if (node.domain !== '') return [node];
  const step = STEPS[node.op];
  const nodes = step !== undefined && site.opset < step.until ? step.upgrade(node, site) : [node];
  return nodes.map((one) => explicitPads(one, site));
}

/** Attributes less some, plus others. */
function changed(node: Node, drop: readonly string[], put: Attributes = {}): Attributes {
  return { ...Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !drop.includes(name))), ...put };
}

function outdated(node: Node, why: string): HeliographError {
  return new HeliographError(
    'unsupported-opset',
    `${describeNode(node)} is of an old form: ${why}.`,
    'Export the model with opset 13 or newer.',
  );
}

/** A list attribute becomes the input at `index`. */
function listToInput(attribute: string, index: number, until: number): Step {
  return {
    until,
    upgrade: (node, site) => {
      const values = intsAttribute(node, attribute);
      if (values === undefined) return [node];
      const inputs = Array.from({ length: index }, (_, place) => inputAt(node, place));
      inputs.push(site.add(int64s(values), attribute));
      return [{ ...node, inputs, attributes: changed(node, [attribute]) }];
    },
  };
}

/** Before opset 13 these flattened everything from `axis` on and worked along that. */
const flattening: Upgrade = (node, site) => {
  const input = requiredInput(node, 0);
  const { dims } = site.type(input);
  const axis = intAttribute(node, 'axis', 1);
  const cut = Math.min(axis < 0 ? axis + dims.length : axis, dims.length);
  if (cut < 0) throw outdated(node, `axis ${axis} does not fit shape [${dims}]`);
  const long = [...dims.keys()].filter((index) => index >= cut && dims[index] !== 1);
  if (long.length <= 1 && dims.length > 0) {
    return [{ ...node, attributes: changed(node, [], { axis: int(long[0] ?? dims.length - 1) }) }];
  }
  const output = requiredOutput(node, 0);
  const flat = site.fresh(`${output}_flat`);
  const result = site.fresh(`${output}_rows`);
  const reshape = (from: string, to: string, shape: Shape): Node => ({
    op: 'Reshape',
    domain: '',
    name: to,
    inputs: [from, site.add(int64s(shape), 'shape')],
    outputs: [to],
    attributes: {},
  });
  return [
    reshape(input, flat, [sizeOf(dims.slice(0, cut)), sizeOf(dims.slice(cut))]),
    { ...node, inputs: [flat], outputs: [result], attributes: changed(node, [], { axis: int(-1) }) },
    reshape(result, output, dims),
  ];
};

const slice: Upgrade = (node, site) => {
  const starts = intsAttribute(node, 'starts') ?? [];
  const ends = intsAttribute(node, 'ends') ?? [];
  const axes = intsAttribute(node, 'axes') ?? starts.map((_, index) => index);
  const lists = { starts, ends, axes };
  const inputs = Object.entries(lists).map(([name, values]) => site.add(int64s(values), name));
  return [{ ...node, inputs: [requiredInput(node, 0), ...inputs], attributes: {} }];
};

const pad: Upgrade = (node, site) => {
  const pads = site.add(int64s(intsAttribute(node, 'pads') ?? []), 'pads');
  const value = site.add(scalar(floatAttribute(node, 'value', 0)), 'value');
  return [{ ...node, inputs: [requiredInput(node, 0), pads, value], attributes: changed(node, ['pads', 'value']) }];
};

const clip: Upgrade = (node, site) => {
  const bounds = ['min', 'max'].map((name) => {
    const bound = node.attributes[name];
    return bound?.kind === 'float' ? site.add(scalar(bound.value), name) : '';
  });
  return [{ ...node, inputs: [requiredInput(node, 0), ...bounds], attributes: {} }];
};

const split: Upgrade = (node, site) => {
  const sizes = intsAttribute(node, 'split');
  const input = requiredInput(node, 0);
  if (sizes !== undefined) {
    return [{ ...node, inputs: [input, site.add(int64s(sizes), 'split')], attributes: changed(node, ['split']) }];
  }
  if (inputAt(node, 1) !== '') return [node];
  return [{ ...node, attributes: changed(node, [], { num_outputs: int(node.outputs.length) }) }];
};

const batchNormalization: Upgrade = (node) => {
  if (intAttribute(node, 'spatial', 1) === 0) throw outdated(node, 'it has statistics for every pixel');
  // Before opset 14 further outputs belonged to training.
  return [{ ...node, outputs: node.outputs.slice(0, 1), attributes: changed(node, ['spatial']) }];
};

/** Upsample and the Resize of opset 10 sample at `floor(x / scale)`, without centring pixels. */
const upsample: Upgrade = (node, site) => {
  const attribute = node.attributes.scales;
  const scales =
    attribute?.kind === 'floats'
      ? site.add(float32([attribute.value.length], attribute.value), 'scales')
      : requiredInput(node, 1);
  const mode = stringAttribute(node, 'mode', 'nearest');
  const attributes = {
    mode: text(mode === 'bilinear' ? 'linear' : mode),
    coordinate_transformation_mode: text('asymmetric'),
    nearest_mode: text('floor'),
  };
  return [{ ...node, op: 'Resize', inputs: [requiredInput(node, 0), '', scales], attributes }];
};

const resize: Upgrade = (node, site) => {
  if (site.opset < 11) return upsample(node, site);
  if (stringAttribute(node, 'coordinate_transformation_mode', '') === 'tf_half_pixel_for_nn') {
    throw outdated(node, 'its coordinates are those of tf_half_pixel_for_nn');
  }
  // An empty tensor stood for an omitted input where `sizes` is given, and a roi counts for crops only.
  const crops = stringAttribute(node, 'coordinate_transformation_mode', '') === 'tf_crop_and_resize';
  const [input = '', roi = '', scales = '', sizes = ''] = node.inputs;
  const inputs = sizes !== '' ? [input, crops ? roi : '', '', sizes] : [input, crops ? roi : '', scales];
  return [{ ...node, inputs }];
};

const topK: Upgrade = (node, site) => {
  const count = site.add(int64s([intAttribute(node, 'k', 1)]), 'k');
  return [{ ...node, inputs: [requiredInput(node, 0), count], attributes: changed(node, ['k']) }];
};

const REDUCTIONS = ['Mean', 'Max', 'Min', 'Prod', 'L1', 'L2', 'LogSum', 'LogSumExp', 'SumSquare'];

const STEPS: Readonly<Record<string, Step>> = {
  ...Object.fromEntries(REDUCTIONS.map((kind) => [`Reduce${kind}`, listToInput('axes', 1, 18)])),
  ReduceSum: listToInput('axes', 1, 13),
  Squeeze: listToInput('axes', 1, 13),
  Unsqueeze: listToInput('axes', 1, 13),
  Softmax: { until: 13, upgrade: flattening },
  LogSoftmax: { until: 13, upgrade: flattening },
  Hardmax: { until: 13, upgrade: flattening },
  Slice: { until: 10, upgrade: slice },
  Pad: { until: 11, upgrade: pad },
  Clip: { until: 11, upgrade: clip },
  Split: { until: 18, upgrade: split },
  TopK: { until: 10, upgrade: topK },
  Upsample: { until: Infinity, upgrade: upsample },
  Resize: { until: 18, upgrade: resize },
  Scatter: { until: Infinity, upgrade: (node) => [{ ...node, op: 'ScatterElements' }] },
  // Opset 16 centred the pixels by default.
  RoiAlign: {
    until: 16,
    upgrade: (node) => [
      { ...node, attributes: changed(node, [], { coordinate_transformation_mode: text('output_half_pixel') }) },
    ],
  },
  BatchNormalization: { until: 14, upgrade: batchNormalization },
  Dropout: {
    until: 12,
    upgrade: (node, site) => {
      const ratio = site.add(scalar(floatAttribute(node, 'ratio', 0.5)), 'ratio');
      return [{ ...node, inputs: [requiredInput(node, 0), ratio], attributes: {} }];
    },
  },
};

/** Operators with a window, and at which input their weights stand (none for pools). */
const WINDOWED: Readonly<Record<string, number | undefined>> = { Conv: 1, ConvInteger: 1, ConvTranspose: 1, QLinearConv: 3 };
const POOLS = new Set(['MaxPool', 'AveragePool', 'LpPool']);

/** Writes `auto_pad` and ConvTranspose's `output_shape` out as pads. */
function explicitPads(node: Node, site: UpgradeSite): Node {
  const weightsAt = WINDOWED[node.op];
  if (weightsAt === undefined && !POOLS.has(node.op)) return node;
  const automatic = !['NOTSET', ''].includes(stringAttribute(node, 'auto_pad', 'NOTSET'));
  if (!automatic && node.attributes.output_shape === undefined) return node;
  const input = site.type(requiredInput(node, 0)).dims.slice(2);
  const kernel = kernelShape(node, weightsAt === undefined ? undefined : site.type(requiredInput(node, weightsAt)).dims);
  const transposed = node.op === 'ConvTranspose';
  const geometry = transposed ? transposedGeometry(node, input, kernel) : windowGeometry(node, input, kernel);
  const pads = ints([...geometry.padsBegin, ...geometry.padsEnd]);
  const attributes = changed(node, ['auto_pad', 'output_shape'], { pads });
  if (transposed) return { ...node, attributes: { ...attributes, output_padding: ints(outputPadding(input, geometry)) } };
  return { ...node, attributes };
}

/** What a transposed convolution's output has beyond the windows laid on it. */
function outputPadding(input: Shape, { kernel, strides, dilations, padsBegin, padsEnd, output }: WindowGeometry): number[] {
  const at = (values: readonly number[], axis: number) => values[axis] ?? 0;
  return output.map((size, axis) => {
    const covered = (at(input, axis) - 1) * at(strides, axis) + (at(kernel, axis) - 1) * at(dilations, axis) + 1;
    return size - (covered - at(padsBegin, axis) - at(padsEnd, axis));
  });
}
