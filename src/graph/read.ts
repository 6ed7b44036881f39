import { fromBinary } from '@bufbuild/protobuf';
import { HeliographError } from './errors.ts';
import { type Attribute, type Dimension, describeNode, type Graph, type Node, type ValueInfo } from './graph.ts';
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  TensorProto_DataType,
  type ValueInfoProto,
} from './onnx/onnx_pb.ts';
import { inOrder } from './read/order.ts';
import { checkModelBytes } from './read/sniff.ts';
import { type ExternalData, readElementType, readTensor } from './read/tensor.ts';
import type { Tensor } from './tensor.ts';

/** Opset 7 (2018) brought NumPy broadcasting; 25 is the newest published one. */
const OLDEST_OPSET = 7;
const NEWEST_OPSET = 25;

/** Graphs within graphs (loop bodies) deeper than this are no real models. */
const DEEPEST_NESTING = 8;

/**
 * Reads an ONNX file. Weights stay views of `bytes` where alignment permits, so `bytes` must not be changed afterwards.
 * Half-precision floats are widened: the graph that comes out knows float32 only.
 *
 * @param external the files beside the model in which it keeps large weights, by name
 * @throws HeliographError `not-onnx`, `truncated`, `unsupported-opset`, `missing-external-data`, `unsupported-operator` or `invalid-model`
 */
export function readModel(bytes: Uint8Array, external: ExternalData = {}): Graph {
  checkModelBytes(bytes);
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw new HeliographError(
      'invalid-model',
      'This ONNX file is damaged: it cannot be decoded.',
      'Download or export it again.',
      { cause },
    );
  }
  if (model.graph === undefined) {
    throw new HeliographError('not-onnx', 'This file has no ONNX graph in it.', 'Choose an .onnx file that holds a model.');
  }
  const opsets = readOpsets(model);
  const metadata = new Map(model.metadataProps.map(({ key, value }) => [key, value]));
  const functions = new Set(model.functions.map(({ domain, name }) => `${domain}.${name}`));
  return new GraphReader(opsets, metadata, functions, external).read(model.graph, new Set(), 0);
}

function readOpsets(model: ModelProto): Map<string, number> {
  const opsets = new Map(model.opsetImport.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, Number(version)]));
  const own = opsets.get('');
  if (own === undefined) {
    const domains = [...opsets.keys()].join(', ') || 'none';
    throw new HeliographError('unsupported-opset', `The model uses no standard ONNX operators (its operator sets: ${domains}).`);
  }
  if (own < OLDEST_OPSET || own > NEWEST_OPSET) {
    throw new HeliographError(
      'unsupported-opset',
      `The model uses ONNX opset ${own}; Heliograph reads ${OLDEST_OPSET} to ${NEWEST_OPSET}.`,
      'Convert it with onnx.version_converter, or export it again with opset 18.',
    );
  }
  return opsets;
}

class GraphReader {
  readonly #decoder = new TextDecoder();

  constructor(
    readonly opsets: ReadonlyMap<string, number>,
    readonly metadata: ReadonlyMap<string, string>,
    readonly functions: ReadonlySet<string>,
    readonly external: ExternalData,
  ) {}

