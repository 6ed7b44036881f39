/** Models the goldens do not have, made from one of them by editing its graph or its file. */
import { readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Graph, Node } from '../src/graph/graph.ts';
import { ModelProtoSchema, TensorProto_DataLocation } from '../src/graph/onnx/onnx_pb.ts';
import { readModel } from '../src/graph/read.ts';
import type { Tensor } from '../src/graph/tensor.ts';
import { writeModel } from '../src/graph/write.ts';
import { type DroppedFile, golden } from './studio.ts';

const original = (net: string) => readFileSync(golden(net, 'model.onnx'));
const dropped = (name: string, bytes: Uint8Array): DroppedFile => ({ name, type: '', bytes });

function edited(net: string, name: string, edit: (graph: Graph) => Graph): DroppedFile {
  return dropped(name, writeModel(edit(readModel(original(net)))));
}

/** The net with height and width of its input left open. */
export function ofOpenSize(net: string, name: string): DroppedFile {
  return edited(net, name, (graph) => ({
    ...graph,
    inputs: graph.inputs.map((input) => ({ ...input, dims: [1, 3, 'height', 'width'] })),
    values: new Map(),
  }));
}

/** The net with the first value of one of its weights not a number. */
export function withoutNumber(net: string, name: string): { file: DroppedFile; weight: string } {
  let spoilt = '';
  const file = edited(net, name, (graph) => {
    const initializers = new Map(graph.initializers);
    for (const [weight, tensor] of initializers) {
      if (tensor.type !== 'float32' || tensor.dims.length !== 4) continue;
      spoilt = weight;
      initializers.set(weight, { ...tensor, data: tensor.data.with(0, Number.NaN) });
      break;
    }
    return { ...graph, initializers };
  });
  return { file, weight: spoilt };
}

/** The net with all its weights in a file of their own. */
export function withExternalWeights(net: string, name: string, location: string): { model: DroppedFile; weights: DroppedFile } {
  const model = fromBinary(ModelProtoSchema, original(net));
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of model.graph?.initializer ?? []) {
    if (tensor.rawData.length === 0) continue;
    const length = tensor.rawData.length;
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    const entries = { location, offset: String(offset), length: String(length) };
    for (const [key, value] of Object.entries(entries)) {
      tensor.externalData.push({ $typeName: 'onnx.StringStringEntryProto', key, value });
    }
    parts.push(tensor.rawData);
    tensor.rawData = new Uint8Array();
    offset += length;
  }
  return { model: dropped(name, toBinary(ModelProtoSchema, model)), weights: dropped(location, Buffer.concat(parts)) };
}

const scalar = (value: number): Tensor => ({ type: 'float32', dims: [], data: Float32Array.of(value) });
const linear = (op: 'QuantizeLinear' | 'DequantizeLinear', inputs: readonly string[], output: string): Node => ({
  op,
  domain: '',
  name: `${op} ${output}`,
  inputs,
  outputs: [output],
  attributes: {},
});

/** Steps of 1/16: what a Relu gives here lies between 0 and 255 of them. */
const ACTIVATION_SCALE = 1 / 16;

/** The net with its kernels stored in 8 bits, and what each Relu gives rounded to 8 bits. */
export function quantised(net: string, name: string): DroppedFile {
  return edited(net, name, (graph) => {
    const initializers = new Map<string, Tensor>(graph.initializers);
    initializers.set('activation_scale', scalar(ACTIVATION_SCALE));
    initializers.set('activation_zero', { type: 'uint8', dims: [], data: Uint8Array.of(0) });
    initializers.set('kernel_zero', { type: 'int8', dims: [], data: Int8Array.of(0) });
    const kernels: Node[] = [];
    for (const [kernel, tensor] of graph.initializers) {
      if (tensor.type !== 'float32' || tensor.dims.length !== 4) continue;
      const scale = tensor.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
      initializers.delete(kernel);
      initializers.set(`${kernel}_scale`, scalar(scale));
      initializers.set(`${kernel}_codes`, {
        type: 'int8',
        dims: tensor.dims,
        data: Int8Array.from(tensor.data, (value) => Math.round(value / scale)),
      });
      kernels.push(linear('DequantizeLinear', [`${kernel}_codes`, `${kernel}_scale`, 'kernel_zero'], kernel));
    }
    const nodes = graph.nodes.flatMap((node) => {
      const [output = ''] = node.outputs;
      if (node.op !== 'Relu') return [node];
      return [
        { ...node, outputs: [`${output}_exact`] },
        linear('QuantizeLinear', [`${output}_exact`, 'activation_scale', 'activation_zero'], `${output}_codes`),
        linear('DequantizeLinear', [`${output}_codes`, 'activation_scale', 'activation_zero'], output),
      ];
    });
    return { ...graph, initializers, nodes: [...kernels, ...nodes], values: new Map() };
  });
}
