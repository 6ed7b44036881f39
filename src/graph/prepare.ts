import { pruneGraph, readsOf } from './builder.ts';
import { HeliographError } from './errors.ts';
import { evaluateNode } from './evaluate.ts';
import { foldBatchNorm } from './fold.ts';
import {
  CANONICAL_OPSET,
  type Dimension,
  describeNode,
  type Graph,
  inputAt,
  intAttribute,
  type Node,
  type StaticGraph,
  type ValueInfo,
  type ValueType,
} from './graph.ts';
import { inferNode, isKnownOperator } from './infer.ts';
import { int64, int64s, numbers, type Shape, sizeOf, type Tensor } from './tensor.ts';
import { upgradeNode } from './upgrade.ts';

/**
 * Makes a graph ready for transforms: node forms of opset 18 or newer, every shape known, constants folded, identities
 * and dropout gone, batch norms in the convolutions before them, and nothing left that no output needs. Names of
 * tensors that are still there are the file's.
 *
 * @param inputShapes shape of each input whose file leaves a size open. An open first dimension alone counts as a batch of 1.
 * @throws HeliographError `dynamic-shape` for an input of open size, `shape-mismatch`, `unsupported-operator`, `unsupported-opset` or
 *   `invalid-model`, naming input or node
 */
export function prepare(graph: Graph, inputShapes: ReadonlyMap<string, Shape>): StaticGraph {
  const symbols = new Map<string, number>();
  const inputs = bindInputs(graph, inputShapes, symbols);
  const pass = new Pass(graph, symbols, inputs);
  const { nodes, initializers, types } = pass.run();
  const outputs = graph.outputs.map(({ name }): ValueInfo => ({ name, ...typeOf(types, name) }));
  const opsets = new Map(graph.opsets).set('', Math.max(CANONICAL_OPSET, graph.opsets.get('') ?? 0));
  return foldBatchNorm(pruneGraph({ ...graph, opsets, inputs, outputs, nodes, initializers, types, values: new Map() }));
}

function typeOf(types: ReadonlyMap<string, ValueType>, name: string): ValueType {
  const type = types.get(name);
  if (type === undefined) throw new HeliographError('invalid-model', `Nothing computes “${name}”.`);
  return type;
}

interface BoundInput extends ValueInfo {
  readonly dims: Shape;
}

/** Fixes the shape of every input and learns what the file's named sizes stand for. */
function bindInputs(graph: Graph, shapes: ReadonlyMap<string, Shape>, symbols: Map<string, number>): BoundInput[] {
  for (const input of graph.inputs) {
    const shape = shapes.get(input.name);
    if (shape === undefined) continue;
    const { dims } = input;
    if (
      dims !== null &&
      (dims.length !== shape.length || dims.some((dim, axis) => typeof dim === 'number' && dim !== shape[axis]))
    ) {
      throw new HeliographError('shape-mismatch', `The input “${input.name}” takes [${describeDims(dims)}], not [${shape}].`);
    }
    dims?.forEach((dim, axis) => {
      if (typeof dim === 'string') symbols.set(dim, shape[axis] ?? 1);
    });
  }
  return graph.inputs.map((input) => {
    const given = shapes.get(input.name);
    const dims =
      given ??
      input.dims?.map((dim, axis) => sizeOfDimension(dim, symbols) ?? (axis === 0 && (input.dims?.length ?? 0) > 1 ? 1 : null));
    const fixed = dims?.filter((dim) => dim !== null);
    if (dims === undefined || fixed === undefined || fixed.length < dims.length) {
      throw new HeliographError(
        'dynamic-shape',
        `The model leaves the size of its input “${input.name}” open: [${describeDims(input.dims)}].`,
        'Give the height and width at which to run it.',
      );
    }
    return { ...input, dims: fixed };
  });
}

function sizeOfDimension(dim: Dimension, symbols: ReadonlyMap<string, number>): number | null {
  return typeof dim === 'string' ? (symbols.get(dim) ?? null) : dim;
}

function describeDims(dims: readonly Dimension[] | null): string {
  return dims === null ? 'any shape' : dims.map((dim) => dim ?? '?').join(', ');
}

/** What an outer graph shows to the body of a loop in it. */
interface Surroundings {
  /** Names taken, shared by a graph and the bodies in it. */
  readonly used: Set<string>;
  constant(name: string): Tensor | undefined;
  type(name: string): ValueType | undefined;
}