  /** @param outer names of the surrounding graph, which a subgraph may read */
  read(proto: GraphProto, outer: ReadonlySet<string>, depth: number): Graph {
    if (depth > DEEPEST_NESTING)
      throw new HeliographError('invalid-model', `Graphs are nested more than ${DEEPEST_NESTING} deep.`);
    if (proto.sparseInitializer.length > 0) {
      throw new HeliographError(
        'invalid-model',
        'The model has sparse weights, which Heliograph does not read.',
        'Export it with dense weights.',
      );
    }
    const initializers = new Map<string, Tensor>();
    for (const tensor of proto.initializer) {
      if (initializers.has(tensor.name))
        throw new HeliographError('invalid-model', `The weight “${tensor.name}” is defined twice.`);
      initializers.set(tensor.name, readTensor(tensor, this.external, `The weight “${tensor.name}”`));
    }
    const inputs = proto.input.filter(({ name }) => !initializers.has(name)).map((info) => readInterface(info, 'input'));
    const given = new Set([...outer, ...initializers.keys()]);
    for (const { name } of inputs) {
      if (name === '' || initializers.has(name))
        throw new HeliographError('invalid-model', `The input “${name}” is not well named.`);
      given.add(name);
    }
    if (new Set(inputs.map(({ name }) => name)).size < inputs.length) {
      throw new HeliographError('invalid-model', 'Two inputs of the model have the same name.');
    }
    const produced = new Set(proto.node.flatMap(({ output }) => output));
    const visible = new Set([...given, ...produced]);
    const nodes = inOrder(
      proto.node.map((node) => this.#node(node, visible, depth)),
      // A name of its own hides the surrounding graph's.
      new Set([...given].filter((name) => !outer.has(name) || !produced.has(name))),
    );
    const outputs = proto.output.map((info) => readInterface(info, 'output'));
    for (const { name } of outputs) {
      if (!visible.has(name)) throw new HeliographError('invalid-model', `The output “${name}” is computed by no node.`);
    }
    const values = new Map<string, ValueInfo>();
    for (const info of proto.valueInfo) {
      const value = readValueInfo(info);
      if (value !== undefined) values.set(value.name, value);
    }
    const nested = depth > 0;
    return {
      name: proto.name,
      opsets: this.opsets,
      inputs,
      outputs,
      nodes,
      initializers,
      values,
      metadata: nested ? new Map() : this.metadata,
    };
  }

  #node(proto: NodeProto, visible: ReadonlySet<string>, depth: number): Node {
    const bare = {
      op: proto.opType,
      domain: proto.domain === 'ai.onnx' ? '' : proto.domain,
      name: proto.name,
      inputs: proto.input,
      outputs: proto.output,
    };
    const described = describeNode({ ...bare, attributes: {} });
    if (this.functions.has(`${proto.domain}.${proto.opType}`)) {
      throw new HeliographError(
        'unsupported-operator',
        `${described} calls a function defined in the model file, which Heliograph does not read.`,
        'Inline the functions first, for example with onnx.inliner.inline_local_functions.',
      );
    }
    // Not assigned one by one: a hostile name such as `__proto__` must stay a plain key.
    const attributes = Object.fromEntries(
      proto.attribute.map((attribute) => [attribute.name, this.#attribute(attribute, described, visible, depth)]),
    );
    return { ...bare, attributes };
  }

  #attribute(proto: AttributeProto, node: string, visible: ReadonlySet<string>, depth: number): Attribute {
    switch (proto.type || guessType(proto)) {
      case AttributeType.FLOAT:
        return { kind: 'float', value: proto.f };
      case AttributeType.INT:
        return { kind: 'int', value: this.#typeCode(proto.name, safe(proto.i)) };
      case AttributeType.STRING:
        return { kind: 'string', value: this.#decoder.decode(proto.s) };
      case AttributeType.FLOATS:
        return { kind: 'floats', value: proto.floats };
      case AttributeType.INTS:
        return { kind: 'ints', value: proto.ints.map(safe) };
      case AttributeType.STRINGS:
        return { kind: 'strings', value: proto.strings.map((bytes) => this.#decoder.decode(bytes)) };
      case AttributeType.TENSOR:
        if (proto.t === undefined) break;
        return { kind: 'tensor', value: readTensor(proto.t, this.external, `The constant in ${node}`) };
      case AttributeType.GRAPH:
        if (proto.g === undefined) break;
        return { kind: 'graph', value: this.read(proto.g, visible, depth + 1) };
    }
    throw new HeliographError('invalid-model', `The attribute “${proto.name}” of ${node} has a form Heliograph does not read.`);
  }

  /** Attributes that name an element type follow the widening of half-precision floats. */
  #typeCode(attribute: string, code: number): number {
    if (attribute !== 'to' && attribute !== 'dtype' && attribute !== 'output_dtype') return code;
    return code !== TensorProto_DataType.UNDEFINED && readElementType(code) === 'float32' ? TensorProto_DataType.FLOAT : code;
  }
}

/** Integers beyond 2⁵³ only ever mean “to the end” (Slice); they are clamped to what a number holds exactly. */
function safe(value: bigint): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
}

/** Very old files do not say an attribute's type: it is the field that is filled. */
function guessType(proto: AttributeProto): AttributeType {
  if (proto.t !== undefined) return AttributeType.TENSOR;
  if (proto.g !== undefined) return AttributeType.GRAPH;
  if (proto.s.length > 0) return AttributeType.STRING;
  if (proto.ints.length > 0) return AttributeType.INTS;
  if (proto.floats.length > 0) return AttributeType.FLOATS;
  if (proto.strings.length > 0) return AttributeType.STRINGS;
  return proto.f !== 0 ? AttributeType.FLOAT : AttributeType.INT;
}

function readInterface(info: ValueInfoProto, role: 'input' | 'output'): ValueInfo {
  const value = readValueInfo(info);
  if (value === undefined) {
    const kind = info.type?.value.case === 'tensorType' ? 'a tensor of a type Heliograph does not read' : 'no tensor';
    throw new HeliographError('invalid-model', `The ${role} “${info.name}” of the model is ${kind}.`);
  }
  return value;
}

/** undefined where the value is no tensor. A value without any type counts as float32 of unknown shape. */
function readValueInfo(info: ValueInfoProto): ValueInfo | undefined {
  const declared = info.type?.value;
  if (declared?.case === undefined) return { name: info.name, type: 'float32', dims: null };
  if (declared.case !== 'tensorType') return undefined;
  const { elemType, shape } = declared.value;
  const type = elemType === 0 ? 'float32' : readElementType(elemType);
  if (type === undefined) return undefined;
  const dims =
    shape?.dim.map(({ value }): Dimension => {
      // Some exporters write 0 or −1 for a size they leave open.
      if (value.case === 'dimValue') return value.value > 0n && value.value < 2n ** 31n ? Number(value.value) : null;
      return value.case === 'dimParam' && value.value !== '' ? value.value : null;
    }) ?? null;
  return { name: info.name, type, dims };
}
