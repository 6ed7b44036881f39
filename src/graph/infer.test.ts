import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeliographError } from './errors.ts';
import { type Attributes, float, floats, int, ints, text } from './graph.ts';
import { inferNode } from './infer.ts';
import { float32, int64, int64s, scalar, sizeOf, type Tensor } from './tensor.ts';
import { feedsOf, inputTypes, noise, type OneNode, oneNode, run } from './testing.ts';

/** Our output shapes, or the error. */
function inferred(one: OneNode): (readonly number[])[] | HeliographError {
  const graph = oneNode(one);
  const [node] = graph.nodes;
  if (node === undefined) throw new Error('no node');
  try {
    return inferNode(node, inputTypes(one), (name) => graph.initializers.get(name), graph.opsets).map((type) => type?.dims ?? []);
  } catch (error) {
    if (error instanceof HeliographError) return error;
    throw error;
  }
}

/** ONNX Runtime's output shapes and types, or undefined where it refuses the model. */
async function actual(one: OneNode): Promise<{ dims: readonly number[]; type: string }[] | undefined> {
  const graph = oneNode(one);
  const [node] = graph.nodes;
  const types = node && safely(() => inferNode(node, inputTypes(one), (name) => graph.initializers.get(name), graph.opsets));
  // The file must state the output's element type; what we infer is checked by the run.
  const outputs = graph.outputs.map((output, index) => ({ ...output, type: types?.[index]?.type ?? ('float32' as const) }));
  try {
    const results = await run({ ...graph, outputs }, feedsOf(one));
    return outputs.map(({ name }) => ({ dims: results[name]?.dims ?? [], type: results[name]?.type ?? '' }));
  } catch {
    return undefined;
  }
}

function safely<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** We and ONNX Runtime agree on the shapes, or both refuse. */
async function agree(one: OneNode): Promise<boolean> {
  const ours = inferred(one);
  const theirs = await actual(one);
  if (theirs === undefined) return false;
  // A window that never fits gives ONNX Runtime an empty image; we say so instead.
  if (ours instanceof HeliographError && theirs.every(({ dims }) => sizeOf(dims) === 0)) return false;
  expect(ours instanceof HeliographError ? ours.message : ours.slice(0, theirs.length)).toEqual(theirs.map(({ dims }) => dims));
  return true;
}

const RUNS = { numRuns: 60, seed: 7 };
/** At least this share of random cases must be ones ONNX Runtime takes, or the test says nothing. */
const LEAST_TAKEN = 0.3;

function property<T>(name: string, arbitrary: fc.Arbitrary<T>, make: (value: T) => OneNode): void {
  it(name, async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(arbitrary, async (value) => {
        if (await agree(make(value))) taken += 1;
      }),
      { ...RUNS, endOnFailure: true },
    );
    expect(taken).toBeGreaterThan(RUNS.numRuns * LEAST_TAKEN);
  });
}

const pair = (least: number, most: number) =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));
const autoPad = fc.constantFrom('NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER');
const window = fc.record({
  size: pair(3, 12),
  kernel: pair(1, 4),
  strides: pair(1, 3),
  dilations: pair(1, 2),
  pads: fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 2 }))),
  auto: autoPad,
});

function windowAttributes({
  kernel,
  strides,
  dilations,
  pads,
  auto,
}: typeof window extends fc.Arbitrary<infer W> ? W : never): Attributes {
  const placed: Attributes = auto === 'NOTSET' ? { pads: ints(pads) } : { auto_pad: text(auto) };
  return { kernel_shape: ints(kernel), strides: ints(strides), dilations: ints(dilations), ...placed };
}

