import { intAttribute, intsAttribute, type Node, type StaticGraph, stringAttribute } from '../graph/graph.ts';
import { parseEinsum } from '../graph/infer/linear.ts';
import { numbers, type Shape, sizeOf } from '../graph/tensor.ts';
import { notCovered, type Roles } from './positions.ts';

/**
 * How relevance goes back through a node (SRD, methods §1). The affine map between two activations is taken apart into:
 *
 * - `pass`  every output position has one contributing PFV, the one at the same position (activations, 1×1 convolutions,
 *           linear layers along channels, batch and layer norm), so its share is 1 and the scalar passes
 * - `route` exactly linear and without bias (sums, concatenation, reshapes, fixed gains): the vector cotangent passes
 * - `mix`   positions mix linearly without bias (average pools, attention with fixed weights, resize)
 * - `conv`  positions mix and a bias is shared in proportion to the contributions' norms
 * - `pool`  max-pool with the forward pass's switches
 */
export type Sharing =
  | { readonly kind: 'pass'; readonly input: number }
  | { readonly kind: 'route'; readonly inputs: readonly number[] }
  | { readonly kind: 'mix'; readonly input: number }
  | { readonly kind: 'conv' }
  | { readonly kind: 'pool' };

/** Pointwise functions of one argument, which leave relevance as it is. */
const POINTWISE = new Set([
  'Relu',
  'LeakyRelu',
  'PRelu',
  'Clip',
  'Sigmoid',
  'HardSigmoid',
  'HardSwish',
  'Tanh',
  'Elu',
  'Selu',
  'Celu',
  'Gelu',
  'Erf',
  'Softplus',
  'Softsign',
  'Mish',
  'Swish',
  'ThresholdedRelu',
  'Pow',
  'Sqrt',
  'Exp',
  'Log',
  'Abs',
  'Neg',
  'Reciprocal',
  'Min',
  'Max',
  'Identity',
  'Dropout',
  'Cast',
  'QuantizeLinear',
  'DequantizeLinear',
]);

/** Affine along the channels of each position by itself, statistics held fixed. */
const NORMALISATION = new Set(['BatchNormalization', 'LayerNormalization', 'InstanceNormalization', 'GroupNormalization']);

const ROUTING = new Set([
  'Concat',
  'Split',
  'Slice',
  'Gather',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'Pad',
  'Expand',
  'DepthToSpace',
  'SpaceToDepth',
]);

