import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { HeliographError } from './errors.ts';
import { type Graph, int, type Node, subgraph, tensorValue } from './graph.ts';
import { ModelProtoSchema } from './onnx/onnx_pb.ts';
import { readModel } from './read.ts';
import { float32, int64, int64s, type Tensor } from './tensor.ts';
import { writeModel } from './write.ts';

function node(op: string, inputs: string[], outputs: string[], attributes: Node['attributes'] = {}): Node {
  return { op, domain: '', name: `${op}_node`, inputs, outputs, attributes };
}

function graph(nodes: readonly Node[], initializers: Record<string, Tensor> = {}, opset = 18): Graph {
  return {
    name: 'test',
    opsets: new Map([['', opset]]),
    inputs: [{ name: 'x', type: 'float32', dims: ['batch', 3, null] }],
    outputs: [{ name: 'y', type: 'float32', dims: null }],
    nodes,
    initializers: new Map(Object.entries(initializers)),
    values: new Map([['hidden', { name: 'hidden', type: 'float32', dims: [1] }]]),
    metadata: new Map([['labels', '["cat"]']]),
  };
}

function codeOf(bytes: Uint8Array, external?: Record<string, Uint8Array>): HeliographError {
  try {
    readModel(bytes, external);
  } catch (error) {
    if (error instanceof HeliographError) return error;
    throw error;
  }
  throw new Error('the file was read');
}

const text = (value: string) => new TextEncoder().encode(value);

/** A model whose weights `w` (float32, 3 values) are given by their protobuf. */
function withWeights(tensor: object): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: '', version: 17n }],
      graph: {
        name: 'g',
        initializer: [{ name: 'w', dims: [3n], dataType: 1, ...tensor }],
        input: [{ name: 'x', type: { value: { case: 'tensorType', value: { elemType: 10 } } } }],
        output: [{ name: 'y' }],
        node: [{ opType: 'Add', input: ['x', 'w'], output: ['y'] }],
      },
    }),
  );
}

describe('readModel and writeModel', () => {
  it('give a graph back as it was, loop bodies and every element type included', () => {
    const body = {
      ...graph([node('Add', ['state', 'captured'], ['next']), node('Identity', ['keep'], ['kept'])]),
      name: 'body',
      inputs: [
        { name: 'trip', type: 'int64' as const, dims: [] },
        { name: 'keep', type: 'bool' as const, dims: [] },
        { name: 'state', type: 'float32' as const, dims: [3] },
      ],
      outputs: [
        { name: 'kept', type: 'bool' as const, dims: [] },
        { name: 'next', type: 'float32' as const, dims: [3] },
      ],
      values: new Map(),
      metadata: new Map(),
    };
    const original = graph(
      [
        node('Identity', ['x'], ['captured']),
        node('Loop', ['trips', '', 'w'], ['y'], { body: subgraph(body) }),
        node('Constant', [], ['unused'], { value: tensorValue(int64s([1, -2])) }),
      ],
      {
        trips: int64(4),
        w: float32([3], [1, 2, 3]),
        flags: { type: 'bool', dims: [2], data: Uint8Array.of(1, 0) },
        words: { type: 'string', dims: [2], data: ['a', 'ü'] },
        doubles: { type: 'float64', dims: [1], data: Float64Array.of(Math.PI) },
        bytes: { type: 'int8', dims: [0, 3], data: new Int8Array(0) },
      },
    );
    expect(readModel(writeModel(original))).toEqual(original);
  });

  it('does not copy aligned weights', () => {
    const weights = float32([1024], new Float32Array(1024).fill(0.5));
    const bytes = writeModel(graph([node('Add', ['x', 'w'], ['y'])], { w: weights }));
    // Protobuf does not align: try all four offsets, one of which must give a view.
    const shared = [0, 1, 2, 3].filter((offset) => {
      const buffer = new Uint8Array(bytes.length + offset);
      buffer.set(bytes, offset);
      const tensor = readModel(buffer.subarray(offset)).initializers.get('w');
      expect(tensor).toEqual(weights);
      return tensor?.type === 'float32' && tensor.data.buffer === buffer.buffer;
    });
    expect(shared).toHaveLength(1);
  });

  it('widens half precision everywhere', () => {
    // 1.5, −2, 2⁻²⁴ (the smallest float16) as IEEE bit patterns.
    const half = readModel(withWeights({ dataType: 10, rawData: new Uint8Array(Uint16Array.of(0x3e00, 0xc000, 1).buffer) }));
    expect(half.initializers.get('w')).toEqual(float32([3], [1.5, -2, 2 ** -24]));
    expect(half.inputs[0]?.type).toBe('float32');
    const brain = readModel(withWeights({ dataType: 16, int32Data: [0x3fc0, 0xc000, 0x7f80] }));
    expect(brain.initializers.get('w')).toEqual(float32([3], [1.5, -2, Infinity]));
    const cast = readModel(writeModel(graph([node('Cast', ['x'], ['y'], { to: int(10) })])));
    expect(cast.nodes[0]?.attributes).toEqual({ to: int(1) });
  });

  it('sorts nodes that are out of order', () => {
    const shuffled = graph([node('Relu', ['a'], ['y']), node('Neg', ['x'], ['a'])]);
    expect(readModel(writeModel(shuffled)).nodes.map(({ op }) => op)).toEqual(['Neg', 'Relu']);
  });

  it('reads weights kept beside the model', () => {
    const bytes = withWeights({
      dataLocation: 1,
      externalData: [
        { key: 'location', value: 'weights.bin' },
        { key: 'offset', value: '4' },
        { key: 'length', value: '12' },
      ],
    });
    const file = new Uint8Array(Float32Array.of(9, 1, 2, 3).buffer);
    expect(readModel(bytes, { 'weights.bin': file }).initializers.get('w')).toEqual(float32([3], [1, 2, 3]));
    expect(codeOf(bytes)).toMatchObject({ code: 'missing-external-data', message: expect.stringContaining('weights.bin') });
    expect(codeOf(bytes, { 'weights.bin': file.subarray(0, 12) }).code).toBe('missing-external-data');
    const escaping = withWeights({ dataLocation: 1, externalData: [{ key: 'location', value: '../weights.bin' }] });
    expect(codeOf(escaping, { 'weights.bin': file }).code).toBe('missing-external-data');
  });
});

