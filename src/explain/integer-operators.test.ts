import { describe, expect, it } from 'vitest';
import { relativeError } from '../../test/relative-error.ts';
import { type Graph, int, ints, type Node } from '../graph/graph.ts';
import { type FloatTensor, scalar, type Tensor } from '../graph/tensor.ts';
import type { MethodId } from './explainer.ts';
import { findClassifier } from './find-classifier.ts';
import { explainers } from './registry.ts';
import { Draw, oneClass, run } from './tiny-nets.ts';

const node = (op: string, inputs: string[], outputs: string[], attributes: Node['attributes'] = {}): Node => ({
  op,
  domain: '',
  name: `${op} of ${inputs[0]}`,
  inputs,
  outputs,
  attributes,
});

/** Unsigned 8-bit codes around 128, and their scale. */
function quantized(name: string, { dims, data }: FloatTensor): [string, Tensor][] {
  const step = Math.max(...data.map(Math.abs)) / 127;
  const codes = Uint8Array.from(data, (value) => 128 + Math.round(value / step));
  return [
    [`${name}_codes`, { type: 'uint8', dims, data: codes }],
    [`${name}_step`, scalar(step)],
  ];
}

const draw = new Draw(3);
const kernel = draw.tensor([6, 3, 3, 3], 0.4);
const weight = draw.tensor([6, 4]);
const image = draw.tensor([1, 3, 12, 14]);
const pads = { pads: ints([1, 1, 1, 1]) };

/** As dynamic quantisation writes a linear operator: codes of the input made on the way, 32-bit sums, and their scale. */
const dynamic = (op: string, input: string, weights: string, output: string, attributes: Node['attributes'] = {}) => [
  node('DynamicQuantizeLinear', [input], [`${input}_codes`, `${input}_step`, `${input}_zero`]),
  node(op, [`${input}_codes`, `${weights}_codes`, `${input}_zero`, 'middle'], [`${output}_sums`], attributes),
  node('Cast', [`${output}_sums`], [`${output}_cast`], { to: int(1) }),
  node('Mul', [`${input}_step`, `${weights}_step`], [`${output}_step`]),
  node('Mul', [`${output}_cast`, `${output}_step`], [output]),
];

/** The convolution and the head of one small net, in float32 or with integer operators. */
const CONVOLUTION = {
  float: [node('Conv', ['image', 'kernel'], ['convolved'], pads)],
  dynamic: dynamic('ConvInteger', 'image', 'kernel', 'convolved', pads),
  static: [
    node('QuantizeLinear', ['image', 'fixed_step', 'middle'], ['image_codes']),
    node(
      'QLinearConv',
      ['image_codes', 'fixed_step', 'middle', 'kernel_codes', 'kernel_step', 'middle', 'out_step', 'middle'],
      ['convolved_codes'],
      pads,
    ),
    node('DequantizeLinear', ['convolved_codes', 'out_step', 'middle'], ['convolved']),
  ],
};
const HEAD = {
  float: [node('MatMul', ['flat', 'weight'], ['scores'])],
  dynamic: dynamic('MatMulInteger', 'flat', 'weight', 'scores'),
  static: [node('MatMul', ['flat', 'weight'], ['scores'])],
};

function net(kind: keyof typeof CONVOLUTION): Graph {
  return {
    name: kind,
    opsets: new Map([['', 17]]),
    inputs: [{ name: 'image', type: 'float32', dims: [1, 3, 12, 14] }],
    outputs: [{ name: 'scores', type: 'float32', dims: [1, 4] }],
    nodes: [
      ...CONVOLUTION[kind],
      node('Relu', ['convolved'], ['kept']),
      node('GlobalAveragePool', ['kept'], ['pooled']),
      node('Flatten', ['pooled'], ['flat']),
      ...HEAD[kind],
    ],
    initializers: new Map<string, Tensor>([
      ['kernel', kernel],
      ['weight', weight],
      ...quantized('kernel', kernel),
      ...quantized('weight', weight),
      ['fixed_step', scalar(1 / 127)],
      ['out_step', scalar(0.03)],
      ['middle', { type: 'uint8', dims: [], data: Uint8Array.of(128) }],
    ]),
    values: new Map(),
    metadata: new Map(),
  };
}

async function mapOf(kind: keyof typeof CONVOLUTION, method: 'occlusion' | 'rise') {
  const { classifier } = findClassifier(net(kind));
  const program = explainers[method].compile(classifier, method === 'rise' ? { steps: 40, seed: 2 } : { patch: 4, stride: 2 });
  const { map } = await run(program.standalone(), { image, target: oneClass(classifier, 2) });
  return map ?? new Float32Array(0);
}

const GRADIENT_METHODS: readonly MethodId[] = ['gradient', 'gradient-x-input', 'integrated-gradients', 'smoothgrad', 'srd'];

describe.each([
  ['dynamic', /DynamicQuantizeLinear “DynamicQuantizeLinear of image”/, /ConvInteger|DynamicQuantizeLinear/],
  ['static', /QLinearConv “QLinearConv of image_codes”/, /QLinearConv/],
] as const)('a model that computes with codes (%s quantisation)', (kind, named, onTheWay) => {
  it.each(['occlusion', 'rise'] as const)('is explained by %s as its float32 original is, up to the rounding', async (method) => {
    const { classifier } = findClassifier(net(kind));
    expect(explainers[method].obstacle(classifier)).toBeNull();
    const [map, original] = [await mapOf(kind, method), await mapOf('float', method)];
    expect(relativeError(map, original)).toBeLessThan(0.05);
  });

  it('has no gradient, and says at which operator and node and what still works', () => {
    const { classifier } = findClassifier(net(kind));
    expect(explainers.gradient.obstacle(classifier)?.message).toMatch(named);
    for (const method of [...GRADIENT_METHODS, 'erf'] as const) {
      const obstacle = explainers[method].obstacle(classifier);
      expect(obstacle?.message).toMatch(onTheWay);
      expect(obstacle?.remedy).toBe('Occlusion and RISE work for every model whatever its operators.');
      expect(() => explainers[method].compile(classifier)).toThrow(onTheWay);
    }
  });
});