/** A shape that broadcasts with `dims`. */
const partner = (dims: readonly number[]) =>
  fc
    .tuple(fc.integer({ min: 0, max: dims.length }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
    .map(([drop, ones]) => dims.map((dim, axis) => (ones[axis] ? 1 : dim)).slice(drop));
const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
const axisIn = (rank: number) => fc.integer({ min: -rank, max: rank - 1 });
const axesIn = (rank: number) => fc.uniqueArray(axisIn(rank), { selector: (axis) => (axis + rank) % rank, maxLength: rank });

describe('shapes agree with ONNX Runtime', () => {
  property('Conv', fc.tuple(window, fc.constantFrom(1, 2, 4)), ([w, group]) => ({
    op: 'Conv',
    fed: [noise([2, 4, ...w.size])],
    constants: [noise([8, 4 / group, ...w.kernel]), noise([8])],
    attributes: { ...windowAttributes(w), group: int(group) },
  }));

  property('ConvTranspose', fc.tuple(window, fc.constantFrom(1, 2), pair(0, 1)), ([w, group, extra]) => ({
    op: 'ConvTranspose',
    fed: [noise([1, 4, ...w.size])],
    constants: [noise([4, 3, ...w.kernel])],
    attributes: { ...windowAttributes(w), group: int(group), output_padding: ints(extra) },
  }));

  property('ConvTranspose with output_shape', fc.tuple(pair(2, 6), pair(1, 3), pair(4, 9)), ([size, strides, output]) => ({
    op: 'ConvTranspose',
    fed: [noise([1, 2, ...size])],
    constants: [noise([2, 2, 3, 3])],
    attributes: { strides: ints(strides), output_shape: ints(output) },
  }));

  for (const op of ['MaxPool', 'AveragePool', 'LpPool']) {
    property(op, fc.tuple(window, fc.boolean()), ([w, ceil]) => ({
      op,
      fed: [noise([1, 2, ...w.size])],
      attributes: { ...windowAttributes(w), ceil_mode: int(ceil ? 1 : 0) },
      opset: 19,
    }));
  }

  property(
    'Slice',
    shape.chain((dims) =>
      fc.tuple(
        fc.constant(dims),
        axesIn(dims.length).chain((axes) =>
          fc.tuple(
            fc.constant(axes),
            ...axes.map(() =>
              fc.tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -6, max: 6 }), fc.constantFrom(-2, -1, 1, 2)),
            ),
          ),
        ),
      ),
    ),
    ([dims, [axes, ...ranges]]) => ({
      op: 'Slice',
      fed: [noise(dims)],
      constants: [
        int64s(ranges.map(([start]) => start)),
        int64s(ranges.map(([, end]) => end)),
        int64s(axes),
        int64s(ranges.map(([, , step]) => step)),
      ],
    }),
  );

  property(
    'Pad',
    fc.tuple(
      pair(2, 5),
      fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: -1, max: 2 }))),
      fc.constantFrom('constant', 'edge', 'reflect'),
    ),
    ([size, pads, mode]) => ({
      op: 'Pad',
      fed: [noise([1, ...size])],
      constants: [int64s(pads), scalar(0), int64s([1, -1])],
      attributes: { mode: text(mode) },
    }),
  );

  property(
    'Resize by scales',
    fc.tuple(
      pair(1, 9),
      fc.tuple(fc.float({ min: 0.5, max: 3, noNaN: true }), fc.constantFrom(0.5, 1, 2, 1.7)),
      fc.constantFrom('nearest', 'linear'),
    ),
    ([size, scales, mode]) => ({
      op: 'Resize',
      fed: [noise([1, 2, ...size])],
      constants: [null, float32([4], [1, 1, ...scales])],
      attributes: { mode: text(mode) },
    }),
  );

  property(
    'Resize by sizes',
    fc.tuple(pair(1, 9), pair(1, 9), fc.constantFrom('stretch', 'not_larger', 'not_smaller')),
    ([size, sizes, policy]) => ({
      op: 'Resize',
      fed: [noise([1, 2, ...size])],
      constants: [null, null, int64s(sizes)],
      attributes: { axes: ints([2, 3]), keep_aspect_ratio_policy: text(policy) },
    }),
  );

  for (const op of ['ReduceMean', 'ReduceSum', 'ReduceMax', 'ReduceL2']) {
    property(
      op,
      shape.chain((dims) => fc.tuple(fc.constant(dims), axesIn(dims.length), fc.boolean(), fc.boolean())),
      ([dims, axes, keep, noop]) => ({
        op,
        fed: [noise(dims)],
        constants: [int64s(axes)],
        attributes: { keepdims: int(keep ? 1 : 0), noop_with_empty_axes: int(noop ? 1 : 0) },
      }),
    );
  }

  property(
    'Add',
    shape.chain((dims) => fc.tuple(partner(dims), partner(dims))),
    ([a, b]) => ({ op: 'Add', fed: [noise(a), noise(b)] }),
  );
  property(
    'Where',
    shape.chain((dims) => fc.tuple(partner(dims), partner(dims))),
    ([a, b]) => ({
      op: 'Where',
      fed: [{ type: 'bool', dims: a, data: new Uint8Array(sizeOf(a)) }, noise(b), noise(a)],
    }),
  );
  property(
    'MatMul',
    fc.tuple(
      shape.chain((dims) => fc.tuple(partner(dims), partner(dims))),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      fc.boolean(),
    ),
    ([[a, b], inner, vectorA, vectorB]) => ({
      op: 'MatMul',
      fed: [noise(vectorA ? [inner] : [...a, 2, inner]), noise(vectorB ? [inner] : [...b, inner, 3])],
    }),
  );
  property('Gemm', fc.tuple(fc.boolean(), fc.boolean(), fc.constantFrom([], [1], [3], [2, 1], [2, 3])), ([a, b, c]) => ({
    op: 'Gemm',
    fed: [noise(a ? [4, 2] : [2, 4]), noise(b ? [3, 4] : [4, 3]), noise(c)],
    attributes: { transA: int(a ? 1 : 0), transB: int(b ? 1 : 0) },
  }));
  property(
    'Gather',
    shape.chain((dims) => fc.tuple(fc.constant(dims), axisIn(dims.length), fc.constantFrom([], [2], [2, 3]))),
    ([dims, axis, indices]) => ({
      op: 'Gather',
      fed: [noise(dims)],
      constants: [{ type: 'int64', dims: indices, data: new BigInt64Array(sizeOf(indices)) }],
      attributes: { axis: int(axis) },
    }),
  );
  property('Split', fc.tuple(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 1, max: 4 })), ([length, count]) => ({
    op: 'Split',
    fed: [noise([2, length])],
    attributes: { axis: int(-1), num_outputs: int(count) },
    outputs: count,
  }));
  property(
    'Flatten',
    shape.chain((dims) => fc.tuple(fc.constant(dims), fc.integer({ min: -dims.length, max: dims.length }))),
    ([dims, axis]) => ({
      op: 'Flatten',
      fed: [noise(dims)],
      attributes: { axis: int(axis) },
    }),
  );
  property('Reshape', fc.constantFrom([0, -1], [-1], [0, 0, 4], [2, 1, 12], [-1, 0], [3, 8], [0, 5]), (wanted) => ({
    op: 'Reshape',
    fed: [noise([2, 3, 4])],
    constants: [int64s(wanted)],
  }));
  property(
    'Expand',
    shape.chain((dims) => fc.tuple(partner(dims), partner(dims))),
    ([a, b]) => ({ op: 'Expand', fed: [noise(a)], constants: [int64s(b)] }),
  );
});