describe('what readModel refuses', () => {
  it.each([
    ['text', text('hello, I am no model'), 'plain text'],
    ['HTML', text('<!DOCTYPE html><html></html>'), 'HTML'],
    ['a checkpoint', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0), 'PyTorch'],
    ['noise', Uint8Array.of(0xff, 0xfe, 0xfd, 0x00, 0x01), 'not an ONNX model'],
  ])('%s', (_, bytes, message) => {
    expect(codeOf(bytes)).toMatchObject({ code: 'not-onnx', message: expect.stringContaining(message) });
  });

  it('a file that is cut off', () => {
    const bytes = writeModel(graph([node('Relu', ['x'], ['y'])]));
    expect(codeOf(bytes.subarray(0, bytes.length - 20)).code).toBe('truncated');
    expect(codeOf(new Uint8Array(0)).code).toBe('truncated');
  });

  it.each([
    ['an old opset', graph([node('Relu', ['x'], ['y'])], {}, 6), 'unsupported-opset'],
    ['an unknown opset', graph([node('Relu', ['x'], ['y'])], {}, 99), 'unsupported-opset'],
    ['custom operators only', { ...graph([]), opsets: new Map([['my.domain', 1]]) }, 'unsupported-opset'],
    ['a cycle', graph([node('Relu', ['y'], ['a']), node('Relu', ['a'], ['y'])]), 'invalid-model'],
    ['an undefined value', graph([node('Relu', ['nowhere'], ['y'])]), 'invalid-model'],
    ['a value defined twice', graph([node('Relu', ['x'], ['y']), node('Neg', ['x'], ['y'])]), 'invalid-model'],
    ['an output nothing computes', graph([node('Relu', ['x'], ['z'])]), 'invalid-model'],
  ])('%s', (_, model, code) => {
    expect(codeOf(writeModel(model)).code).toBe(code);
  });

  it.each([
    ['too few bytes', { rawData: new Uint8Array(8) }],
    ['too many values', { floatData: [1, 2, 3, 4] }],
    ['an absurd shape', { dims: [1n << 40n, 1n << 20n], rawData: new Uint8Array(12) }],
    ['a negative size', { dims: [-3n], rawData: new Uint8Array(12) }],
    ['4-bit floats', { dataType: 23, rawData: new Uint8Array(2) }],
  ])('weights with %s', (_, tensor) => {
    expect(codeOf(withWeights(tensor))).toMatchObject({ code: 'invalid-model', message: expect.stringContaining('“w”') });
  });
});
