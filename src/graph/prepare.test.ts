import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HeliographError } from './errors.ts';
import {
  type Attributes,
  float,
  floats,
  type Graph,
  int,
  ints,
  type Node,
  type StaticGraph,
  subgraph,
  tensorValue,
  text,
  type ValueInfo,
} from './graph.ts';
import { prepare } from './prepare.ts';
import { readModel } from './read.ts';
import { float32, int64, int64s, type Shape, scalar, type Tensor } from './tensor.ts';
import { noise, oneNode, run } from './testing.ts';
import { writeModel } from './write.ts';

function node(op: string, inputs: string[], outputs: string[], attributes: Attributes = {}): Node {
  return { op, domain: '', name: outputs[0] ?? op, inputs, outputs, attributes };
}

interface Parts {
  readonly nodes: readonly Node[];
  readonly constants?: Record<string, Tensor>;
  readonly input: ValueInfo['dims'];
  readonly outputs?: readonly string[];
  readonly opset?: number;
}

/** A graph with float32 input `x`. */
function graphOf({ nodes, constants = {}, input, outputs = ['y'], opset = 18 }: Parts): Graph {
  return {
    name: 'test',
    opsets: new Map([['', opset]]),
    inputs: [{ name: 'x', type: 'float32', dims: input }],
    outputs: outputs.map((name) => ({ name, type: 'float32', dims: null })),
    nodes,
    initializers: new Map(Object.entries(constants)),
    values: new Map(),
    metadata: new Map(),
  };
}

const ops = (graph: Graph) => graph.nodes.map(({ op }) => op);

/** Runs a graph before and after `prepare` and compares values and stated shapes. */
async function unchanged(graph: Graph, shape: Shape): Promise<StaticGraph> {
  const prepared = prepare(graph, new Map([[graph.inputs[0]?.name ?? '', shape]]));
  const feeds = { [graph.inputs[0]?.name ?? '']: noise(shape) };
  const before = await run(graph, feeds);
  const after = await run(prepared, feeds);
  for (const output of prepared.outputs) {
    const [a, b] = [before[output.name], after[output.name]];
    if (a === undefined || b === undefined) throw new Error(`no output ${output.name}`);
    expect(b.dims).toEqual(a.dims);
    expect(output.dims).toEqual(a.dims);
    const expected = Array.from(a.data as ArrayLike<number | bigint>, Number);
    const largest = Math.max(1e-6, ...expected.map(Math.abs));
    const error = Math.max(
      0,
      ...Array.from(b.data as ArrayLike<number | bigint>, (value, index) => Math.abs(Number(value) - (expected[index] ?? 0))),
    );
    expect(error / largest).toBeLessThan(1e-4);
  }
  for (const { outputs } of prepared.nodes)
    for (const name of outputs) if (name !== '') expect(prepared.types.has(name)).toBe(true);
  return prepared;
}

/** Old node forms: opset, operator, attributes, constants after the fed input, expected operators. */
const OLD: readonly [number, string, Attributes, Tensor[], number?][] = [
  [7, 'Clip', { min: float(-0.5), max: float(0.25) }, []],
  [7, 'Pad', { pads: ints([0, 0, 1, 2, 0, 0, 0, 1]), value: float(3) }, []],
  [8, 'Pad', { pads: ints([0, 0, 1, 1, 0, 0, 1, 1]), mode: text('reflect') }, []],
  [9, 'Slice', { starts: ints([1, -3]), ends: ints([Number.MAX_SAFE_INTEGER, -1]), axes: ints([2, 3]) }, []],
  [9, 'Slice', { starts: ints([0, 1]), ends: ints([1, 2]) }, []],
  [11, 'Squeeze', { axes: ints([0]) }, []],
  [12, 'Unsqueeze', { axes: ints([0, -1]) }, []],
  [12, 'ReduceSum', { axes: ints([1, 2]), keepdims: int(0) }, []],
  [13, 'ReduceMean', { axes: ints([-1, -2]) }, []],
  [17, 'ReduceMax', {}, []],
  [11, 'Softmax', {}, []],
  [11, 'Softmax', { axis: int(-1) }, []],
  [7, 'LogSoftmax', { axis: int(2) }, []],
  [11, 'Split', { axis: int(1), split: ints([1, 3]) }, [], 2],
  [13, 'Split', { axis: int(1) }, [], 2],
  [9, 'TopK', { k: int(2) }, [], 2],
  [7, 'Upsample', { scales: floats([1, 1, 2, 1.5]) }, []],
  [9, 'Upsample', { mode: text('linear') }, [float32([4], [1, 1, 2, 2])]],
  [10, 'Resize', { mode: text('nearest') }, [float32([4], [1, 1, 2, 0.5])]],
  [11, 'Resize', { mode: text('linear') }, [float32([0], []), float32([0], []), int64s([1, 4, 9, 9])]],
  [13, 'Resize', { mode: text('linear') }, [float32([0], []), float32([4], [1, 1, 2, 2])]],
  [7, 'BatchNormalization', {}, [noise([4], 2), noise([4], 3), noise([4], 4), float32([4], [1, 2, 3, 4])]],
  [7, 'Conv', { auto_pad: text('SAME_UPPER'), strides: ints([2, 2]) }, [noise([3, 4, 3, 3])]],
  [11, 'ConvTranspose', { auto_pad: text('SAME_LOWER'), strides: ints([2, 3]) }, [noise([4, 2, 4, 4])]],
  [11, 'ConvTranspose', { output_shape: ints([11, 12]), strides: ints([2, 2]) }, [noise([4, 2, 3, 3])]],
  [11, 'AveragePool', { auto_pad: text('SAME_LOWER'), kernel_shape: ints([2, 2]), strides: ints([1, 2]) }, []],
];