const image = noise([1, 4, 6, 8]);
const indices: Tensor = { type: 'int64', dims: [2, 2], data: new BigInt64Array(4) };
const bytes = (dims: readonly number[]): Tensor => ({ type: 'uint8', dims, data: new Uint8Array(sizeOf(dims)) });
const zero: Tensor = bytes([]);

/** One case of every other operator; each must be one ONNX Runtime takes. */
const CASES: readonly OneNode[] = [
  { op: 'BatchNormalization', fed: [image], constants: [1, 2, 3, 4].map(() => noise([4])) },
  { op: 'InstanceNormalization', fed: [image], constants: [noise([4]), noise([4])] },
  { op: 'LayerNormalization', fed: [image], constants: [noise([8]), noise([8])], outputs: 3 },
  { op: 'LayerNormalization', fed: [image], constants: [noise([6, 8])], attributes: { axis: int(2) }, outputs: 2 },
  { op: 'LRN', fed: [image], attributes: { size: int(3) } },
  ...[
    'Relu',
    'LeakyRelu',
    'Sigmoid',
    'HardSigmoid',
    'HardSwish',
    'Tanh',
    'Elu',
    'Selu',
    'Celu',
    'Mish',
    'Erf',
    'Softplus',
    'Softsign',
    'Abs',
    'Neg',
  ].map((op) => ({ op, fed: [image] })),
  ...[
    'Exp',
    'Log',
    'Sqrt',
    'Sign',
    'Floor',
    'Ceil',
    'Round',
    'Reciprocal',
    'Sin',
    'Cos',
    'IsNaN',
    'Identity',
    'Softmax',
    'LogSoftmax',
    'Size',
  ].map((op) => ({ op, fed: [image] })),
  { op: 'Gelu', fed: [image], opset: 20 },
  { op: 'Clip', fed: [image], constants: [null, scalar(1)] },
  { op: 'PRelu', fed: [image], constants: [noise([4, 1, 1])] },
  ...['Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max', 'Sum', 'Mean', 'Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'].map(
    (op) => ({ op, fed: [image, noise([6, 1])] }),
  ),
  { op: 'Mod', fed: [image, noise([8])], attributes: { fmod: int(1) } },
  ...['GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool'].map((op) => ({ op, fed: [image] })),
  { op: 'MaxPool', fed: [image], attributes: { kernel_shape: ints([2, 2]) }, outputs: 2 },
  { op: 'ArgMax', fed: [image], attributes: { axis: int(-2), keepdims: int(0) } },
  { op: 'TopK', fed: [image], constants: [int64s([3])], outputs: 2 },
  { op: 'Einsum', fed: [noise([2, 3, 4]), noise([2, 4, 5])], attributes: { equation: text('bij, bjk -> bik') } },
  { op: 'Einsum', fed: [noise([3, 4]), noise([4, 2])], attributes: { equation: text('ij,jk') } },
  { op: 'Einsum', fed: [noise([2, 3, 4, 5]), noise([2, 6, 4, 5])], attributes: { equation: text('bihd,bjhd->bhij') } },
  { op: 'Transpose', fed: [image], attributes: { perm: ints([0, 2, 3, 1]) } },
  { op: 'Transpose', fed: [image] },
  { op: 'Squeeze', fed: [noise([1, 3, 1])] },
  { op: 'Squeeze', fed: [noise([1, 3, 1])], constants: [int64s([-1])] },
  { op: 'Unsqueeze', fed: [noise([3])], constants: [int64s([0, -1])] },
  { op: 'Concat', fed: [image, noise([1, 2, 6, 8])], attributes: { axis: int(-3) } },
  { op: 'Split', fed: [image], constants: [int64s([1, 3])], attributes: { axis: int(1) }, outputs: 2 },
  { op: 'GatherElements', fed: [noise([3, 3])], constants: [indices] },
  { op: 'GatherND', fed: [noise([3, 3, 4])], constants: [indices] },
  { op: 'ScatterElements', fed: [noise([3, 3])], constants: [indices, noise([2, 2])] },
  { op: 'ScatterND', fed: [noise([3, 3, 4])], constants: [indices, noise([2, 4])] },
  { op: 'Tile', fed: [noise([2, 3])], constants: [int64s([2, 1])] },
  { op: 'Shape', fed: [image], attributes: { start: int(1), end: int(-1) } },
  { op: 'ConstantOfShape', fed: [], constants: [int64s([2, 3])] },
  { op: 'Range', fed: [], constants: [int64(1), int64(8), int64(3)] },
  { op: 'Constant', fed: [], attributes: { value_floats: floats([1, 2]) } },
  { op: 'Dropout', fed: [image], outputs: 2 },
  { op: 'Cast', fed: [image], attributes: { to: int(7) } },
  { op: 'CastLike', fed: [image], constants: [int64(1)] },
  { op: 'OneHot', fed: [indices], constants: [int64(5), float32([2], [0, 1])], attributes: { axis: int(1) } },
  { op: 'CumSum', fed: [image], constants: [int64(1)] },
  { op: 'DepthToSpace', fed: [image], attributes: { blocksize: int(2) } },
  { op: 'SpaceToDepth', fed: [image], attributes: { blocksize: int(2) } },
  { op: 'QuantizeLinear', fed: [image], constants: [scalar(0.1), zero] },
  { op: 'DequantizeLinear', fed: [bytes([2, 3])], constants: [scalar(0.1), zero] },
  { op: 'DynamicQuantizeLinear', fed: [image], outputs: 3 },
  { op: 'ConvInteger', fed: [bytes([1, 2, 5, 5])], constants: [bytes([3, 2, 3, 3])] },
  { op: 'MatMulInteger', fed: [bytes([2, 3]), bytes([3, 4])] },
  {
    op: 'QLinearConv',
    fed: [bytes([1, 2, 5, 5])],
    constants: [scalar(1), zero, bytes([3, 2, 3, 3]), scalar(1), zero, scalar(1), zero],
  },
  { op: 'QLinearMatMul', fed: [bytes([2, 3])], constants: [scalar(1), zero, bytes([3, 4]), scalar(1), zero, scalar(1), zero] },
  { op: 'RandomNormalLike', fed: [image] },
  { op: 'RandomUniformLike', fed: [image], attributes: { high: float(2) } },
  { op: 'Col2Im', fed: [noise([1, 8, 4])], constants: [int64s([3, 3]), int64s([2, 2])] },
  { op: 'GridSample', fed: [image, noise([1, 2, 3, 2])] },
];

