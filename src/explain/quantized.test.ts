import { describe, expect, it } from 'vitest';
import { type Graph, ints, type Node } from '../graph/graph.ts';
import { float32, scalar, type Tensor } from '../graph/tensor.ts';
import { node } from '../graph/testing.ts';
import { findClassifier } from './find-classifier.ts';
import { explainers } from './registry.ts';
import { Draw, oneClass, run } from './tiny-nets.ts';

/** A value rounded to 8 bits and back, as quantisers write it. The scale is a constant `name_scale`. */
const rounded = (value: string): Node[] => [
  node('QuantizeLinear', [value, `${value}_scale`, 'zero'], `${value}_codes`),
  node('DequantizeLinear', [`${value}_codes`, `${value}_scale`, 'zero'], `${value}_rounded`),
];

const SCALE = 0.05;

/** A convolution, a pool and a head with everything in between rounded; `top` bounds the scores, so that larger ones are cut off. */
function quantizedNet(draw: Draw, top: number): Graph {
  const zero: Tensor = { type: 'int8', dims: [], data: Int8Array.of(0) };
  const scales = ['image', 'kept', 'pooled'].map((name) => [`${name}_scale`, scalar(SCALE)] as const);
  return {
    name: 'quantized',
    opsets: new Map([['', 18]]),
    inputs: [{ name: 'image', type: 'float32', dims: [1, 3, 8, 8] }],
    outputs: [{ name: 'scores_rounded', type: 'float32', dims: [1, 4] }],
    nodes: [
      ...rounded('image'),
      node('Conv', ['image_rounded', 'kernel', 'bias'], 'convolved', { pads: ints([1, 1, 1, 1]) }),
      node('Relu', ['convolved'], 'kept'),
      ...rounded('kept'),
      node('GlobalAveragePool', ['kept_rounded'], 'pooled'),
      ...rounded('pooled'),
      node('Flatten', ['pooled_rounded'], 'flat'),
      node('Gemm', ['flat', 'weight', 'shift'], 'scores'),
      ...rounded('scores'),
    ],
    initializers: new Map<string, Tensor>([
      ...scales,
      ['scores_scale', scalar(top / 127)],
      ['zero', zero],
      ['kernel', draw.tensor([6, 3, 3, 3], 0.5)],
      ['bias', draw.tensor([6], 0.3)],
      ['weight', draw.tensor([6, 4])],
      ['shift', draw.tensor([4])],
    ]),
    values: new Map(),
    metadata: new Map(),
  };
}

describe('a quantised model (QuantizeLinear and DequantizeLinear around its operators)', () => {
  const draw = new Draw(5);
  // So small a bound cuts every score off.
  const { classifier, notices } = findClassifier(quantizedNet(draw, 1e-3));
  const image = draw.tensor([1, 3, 8, 8]);
  const feeds = { image, target: oneClass(classifier, 1) };

  it('is explained by its scores before they are rounded', async () => {
    expect(classifier.logits).toBe('scores');
    expect(notices.join()).toContain('rounds its class scores');
    expect(explainers.gradient.obstacle(classifier)).toBeNull();
    const { attribution } = await run(explainers.gradient.compile(classifier).graph, feeds);
    expect(attribution?.some((value) => value !== 0)).toBe(true);
  });

  it('keeps the whole relevance: Σ map is the score', async () => {
    const { map, score } = await run(explainers.srd.compile(classifier).graph, feeds);
    const sum = map?.reduce((a, b) => a + b, 0) ?? Number.NaN;
    expect(sum).toBeCloseTo(score?.[0] ?? Number.NaN, 4);
  });

  it('differentiates as the model without rounding does where nothing is cut off', async () => {
    const bare = quantizedNet(new Draw(5), 1);
    const exact: Graph = {
      ...bare,
      nodes: bare.nodes
        .filter(({ op }) => !op.endsWith('Linear'))
        .map((each) => ({ ...each, inputs: each.inputs.map((name) => name.replace('_rounded', '')) })),
      outputs: [{ name: 'scores', type: 'float32', dims: [1, 4] }],
    };
    const steps = float32(
      [1, 3, 8, 8],
      image.data.map((value) => Math.round(value / SCALE) * SCALE),
    );
    const wanted = await run(explainers.gradient.compile(findClassifier(exact).classifier).graph, { ...feeds, image: steps });
    const { attribution } = await run(explainers.gradient.compile(classifier).graph, { ...feeds, image: steps });
    expect(attribution).toHaveLength(wanted.attribution?.length ?? 0);
    attribution?.forEach((value, index) => {
      expect(value).toBeCloseTo(wanted.attribution?.[index] ?? Number.NaN, 5);
    });
  });
});
