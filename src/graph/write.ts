import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Attribute, Graph, Node, ValueInfo } from './graph.ts';
import { elementCode } from './infer/creation.ts';
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './onnx/onnx_pb.ts';
import type { Tensor } from './tensor.ts';

/** IR version that came with an opset; readers refuse files newer than they know. */
function irVersion(opset: number): bigint {
  if (opset <= 18) return 8n;
  return opset <= 20 ? 9n : 10n;
}

/** The graph as an ONNX file. `readModel` gives an equal graph back. */
export function writeModel(graph: Graph): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: irVersion(graph.opsets.get('') ?? 0),
    producerName: 'heliograph',
    opsetImport: [...graph.opsets].map(([domain, version]) => ({ domain, version: BigInt(version) })),
    graph: graphProto(graph),
    metadataProps: [...graph.metadata].map(([key, value]) => ({ key, value })),
  });
  return toBinary(ModelProtoSchema, model);
}

function graphProto(graph: Graph): MessageInitShape<typeof GraphProtoSchema> {
  return {
    // The checker of the reference implementation refuses graphs without a name.
    name: graph.name || 'graph',
    input: graph.inputs.map(valueInfoProto),
    output: graph.outputs.map(valueInfoProto),
    valueInfo: [...graph.values.values()].map(valueInfoProto),
    initializer: [...graph.initializers].map(([name, tensor]) => ({ ...tensorProto(tensor), name })),
    node: graph.nodes.map(nodeProto),
  };
}

function valueInfoProto(info: ValueInfo): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = info.dims?.map((size) => {
    if (typeof size === 'number') return { value: { case: 'dimValue' as const, value: BigInt(size) } };
    return size === null ? {} : { value: { case: 'dimParam' as const, value: size } };
  });
  const shape = dim === undefined ? undefined : { dim };
  return { name: info.name, type: { value: { case: 'tensorType', value: { elemType: elementCode(info.type), shape } } } };
}

function nodeProto(node: Node): MessageInitShape<typeof NodeProtoSchema> {
  return {
    opType: node.op,
    domain: node.domain,
    name: node.name,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, attribute]) => ({ name, ...attributeProto(attribute) })),
  };
}

function attributeProto(attribute: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
  switch (attribute.kind) {
    case 'int':
      return { type: AttributeType.INT, i: BigInt(attribute.value) };
    case 'float':
      return { type: AttributeType.FLOAT, f: attribute.value };
    case 'string':
      return { type: AttributeType.STRING, s: bytes(attribute.value) };
    case 'ints':
      return { type: AttributeType.INTS, ints: attribute.value.map(BigInt) };
    case 'floats':
      return { type: AttributeType.FLOATS, floats: [...attribute.value] };
    case 'strings':
      return { type: AttributeType.STRINGS, strings: attribute.value.map(bytes) };
    case 'tensor':
      return { type: AttributeType.TENSOR, t: tensorProto(attribute.value) };
    case 'graph':
      return { type: AttributeType.GRAPH, g: graphProto(attribute.value) };
  }
}

function tensorProto(tensor: Tensor): MessageInitShape<typeof TensorProtoSchema> {
  const head = { dims: tensor.dims.map(BigInt), dataType: elementCode(tensor.type) };
  if (tensor.type === 'string') return { ...head, stringData: tensor.data.map((value) => new TextEncoder().encode(value)) };
  const { buffer, byteOffset, byteLength } = tensor.data;
  return { ...head, rawData: new Uint8Array(buffer, byteOffset, byteLength) };
}