const noSurroundings = (): Surroundings => ({ used: new Set(), constant: () => undefined, type: () => undefined });

/** One walk over the nodes in topological order: each is upgraded, typed, and folded or kept. */
class Pass {
  readonly #nodes: Node[] = [];
  readonly #constants: Map<string, Tensor>;
  readonly #types = new Map<string, ValueType>();
  /** What removed nodes' outputs are now called. */
  readonly #aliases = new Map<string, string>();
  /** Names that must go on existing as they are: graph outputs, and what loop bodies read from outside. */
  readonly #fixed: ReadonlySet<string>;
  readonly #used: Set<string>;
  readonly #read: ReadonlySet<string>;
  readonly #outputs: ReadonlyMap<string, ValueInfo>;
  #counter = 0;

  constructor(
    readonly graph: Graph,
    readonly symbols: ReadonlyMap<string, number>,
    inputs: readonly BoundInput[],
    readonly outer: Surroundings = noSurroundings(),
  ) {
    this.#constants = new Map(graph.initializers);
    for (const [name, { type, dims }] of graph.initializers) this.#types.set(name, { type, dims });
    for (const { name, type, dims } of inputs) this.#types.set(name, { type, dims });
    this.#outputs = new Map(graph.outputs.map((output) => [output.name, output]));
    const captured = graph.nodes.flatMap((node) => (hasSubgraph(node) ? readsOf(node) : []));
    this.#fixed = new Set([...this.#outputs.keys(), ...captured]);
    this.#read = new Set([...this.#outputs.keys(), ...graph.nodes.flatMap(readsOf)]);
    this.#used = outer.used;
    for (const name of [...this.#types.keys(), ...this.#read, ...graph.nodes.flatMap(({ outputs }) => outputs)])
      this.#used.add(name);
  }

  run(): { nodes: Node[]; initializers: Map<string, Tensor>; types: Map<string, ValueType> } {
    const site = {
      opset: this.graph.opsets.get('') ?? 0,
      type: (name: string) => this.#type(name),
      add: (tensor: Tensor, hint: string) => this.#add(tensor, this.#fresh(hint)),
      fresh: (hint: string) => this.#fresh(hint),
    };
    for (const node of this.graph.nodes) {
      const renamed = { ...node, inputs: node.inputs.map((name) => this.#aliases.get(name) ?? name) };
      for (const upgraded of upgradeNode(renamed, site)) this.#visit(upgraded);
    }
    return { nodes: this.#nodes, initializers: this.#constants, types: this.#types };
  }

  #visit(given: Node): void {
    const node = this.#withBodies(given);
    const [output = ''] = node.outputs;
    if (node.op === 'BatchNormalization' && intAttribute(node, 'training_mode', 0) !== 0) throw inTraining(node);
    const source = this.#passedThrough(node);
    if (source !== undefined && !this.#fixed.has(output)) {
      this.#aliases.set(output, source);
      return;
    }
    const types = this.#infer(node);
    node.outputs.forEach((name, index) => {
      const type = types[index];
      if (name !== '' && type !== undefined) this.#types.set(name, type);
    });
    const values = node.outputs.some((name) => this.#outputs.has(name)) ? undefined : this.#values(node, types);
    if (values === undefined) {
      this.#nodes.push(
        source === undefined
          ? node
          : { ...node, op: 'Identity', domain: '', inputs: [source], outputs: [output], attributes: {} },
      );
      return;
    }
    node.outputs.forEach((name, index) => {
      const value = values[index];
      if (name !== '' && value !== undefined) this.#add(value, name);
    });
  }

  /**
   * The input a node hands on unchanged: Identity, Dropout at inference, Cast to the type it has already.
   * @throws HeliographError `unsupported-operator` for dropout in training mode
   */
  #passedThrough(node: Node): string | undefined {
    const source = inputAt(node, 0);
    if (node.domain !== '' || source === '') return undefined;
    if (node.op === 'Identity') return source;
    if (node.op === 'Dropout') {
      const training = this.#constant(inputAt(node, 2));
      if (training !== undefined && numbers(training)[0] !== 0) throw inTraining(node);
      return this.#read.has(node.outputs[1] ?? '') ? undefined : source;
    }
    if (node.op !== 'Cast') return undefined;
    return this.#infer(node)[0]?.type === this.#type(source).type ? source : undefined;
  }

  /** What a node computes where that is known now. */
  #values(node: Node, types: readonly (ValueType | undefined)[]): readonly Tensor[] | undefined {
    if (node.domain !== '') return undefined;
    if (node.op === 'Size') return [int64(sizeOf(this.#type(inputAt(node, 0)).dims))];
    if (node.op === 'Shape') {
      const { dims } = this.#type(inputAt(node, 0));
      const start = intAttribute(node, 'start', 0);
      const end = intAttribute(node, 'end', dims.length);
      return [int64s(dims.slice(start, end))];
    }
    const inputs = node.inputs.map((name) => (name === '' ? undefined : this.#constant(name)));
    if (inputs.some((input, index) => input === undefined && node.inputs[index] !== '')) return undefined;
    return evaluateNode(node, inputs, types);
  }

  #infer(node: Node): readonly (ValueType | undefined)[] {
    if (!isKnownOperator(node)) {
      const stated = this.#stated(node);
      if (stated !== undefined) return stated;
    }
    return inferNode(
      node,
      node.inputs.map((name) => (name === '' ? undefined : this.#type(name))),
      (name) => this.#constant(name),
      this.graph.opsets,
      (name) => this.#types.get(name) ?? this.outer.type(name),
    );
  }

  /** Output types of an operator we do not know, if the file states them: such a model can still be run, if not differentiated. */
  #stated(node: Node): readonly (ValueType | undefined)[] | undefined {
    const types = node.outputs.map((name) => {
      const info = this.graph.values.get(name) ?? this.#outputs.get(name);
      const dims = info?.dims?.map((dim) => sizeOfDimension(dim, this.symbols)).filter((dim) => dim !== null);
      return info === undefined || dims === undefined || dims.length !== info.dims?.length
        ? undefined
        : { type: info.type, dims };
    });
    return types.every((type, index) => type !== undefined || node.outputs[index] === '') ? types : undefined;
  }

  /** A Loop with its body brought to the canonical form, too. */
  #withBodies(node: Node): Node {
    const body = node.attributes.body;
    if (node.op !== 'Loop' || node.domain !== '' || body?.kind !== 'graph') return node;
    const carried = node.inputs.slice(2).map((name) => this.#type(name));
    const known: ValueType[] = [{ type: 'int64', dims: [] }, { type: 'bool', dims: [] }, ...carried];
    const inputs = body.value.inputs.map((input, index): BoundInput => ({ ...input, ...(known[index] ?? { dims: [] }) }));
    const pass = new Pass(body.value, this.symbols, inputs, {
      used: this.#used,
      constant: (name) => this.#constant(name),
      type: (name) => this.#types.get(name) ?? this.outer.type(name),
    });
    const { nodes, initializers, types } = pass.run();
    const outputs = body.value.outputs.map((output) => ({ ...output, ...types.get(output.name) }));
    const value: Graph = { ...body.value, inputs, outputs, nodes, initializers, values: new Map() };
    return { ...node, attributes: { ...node.attributes, body: { kind: 'graph', value } } };
  }

  #type(name: string): ValueType {
    return this.#types.get(name) ?? this.outer.type(name) ?? typeOf(this.#types, name);
  }

  #constant(name: string): Tensor | undefined {
    return this.#constants.get(name) ?? (this.#types.has(name) ? undefined : this.outer.constant(name));
  }

  #add(tensor: Tensor, name: string): string {
    this.#constants.set(name, tensor);
    this.#types.set(name, { type: tensor.type, dims: tensor.dims });
    return name;
  }

  #fresh(hint: string): string {
    let name = hint;
    while (this.#used.has(name)) {
      this.#counter += 1;
      name = `${hint}_${this.#counter}`;
    }
    this.#used.add(name);
    return name;
  }
}

const hasSubgraph = (node: Node): boolean => Object.values(node.attributes).some(({ kind }) => kind === 'graph');

function inTraining(node: Node): HeliographError {
  return new HeliographError(
    'unsupported-operator',
    `${describeNode(node)} is in training mode.`,
    'Export the model for inference: model.eval() before torch.onnx.export.',
  );
}
