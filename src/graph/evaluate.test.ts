import { describe, expect, it } from 'vitest';
import { evaluateNode } from './evaluate.ts';
import { type Attributes, int, ints, tensorValue } from './graph.ts';
import { inferNode } from './infer.ts';
import { float32, int64, int64s, numbers, scalar, sizeOf, type Tensor } from './tensor.ts';
import { inputTypes, noise, oneNode, run } from './testing.ts';

interface Case {
  readonly op: string;
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes?: Attributes;
  readonly outputs?: number;
}

const bytes = (dims: readonly number[], type: 'int8' | 'uint8'): Tensor => {
  const values = Array.from({ length: sizeOf(dims) }, (_, index) => (index * 37) % 256);
  return type === 'int8' ? { type, dims, data: Int8Array.from(values) } : { type, dims, data: Uint8Array.from(values) };
};
const bools: Tensor = { type: 'bool', dims: [3, 1], data: Uint8Array.of(1, 0, 1) };
const weights = noise([2, 3, 4]);
const positive = float32([2, 3], [0.5, 1, 1.5, 2.5, 3.5, 4]);
const signed = int64s([-7, 7, -6, 5]);
const unary = [
  'Neg',
  'Abs',
  'Floor',
  'Ceil',
  'Round',
  'Sign',
  'Sqrt',
  'Exp',
  'Log',
  'Reciprocal',
  'Relu',
  'Sin',
  'Cos',
  'Tanh',
  'Sigmoid',
];
const binary = ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max', 'Sum', 'Mean'];
const comparisons = ['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'];
const reductions = ['ReduceSum', 'ReduceProd', 'ReduceMax', 'ReduceMin', 'ReduceMean'];

const CASES: readonly Case[] = [
  ...unary.map((op) => ({ op, inputs: [positive] })),
  ...binary.map((op) => ({ op, inputs: [positive, float32([3], [2, -1, 0.5])] })),
  ...comparisons.map((op) => ({ op, inputs: [positive, float32([2, 1], [1, 3.5])] })),
  ...['Add', 'Sub', 'Mul', 'Div', 'Mod'].map((op) => ({ op, inputs: [signed, int64(3)] })),
  ...['And', 'Or', 'Xor'].map((op) => ({ op, inputs: [bools, { type: 'bool', dims: [2], data: Uint8Array.of(1, 0) } as const] })),
  ...reductions.flatMap((op) => [
    { op, inputs: [weights, int64s([-1, 0])], attributes: { keepdims: int(0) } },
    { op, inputs: [weights] },
  ]),
  { op: 'Mod', inputs: [positive, scalar(-0.7)], attributes: { fmod: int(1) } },
  { op: 'Not', inputs: [bools] },
  { op: 'Where', inputs: [bools, float32([2], [1, 2]), scalar(3)] },
  { op: 'Clip', inputs: [weights, null, scalar(0.25)] },
  { op: 'Cast', inputs: [float32([3], [-1.7, 0, 2.9])], attributes: { to: int(7) } },
  { op: 'Cast', inputs: [float32([3], [-1.7, 0, 2.9])], attributes: { to: int(9) } },
  { op: 'Transpose', inputs: [weights], attributes: { perm: ints([2, 0, 1]) } },
  { op: 'Transpose', inputs: [int64s([1, 2])] },
  { op: 'Reshape', inputs: [weights, int64s([4, -1])] },
  { op: 'Slice', inputs: [weights, int64s([-1, 5]), int64s([0, -9]), int64s([1, 2]), int64s([-1, -2])] },
  { op: 'Slice', inputs: [signed, int64s([1]), int64s([2 ** 53])] },
  {
    op: 'Gather',
    inputs: [weights, { type: 'int64', dims: [2, 2], data: BigInt64Array.of(0n, -1n, 1n, 0n) }],
    attributes: { axis: int(1) },
  },
  { op: 'Gather', inputs: [signed, int64(-1)] },
  { op: 'Split', inputs: [weights, int64s([1, 2])], attributes: { axis: int(-2) }, outputs: 2 },
  { op: 'Concat', inputs: [weights, noise([2, 1, 4], 3)], attributes: { axis: int(1) } },
  { op: 'Expand', inputs: [float32([2, 1], [1, 2]), int64s([3, 1, 2])] },
  { op: 'Range', inputs: [int64(9), int64(0), int64(-4)] },
  { op: 'ConstantOfShape', inputs: [int64s([2, 2])], attributes: { value: tensorValue(int64s([7])) } },
  {
    op: 'DequantizeLinear',
    inputs: [bytes([2, 3], 'uint8'), scalar(0.1), { type: 'uint8', dims: [], data: Uint8Array.of(128) }],
  },
  {
    op: 'DequantizeLinear',
    inputs: [bytes([2, 3, 2], 'int8'), float32([3], [0.1, 0.2, 2]), { type: 'int8', dims: [3], data: Int8Array.of(0, -3, 5) }],
    attributes: { axis: int(1) },
  },
];

describe('evaluateNode agrees with ONNX Runtime', () => {
  it.each(CASES.map((one, index) => [`${one.op} ${index}`, one] as const))(
    '%s',
    async (_, { op, inputs, attributes, outputs }) => {
      const one = { op, fed: [], constants: inputs, attributes, outputs };
      const graph = oneNode(one);
      const [node] = graph.nodes;
      if (node === undefined) throw new Error('no node');
      const types = inferNode(node, inputTypes(one), (name) => graph.initializers.get(name), graph.opsets);
      const values = evaluateNode(
        node,
        inputs.map((input) => input ?? undefined),
        types,
      );
      const stated = graph.outputs.map((output, index) => ({ ...output, type: types[index]?.type ?? output.type }));
      const results = await run({ ...graph, outputs: stated });
      expect(values).toHaveLength(outputs ?? 1);
      values?.forEach((value, index) => {
        const theirs = results[`y${index}`];
        if (theirs === undefined) throw new Error('no output');
        expect(value.dims).toEqual(theirs.dims);
        expect(value.type).toBe(theirs.type);
        const expected = Array.from(theirs.data as ArrayLike<number | bigint>, Number);
        for (const [place, number] of numbers(value).entries()) expect(number).toBeCloseTo(expected[place] ?? Number.NaN, 5);
      });
    },
  );
});
