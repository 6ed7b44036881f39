import { HeliographError } from './errors.ts';
import {
  type Attributes,
  CANONICAL_OPSET,
  type Node,
  type StaticGraph,
  subgraph,
  type ValueInfo,
  type ValueType,
} from './graph.ts';
import { inferNode } from './infer.ts';
import { type ElementType, float32, int64s, type Shape, scalar, type Tensor } from './tensor.ts';

/**
 * Grows a static graph by nodes. Every emitted node is shape-inferred at once, so a mistake in a transform fails where
 * it is made, and whoever emits can ask for the shape of anything.
 */
export class GraphBuilder {
  readonly #nodes: Node[];
  readonly #initializers: Map<string, Tensor>;
  readonly #types: Map<string, ValueType>;
  readonly #inputs: ValueInfo[];
  readonly #used: Set<string>;
  readonly #scalars = new Map<string, string>();
  readonly #base: StaticGraph;
  #counter = 0;

  constructor(base: StaticGraph) {
    this.#base = base;
    this.#nodes = [...base.nodes];
    this.#initializers = new Map(base.initializers);
    this.#types = new Map(base.types);
    this.#inputs = [...base.inputs];
    this.#used = new Set([...base.types.keys(), ...base.outputs.map((output) => output.name)]);
  }

  /** The nodes so far, the base graph's first. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** Type and shape of any value of the graph. */
  type(name: string): ValueType {
    const type = this.#types.get(name);
    if (type === undefined) {
      throw new HeliographError('unknown-tensor', `The graph has no tensor “${name}”.`, 'Run `inspect` to list them.');
    }
    return type;
  }

  shape(name: string): Shape {
    return this.type(name).dims;
  }

  /** The tensor behind a name if it is a constant of the graph. */
  constant(name: string): Tensor | undefined {
    return this.#initializers.get(name);
  }

  /** A name nothing in the graph uses yet, `hint` itself where it is free. */
  fresh(hint: string): string {
    let name = hint;
    while (this.#used.has(name)) {
      this.#counter += 1;
      name = `${hint}_${this.#counter}`;
    }
    this.#used.add(name);
    return name;
  }

  /** Adds a graph input of fixed shape. */
  input(hint: string, type: ElementType, dims: Shape): string {
    const name = this.fresh(hint);
    this.#inputs.push({ name, type, dims });
    this.#types.set(name, { type, dims });
    return name;
  }

  /** Adds a constant. */
  add(tensor: Tensor, hint = 'constant'): string {
    const name = this.fresh(hint);
    this.#initializers.set(name, tensor);
    this.#types.set(name, { type: tensor.type, dims: tensor.dims });
    return name;
  }

  /** A shared float32 scalar constant. */
  scalar(value: number): string {
    return this.#shared(`f${Object.is(value, -0) ? '-0' : value}`, () => scalar(value));
  }

  /** A shared one-dimensional int64 constant (axes, shapes, slices). */
  ints(values: readonly number[]): string {
    return this.#shared(`i${values.join(',')}`, () => int64s(values));
  }

  /** A constant float32 tensor of one value everywhere. */
  filled(dims: Shape, value: number): string {
    let size = 1;
    for (const dim of dims) size *= dim;
    return this.add(float32(dims, new Float32Array(size).fill(value)));
  }