describe('upgrading keeps what a node computes', () => {
  it.each(OLD.map((row) => [`${row[1]} of opset ${row[0]}`, row] as const))(
    '%s',
    async (_, [opset, op, attributes, constants, outputs]) => {
      const one = oneNode({ op, fed: [noise([1, 4, 5, 6])], constants, attributes, opset, outputs });
      const typed =
        op === 'TopK'
          ? {
              ...one,
              outputs: one.outputs.map((output, index) => (index === 1 ? { ...output, type: 'int64' as const } : output)),
            }
          : one;
      const prepared = await unchanged(typed, [1, 4, 5, 6]);
      expect(prepared.opsets.get('')).toBe(18);
    },
  );

  it('says which node cannot be upgraded', () => {
    const graph = oneNode({
      op: 'BatchNormalization',
      fed: [noise([1, 4])],
      constants: [1, 2, 3, 4].map(() => noise([4])),
      attributes: { spatial: int(0) },
      opset: 7,
    });
    expect(() => prepare(graph, new Map())).toThrow(
      expect.objectContaining({ code: 'unsupported-opset', message: expect.stringContaining('“node”') }),
    );
  });
});

const statistics = (channels: number) => ({
  scale: noise([channels], 11),
  bias: noise([channels], 12),
  mean: noise([channels], 13),
  variance: float32(
    [channels],
    Array.from({ length: channels }, (_, index) => 0.5 + index),
  ),
});
const norm = (input: string) =>
  node('BatchNormalization', [input, 'scale', 'bias', 'mean', 'variance'], ['y'], { epsilon: float(0.01) });