const MIXING = new Set(['AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'Resize', 'ReduceMax']);

/** Functions with a bounded range: a factor behind one of them is a gate. */
const BOUNDED = new Set(['Sigmoid', 'HardSigmoid', 'Softmax', 'Tanh', 'Erf']);

/** A graph's nodes by the value they make. */
export function producers(graph: StaticGraph): ReadonlyMap<string, Node> {
  const map = new Map<string, Node>();
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') map.set(name, node);
  return map;
}

/** Whether a convolution reads one position for each position it writes. */
export function isPositionwise(node: Node, weight: Shape): boolean {
  return (
    node.op === 'Conv' &&
    weight.slice(2).every((extent) => extent === 1) &&
    (intsAttribute(node, 'strides') ?? []).every((stride) => stride === 1) &&
    (intsAttribute(node, 'pads') ?? []).every((pad) => pad === 0)
  );
}

export class SignalPaths {
  readonly #made: ReadonlyMap<string, Node>;

  constructor(
    private readonly graph: StaticGraph,
    private readonly roles: Roles,
  ) {
    this.#made = producers(graph);
  }

  producer(value: string): Node | undefined {
    return this.#made.get(value);
  }

  /** @throws HeliographError `method-not-applicable` naming operator and node */
  sharing(node: Node): Sharing {
    const carriers = node.inputs.flatMap((name, index) => (name !== '' && this.roles.has(name) ? [index] : []));
    const [first = 0] = carriers;
    if (node.domain !== '') throw notCovered(node, 'it is not a standard ONNX operator');
    if (node.op === 'Conv') {
      const weight = this.#dims(node.inputs[1] ?? '');
      const pooled = this.#made.get(node.inputs[0] ?? '')?.op === 'MaxPool';
      return isPositionwise(node, weight) && !pooled ? { kind: 'pass', input: 0 } : { kind: 'conv' };
    }
    if (node.op === 'MaxPool') return { kind: 'pool' };
    if (NORMALISATION.has(node.op)) return { kind: 'pass', input: 0 };
    if (POINTWISE.has(node.op) && carriers.length === 1) return { kind: 'pass', input: first };
    if (ROUTING.has(node.op)) return { kind: 'route', inputs: carriers };
    if (MIXING.has(node.op)) return { kind: 'mix', input: 0 };
    switch (node.op) {
      case 'Add':
      case 'Sub':
        return carriers.length === 1 ? this.#passOrRoute(node, first) : { kind: 'route', inputs: carriers };
      case 'Mul':
      case 'Div': {
        if (carriers.length === 1) return this.#passOrRoute(node, first);
        const signal = node.op === 'Div' ? 0 : this.#signalOfProduct(node);
        return this.#isSelfGate(node, signal) ? { kind: 'pass', input: signal } : { kind: 'route', inputs: [signal] };
      }
      case 'Gemm':
        return { kind: 'pass', input: 0 };
      case 'MatMul':
        return this.#matmul(node, carriers);
      case 'Einsum':
        return this.#einsum(node, carriers);
      case 'ReduceMean':
      case 'ReduceSum':
        return this.#reducesChannels(node) ? { kind: 'route', inputs: [0] } : { kind: 'mix', input: 0 };
      case 'ConvTranspose': {
        const bias = node.inputs[2] ?? '';
        if (bias !== '') throw notCovered(node, 'a transposed convolution with a bias has no published sharing rule');
        return { kind: 'mix', input: 0 };
      }
      default:
        throw notCovered(node, `no sharing rule is known for ${node.op}`);
    }
  }

  #dims(value: string): Shape {
    return this.graph.types.get(value)?.dims ?? [];
  }

  #passOrRoute(node: Node, input: number): Sharing {
    const from = this.#dims(node.inputs[input] ?? '');
    const to = this.#dims(node.outputs[0] ?? '');
    const same = from.length === to.length && from.every((dim, axis) => dim === to[axis]);
    return same ? { kind: 'pass', input } : { kind: 'route', inputs: [input] };
  }

  /** Which factor of a product is the signal; the other one is a gate, held fixed. */
  #signalOfProduct(node: Node): number {
    const [a = '', b = ''] = node.inputs;
    const [aBounded, bBounded] = [this.#isGate(a), this.#isGate(b)];
    if (aBounded !== bBounded) return aBounded ? 1 : 0;
    return sizeOf(this.#dims(a)) < sizeOf(this.#dims(b)) ? 1 : 0;
  }

  /** Whether a value comes from a bounded function through nothing but constants and pointwise or routing steps. */
  #isGate(value: string): boolean {
    const node = this.#made.get(value);
    if (node === undefined) return false;
    if (BOUNDED.has(node.op)) return true;
    if (node.op === 'Clip' && (node.inputs[1] ?? '') !== '' && (node.inputs[2] ?? '') !== '') return true;
    const carriers = node.inputs.filter((name) => this.roles.has(name));
    const [carrier] = carriers;
    const through = ['Add', 'Sub', 'Mul', 'Div', 'Identity', 'Cast', 'Dropout'].includes(node.op) || ROUTING.has(node.op);
    return through && carriers.length === 1 && carrier !== undefined && this.#isGate(carrier);
  }

  /** Whether the gate is a pointwise function of the signal itself: SiLU, hard swish, GELU written out. */
  #isSelfGate(node: Node, signal: number): boolean {
    if (node.op !== 'Mul') return false;
    const source = node.inputs[signal] ?? '';
    let value = node.inputs[1 - signal] ?? '';
    while (value !== source) {
      const made = this.#made.get(value);
      const carriers = made?.inputs.filter((name) => this.roles.has(name)) ?? [];
      const [carrier] = carriers;
      const pointwise = made !== undefined && (POINTWISE.has(made.op) || ['Add', 'Sub', 'Mul', 'Div'].includes(made.op));
      if (!pointwise || carriers.length !== 1 || carrier === undefined) return false;
      value = carrier;
    }
    return true;
  }

  #matmul(node: Node, carriers: readonly number[]): Sharing {
    const [left = '', right = ''] = node.inputs;
    const role = (value: string, axisFromEnd: number) => this.roles.get(value)?.at(-axisFromEnd);
    // Contracted axes: the last of the left operand, the last but one of the right.
    const contracted = (input: number) => (input === 0 ? role(left, 1) : role(right, 2));
    const input = carriers.length === 1 ? (carriers[0] ?? 0) : this.#signalOfMatrices(node);
    if (contracted(input) === 'position') return { kind: 'mix', input };
    return carriers.length === 1 ? { kind: 'pass', input } : { kind: 'route', inputs: [input] };
  }

  /** As of a matrix product, but axes may change places on the way: where relevance would pass, the same comes out of mixing. */
  #einsum(node: Node, carriers: readonly number[]): Sharing {
    if (node.inputs.length > 2) throw notCovered(node, 'it multiplies more than two values');
    const { operands, result } = parseEinsum(stringAttribute(node, 'equation', ''));
    const input = carriers.length === 1 ? (carriers[0] ?? 0) : this.#signalOfMatrices(node);
    const roles = this.roles.get(node.inputs[input] ?? '');
    const mixes = [...(operands[input] ?? '')].some((label, axis) => roles?.[axis] === 'position' && !result.includes(label));
    return mixes || carriers.length === 1 ? { kind: 'mix', input } : { kind: 'route', inputs: [input] };
  }

  /** In attention, softmax(QKᵀ)·V, the weights are fixed gains and V is the signal. */
  #signalOfMatrices(node: Node): number {
    const [left = '', right = ''] = node.inputs;
    if (this.#isGate(left)) return 1;
    if (this.#isGate(right)) return 0;
    throw notCovered(node, 'it multiplies two signals and neither is an attention weight');
  }

  #reducesChannels(node: Node): boolean {
    const from = this.#dims(node.inputs[0] ?? '');
    const roles = this.roles.get(node.inputs[0] ?? '') ?? [];
    const constant = this.graph.initializers.get(node.inputs[1] ?? '');
    const axes = constant === undefined ? from.map((_, axis) => axis) : numbers(constant);
    if (constant === undefined && intAttribute(node, 'noop_with_empty_axes', 0) === 1) return true;
    return axes.every((axis) => roles[(axis + from.length) % from.length] === 'channel');
  }
}