  #shared(key: string, make: () => Tensor): string {
    const known = this.#scalars.get(key);
    if (known !== undefined) return known;
    const name = this.add(make());
    this.#scalars.set(key, name);
    return name;
  }

  /** Emits a node with one output and returns that output's name. `hint` names output and node. */
  emit(op: string, inputs: readonly string[], attributes: Attributes = {}, hint = op.toLowerCase()): string {
    const [output] = this.emitMany(op, inputs, attributes, [hint]);
    if (output === undefined) throw new RangeError('unreachable: one output was asked for');
    return output;
  }

  /** Emits a node with one output per hint and returns their names. */
  emitMany(op: string, inputs: readonly string[], attributes: Attributes, hints: readonly string[]): string[] {
    const outputs = hints.map((hint) => this.fresh(hint));
    this.append({ op, domain: '', name: outputs[0] ?? op, inputs, outputs, attributes });
    return outputs;
  }

  /** Appends a node whose output names the caller has chosen (from `fresh`). */
  append(node: Node): void {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : this.type(name)));
    const types = inferNode(
      node,
      inputs,
      (name) => this.#initializers.get(name),
      this.#base.opsets,
      (name) => this.#types.get(name),
    );
    node.outputs.forEach((name, index) => {
      const type = types[index];
      if (name === '') return;
      if (type === undefined) throw new HeliographError('invalid-model', `No shape is known for output ${index} of ${node.op}.`);
      this.#used.add(name);
      this.#types.set(name, type);
    });
    this.#nodes.push(node);
  }

  /**
   * Appends a forward node again, unchanged but for its inputs. Its outputs keep the types the base graph gives them, so this
   * works for operators whose shapes nobody here can infer.
   */
  replay(node: Node, renamed: ReadonlyMap<string, string>): void {
    this.#nodes.push(renameReads(node, (name) => renamed.get(name) ?? name));
  }

  /** Appends a node whose output types the caller knows, for subgraphs with operators whose shapes nobody here can infer. */
  appendTyped(node: Node, types: readonly ValueType[]): void {
    node.outputs.forEach((name, index) => {
      const type = types[index];
      if (type === undefined) throw new RangeError(`Output ${index} of ${node.op} comes without a type.`);
      this.#used.add(name);
      this.#types.set(name, type);
    });
    this.#nodes.push(node);
  }

  // Short forms of the operators every transform writes.

  addValues = (a: string, b: string): string => this.emit('Add', [a, b]);
  subtract = (a: string, b: string): string => this.emit('Sub', [a, b]);
  multiply = (a: string, b: string): string => this.emit('Mul', [a, b]);
  divide = (a: string, b: string): string => this.emit('Div', [a, b]);

  /** Reshape to a static shape; nothing is emitted where it is the value's shape already. */
  reshape(name: string, dims: Shape): string {
    const from = this.shape(name);
    if (from.length === dims.length && from.every((dim, axis) => dim === dims[axis])) return name;
    return this.emit('Reshape', [name, this.ints(dims)]);
  }

  /** Sum over axes. `keep` keeps them as size 1. */
  reduceSum(name: string, axes: readonly number[], keep: boolean): string {
    return this.emit('ReduceSum', [name, this.ints(axes)], { keepdims: { kind: 'int', value: keep ? 1 : 0 } });
  }

  /** Transposition; nothing is emitted for the identity permutation. */
  transpose(name: string, permutation: readonly number[]): string {
    if (permutation.every((axis, index) => axis === index)) return name;
    return this.emit('Transpose', [name], { perm: { kind: 'ints', value: permutation } });
  }

  /** The finished graph with these outputs; what none of them needs is dropped. `rename` gives outputs public names. */
  finish(outputs: readonly { value: string; name: string }[], metadata?: ReadonlyMap<string, string>): StaticGraph {
    const infos: ValueInfo[] = [];
    for (const { value, name } of outputs) {
      const type = this.type(value);
      if (value !== name) this.append({ op: 'Identity', domain: '', name, inputs: [value], outputs: [name], attributes: {} });
      infos.push({ name, type: type.type, dims: type.dims });
    }
    return pruneGraph({
      ...this.#base,
      nodes: this.#nodes,
      initializers: this.#initializers,
      types: this.#types,
      inputs: this.#inputs,
      outputs: infos,
      metadata: metadata ?? this.#base.metadata,
    });
  }
}

/** A graph of one opset with nothing in it, to build on. */
export function emptyGraph(name: string, opset: number = CANONICAL_OPSET): StaticGraph {
  return {
    name,
    opsets: new Map([['', opset]]),
    inputs: [],
    outputs: [],
    nodes: [],
    initializers: new Map(),
    values: new Map(),
    metadata: new Map(),
    types: new Map(),
  };
}

/** The names a node reads, those its subgraphs capture from outside included. */
export function readsOf(node: Node): string[] {
  const reads = node.inputs.filter((name) => name !== '');
  for (const attribute of Object.values(node.attributes)) {
    if (attribute.kind === 'graph') {
      for (const inner of attribute.value.nodes) for (const name of readsOf(inner)) reads.push(name);
      for (const output of attribute.value.outputs) reads.push(output.name);
    }
  }
  return reads;
}

/** The node with what it reads renamed, the names its subgraphs capture from outside included. */
export function renameReads(node: Node, rename: (name: string) => string): Node {
  const attributes = Object.entries(node.attributes).map(([key, attribute]) => {
    if (attribute.kind !== 'graph') return [key, attribute] as const;
    const inner = attribute.value;
    const own = new Set([
      ...inner.inputs.map((input) => input.name),
      ...inner.initializers.keys(),
      ...inner.nodes.flatMap((each) => each.outputs),
    ]);
    const captured = (name: string) => (own.has(name) ? name : rename(name));
    const nodes = inner.nodes.map((each) => renameReads(each, captured));
    const outputs = inner.outputs.map((output) => ({ ...output, name: captured(output.name) }));
    return [key, subgraph({ ...inner, nodes, outputs })] as const;
  });
  return { ...node, inputs: node.inputs.map(rename), attributes: Object.fromEntries(attributes) };
}

/** The graph without nodes, constants and types that no output depends on. Inputs stay: they are the interface. */
export function pruneGraph(graph: StaticGraph): StaticGraph {
  const needed = new Set(graph.outputs.map((output) => output.name));
  const nodes: Node[] = [];
  for (let index = graph.nodes.length - 1; index >= 0; index -= 1) {
    const node = graph.nodes[index];
    if (node?.outputs.some((name) => needed.has(name))) {
      for (const name of readsOf(node)) needed.add(name);
      nodes.push(node);
    }
  }
  nodes.reverse();
  for (const node of nodes) for (const name of node.outputs) if (name !== '') needed.add(name);
  for (const input of graph.inputs) needed.add(input.name);
  const keep = <V>(map: ReadonlyMap<string, V>) => new Map([...map].filter(([name]) => needed.has(name)));
  return { ...graph, nodes, initializers: keep(graph.initializers), types: keep(graph.types), values: keep(graph.values) };
}