describe('batch norms fold into what stands before them', () => {
  it.each<[string, Node, Record<string, Tensor>, Shape, number]>([
    ['Conv with bias', node('Conv', ['x', 'w', 'b'], ['hidden']), { w: noise([6, 4, 3, 3]), b: noise([6], 5) }, [1, 4, 5, 5], 6],
    ['depthwise Conv', node('Conv', ['x', 'w'], ['hidden'], { group: int(4) }), { w: noise([4, 1, 3, 3]) }, [1, 4, 5, 5], 4],
    [
      'grouped ConvTranspose',
      node('ConvTranspose', ['x', 'w'], ['hidden'], { group: int(2) }),
      { w: noise([4, 3, 2, 2]) },
      [1, 4, 5, 5],
      6,
    ],
    [
      'Gemm',
      node('Gemm', ['x', 'w', 'b'], ['hidden'], { alpha: float(0.5), beta: float(2) }),
      { w: noise([4, 3]), b: noise([1, 3], 5) },
      [2, 4],
      3,
    ],
    [
      'Gemm, transposed',
      node('Gemm', ['x', 'w', 'b'], ['hidden'], { transB: int(1) }),
      { w: noise([3, 4]), b: noise([1], 5) },
      [2, 4],
      3,
    ],
    ['MatMul', node('MatMul', ['x', 'w'], ['hidden']), { w: noise([4, 3]) }, [2, 4], 3],
  ])('%s', async (_, linear, constants, input, channels) => {
    const graph = graphOf({ nodes: [linear, norm('hidden')], constants: { ...constants, ...statistics(channels) }, input });
    const prepared = await unchanged(graph, input);
    expect(ops(prepared)).toEqual([linear.op === 'MatMul' ? 'Gemm' : linear.op]);
    expect(prepared.nodes[0]?.outputs).toEqual(['y']);
  });

  it('and so do sums and products with one constant per channel, as some exporters write biases', async () => {
    const nodes = [
      node('Conv', ['x', 'w'], ['hidden']),
      node('Mul', ['gain', 'hidden'], ['scaled']),
      node('Div', ['scaled', 'two'], ['halved']),
      node('Add', ['halved', 'bias'], ['shifted']),
      node('Sub', ['shifted', 'bias'], ['back']),
      node('Sub', ['bias', 'back'], ['y']),
    ];
    const constants = {
      w: noise([3, 2, 3, 3]),
      gain: noise([3, 1, 1], 2),
      two: noise([1, 3, 1, 1], 3),
      bias: noise([1, 3, 1, 1], 4),
    };
    const prepared = await unchanged(graphOf({ nodes, constants, input: [1, 2, 5, 5] }), [1, 2, 5, 5]);
    // A constant minus the map is not the map with another bias.
    expect(ops(prepared)).toEqual(['Conv', 'Sub']);
  });

  it('not where the convolution’s output is read elsewhere', async () => {
    const nodes = [node('Conv', ['x', 'w'], ['hidden']), norm('hidden'), node('Relu', ['hidden'], ['z'])];
    const graph = graphOf({
      nodes,
      constants: { w: noise([2, 2, 1, 1]), ...statistics(2) },
      input: [1, 2, 3, 3],
      outputs: ['y', 'z'],
    });
    expect(ops(await unchanged(graph, [1, 2, 3, 3]))).toEqual(['Conv', 'BatchNormalization', 'Relu']);
  });
});

describe('folding', () => {
  it('turns the shape arithmetic of exporters into constants', async () => {
    const nodes = [
      node('Conv', ['x', 'w'], ['features']),
      node('Shape', ['features'], ['shape']),
      node('Constant', [], ['zero'], { value_int: int(0) }),
      node('Gather', ['shape', 'zero'], ['batch']),
      node('Unsqueeze', ['batch', 'axis'], ['batch1']),
      node('Concat', ['batch1', 'rest'], ['target'], { axis: int(0) }),
      node('Reshape', ['features', 'target'], ['rows']),
      node('Dropout', ['rows'], ['dropped']),
      node('Identity', ['dropped'], ['same']),
      node('Transpose', ['head'], ['headT']),
      node('MatMul', ['same', 'headT'], ['y']),
    ];
    const constants = { w: noise([2, 3, 2, 2]), axis: int64s([0]), rest: int64s([-1]), head: noise([5, 18]) };
    const prepared = await unchanged(graphOf({ nodes, constants, input: ['N', 3, 'H', 'W'] }), [1, 3, 4, 4]);
    expect(ops(prepared)).toEqual(['Conv', 'Reshape', 'MatMul']);
    expect(prepared.types.get('rows')?.dims).toEqual([1, 18]);
    expect(prepared.initializers.get('headT')?.dims).toEqual([18, 5]);
  });

  it('keeps an Identity at an output of the graph', async () => {
    const nodes = [node('Relu', ['x'], ['a']), node('Identity', ['a'], ['y']), node('Dropout', ['a'], ['z'])];
    const prepared = await unchanged(graphOf({ nodes, input: [2], outputs: ['y', 'z'] }), [2]);
    expect(ops(prepared)).toEqual(['Relu', 'Identity', 'Identity']);
  });

  it('makes quantised weights plain ones', async () => {
    const q: Tensor = { type: 'int8', dims: [2, 3], data: Int8Array.of(1, -2, 3, 4, 5, -6) };
    const nodes = [node('DequantizeLinear', ['q', 's'], ['w']), node('MatMul', ['x', 'w'], ['y'])];
    const prepared = await unchanged(graphOf({ nodes, constants: { q, s: scalar(0.5) }, input: [1, 2] }), [1, 2]);
    expect(prepared.initializers.get('w')).toEqual(float32([2, 3], [0.5, -1, 1.5, 2, 2.5, -3]));
  });

  it('leaves no half precision behind, whatever the file was', () => {
    const nodes = [
      node('Cast', ['x'], ['h'], { to: int(10) }),
      node('Relu', ['h'], ['r']),
      node('Cast', ['r'], ['y'], { to: int(1) }),
    ];
    const prepared = prepare(readModel(writeModel(graphOf({ nodes, input: [2] }))), new Map());
    expect(ops(prepared)).toEqual(['Relu', 'Identity']);
  });

  it('goes into loop bodies', async () => {
    const body: Graph = {
      ...graphOf({
        nodes: [
          node('Constant', [], ['axes'], { value: tensorValue(int64s([0])) }),
          node('Tanh', ['state'], ['bent']),
          node('ReduceSum', ['bent'], ['sum'], { axes: ints([0]), keepdims: int(0) }),
          node('Add', ['bent', 'step'], ['next']),
          node('Identity', ['keep'], ['kept']),
        ],
        input: [],
        opset: 11,
      }),
      inputs: [
        { name: 'trip', type: 'int64', dims: [] },
        { name: 'keep', type: 'bool', dims: [] },
        { name: 'state', type: 'float32', dims: null },
      ],
      outputs: [
        { name: 'kept', type: 'bool', dims: [] },
        { name: 'next', type: 'float32', dims: null },
        { name: 'sum', type: 'float32', dims: null },
      ],
    };
    const nodes = [node('Relu', ['x'], ['step']), node('Loop', ['trips', '', 'x'], ['y', 'sums'], { body: subgraph(body) })];
    const graph = graphOf({ nodes, constants: { trips: int64(3) }, input: [4], outputs: ['y', 'sums'], opset: 11 });
    const prepared = await unchanged(graph, [4]);
    expect(prepared.types.get('sums')?.dims).toEqual([3]);
  });
});