describe('every operator, once', () => {
  it.each(CASES.map((one) => [one.op, one] as const))('%s', async (_, one) => {
    expect(await agree(one)).toBe(true);
  });
});

describe('errors name the node', () => {
  const refused = (one: OneNode) => inferred(one);
  it.each<[string, OneNode, string]>([
    ['an operator nobody knows', { op: 'Frobnicate', fed: [image] }, 'unsupported-operator'],
    ['channels that do not fit', { op: 'Conv', fed: [image], constants: [noise([2, 3, 1, 1])] }, 'shape-mismatch'],
    [
      'a window larger than its input',
      { op: 'MaxPool', fed: [image], attributes: { kernel_shape: ints([9, 9]) } },
      'shape-mismatch',
    ],
    ['a shape known at run time only', { op: 'Reshape', fed: [image, int64s([-1])] }, 'dynamic-shape'],
    ['an axis too far', { op: 'Concat', fed: [image], attributes: { axis: int(4) } }, 'shape-mismatch'],
    ['an absurd size', { op: 'ConstantOfShape', fed: [], constants: [int64s([2 ** 40])] }, 'shape-mismatch'],
  ])('%s', (_, one, code) => {
    expect(refused(one)).toMatchObject({ code, message: expect.stringContaining('“node”') });
  });
});