it.each([
  ['BatchNormalization', node('BatchNormalization', ['x', 's', 's', 's', 's'], ['y'], { training_mode: int(1) })],
  ['Dropout', node('Dropout', ['x', 'ratio', 'yes'], ['y'])],
])('refuses %s in training mode', (_, layer) => {
  const yes: Tensor = { type: 'bool', dims: [], data: Uint8Array.of(1) };
  const graph = graphOf({ nodes: [layer], constants: { s: noise([2]), ratio: scalar(0.5), yes }, input: [1, 2] });
  expect(() => prepare(graph, new Map())).toThrow(expect.objectContaining({ code: 'unsupported-operator' }));
});

describe('input shapes', () => {
  const open = graphOf({ nodes: [node('Relu', ['x'], ['y'])], input: ['N', 3, 'H', 'W'] });

  it('asks for an open size', () => {
    expect(() => prepare(open, new Map())).toThrow(
      expect.objectContaining({ code: 'dynamic-shape', message: expect.stringContaining('“x”') }),
    );
  });

  it('refuses a shape that contradicts the file', () => {
    expect(() => prepare(open, new Map([['x', [1, 4, 8, 8]]]))).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
  });

  it('takes an open batch as one image', () => {
    const prepared = prepare(graphOf({ nodes: open.nodes, input: [null, 3, 8, 8] }), new Map());
    expect(prepared.inputs[0]?.dims).toEqual([1, 3, 8, 8]);
  });

  it('keeps an unknown operator whose shape the file states, and refuses one whose shape it does not', () => {
    const custom = { ...node('Magic', ['x'], ['y']), domain: 'my.domain' };
    const stated: Graph = {
      ...graphOf({ nodes: [custom], input: [2, 'N'] }),
      outputs: [{ name: 'y', type: 'float32', dims: ['N', 5] }],
    };
    expect(prepare(stated, new Map([['x', [2, 7]]])).types.get('y')?.dims).toEqual([7, 5]);
    const silent = graphOf({ nodes: [custom], input: [2] });
    expect(() => prepare(silent, new Map())).toThrow(HeliographError);
  });
});

const goldens = existsSync('goldens') ? readdirSync('goldens').filter((name) => existsSync(`goldens/${name}/model.onnx`)) : [];

describe.runIf(goldens.length > 0)('exported networks compute the same after prepare', () => {
  it.each(goldens)('%s', async (name) => {
    const graph = readModel(readFileSync(`goldens/${name}/model.onnx`));
    const dims = graph.inputs[0]?.dims?.map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? 1 : 32)) ?? [];
    await unchanged(graph, dims);
  });
});
