import { describe, expect, it } from 'vitest';
import { relativeError } from '../../test/relative-error.ts';
import { emptyGraph, GraphBuilder } from '../graph/builder.ts';
import { int } from '../graph/graph.ts';
import { float32 } from '../graph/tensor.ts';
import { uniform } from '../random.ts';
import { conv4, protoNetCard } from './conv4.ts';
import { joinLearner, predictedWays } from './learner.ts';
import type { SimpleShotCard } from './learner-card.ts';
import { adapt, predict } from './learners.ts';
import { classMeans, predictByPrototypes } from './protonet.ts';
import { centredAndNormalised } from './simpleshot.ts';
import { wasmRunner } from './testing.ts';

describe('prototypes', () => {
  it('are class means, of as many examples as each class has', () => {
    const features = Float32Array.of(1, 2, 3, 4, 10, 20);
    expect([...classMeans(features, [1, 1, 0], 2)]).toEqual([10, 20, 2, 3]);
  });

  it('score by the negative squared distance', () => {
    const { scores, probabilities, logits } = predictByPrototypes(Float32Array.of(1, 1), Float32Array.of(1, 1, 2, 3), 2);
    expect([...scores]).toEqual([-0, -5]);
    expect(probabilities[0]).toBeCloseTo(1 / (1 + Math.exp(-5)), 6);
    expect(logits).toBeNull();
  });

  it('give ties to the lower class', () => {
    expect(predictedWays(Float32Array.of(1, 1, 0, 2, 3, 3), 3)).toEqual([0, 1]);
  });
});

describe('ProtoNet', () => {
  const shape = { channels: 1, side: 16, filters: 4, nodes: 5 } as const;
  const learner = joinLearner(protoNetCard(shape), conv4(shape, 1));
  const draw = uniform(4);
  const images = (count: number) => Float32Array.from({ length: count * 256 }, () => draw());

  it('takes any number of classes and uneven shots', async () => {
    const run = wasmRunner();
    const labels = [0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8];
    const support = images(labels.length);
    const adapted = await adapt(learner, { images: support, labels, ways: 9 }, {}, run);
    const { scores, features } = await predict(learner, adapted, support, run);
    expect(scores.length).toBe(labels.length * 9);
    expect(features.length).toBe(labels.length * 4);
    // A class of one example has it as its prototype.
    expect(scores[0]).toBeCloseTo(0, 6);
    expect(predictedWays(scores, 9)[0]).toBe(0);
  });
});

describe('SimpleShot', () => {
  /** Pools a picture of two channels: the features are its channels' means. Its file takes one image at a time. */
  function pooling() {
    const net = new GraphBuilder(emptyGraph('pooling'));
    const image = net.input('image', 'float32', [1, 3, 2, 2]);
    const features = net.emit('Flatten', [net.emit('GlobalAveragePool', [image])], { axis: int(1) }, 'flatten');
    const weight = net.add(float32([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]), 'weight');
    const logits = net.emit('Gemm', [features, weight], {}, 'logits');
    return net.finish([{ value: logits, name: 'logits' }]);
  }

  const card: SimpleShotCard = {
    ...protoNetCard({ channels: 3, side: 2, filters: 1, nodes: 2 }),
    kind: 'simpleshot',
    name: 'simpleshot',
    features: 3,
    tensor: 'flatten',
    centre: [0.5, 0.5, 0.5],
  };

  it('centres and normalises, and keeps a feature at the centre at zero', () => {
    const rows = centredAndNormalised(Float32Array.of(3.5, 4.5, 0.5, 0.5, 0.5, 0.5), [0.5, 0.5, 0.5]);
    expect(relativeError(rows, [0.6, 0.8, 0, 0, 0, 0])).toBeLessThan(1e-6);
  });

  it('runs image by image on the features in the middle of a classifier', async () => {
    const learner = joinLearner(card, pooling());
    const keys: string[] = [];
    const run = wasmRunner();
    const watched: typeof run = (key, ...rest) => {
      keys.push(key);
      return run(key, ...rest);
    };
    const flat = (r: number, g: number, b: number) => [r, g, b].flatMap((value) => new Array<number>(4).fill(value));
    const support = { images: Float32Array.from([...flat(1, 0.5, 0.5), ...flat(0.5, 3, 0.5)]), labels: [0, 1], ways: 2 };
    const adapted = await adapt(learner, support, {}, watched);
    expect(new Set(keys)).toEqual(new Set(['forward/1']));
    // Brightness does not count, direction does.
    const { scores, features } = await predict(learner, adapted, Float32Array.from(flat(9, 0.5, 0.5)), run);
    expect([...features]).toEqual([1, 0, 0]);
    expect(relativeError(scores, [0, -2])).toBeLessThan(1e-6);
  });

  it('is refused where its tensor is not in the model', () => {
    expect(() => joinLearner({ ...card, tensor: 'pooled' }, pooling())).toThrow('computes no “pooled”');
    expect(() => joinLearner({ ...card, features: 4, centre: [0, 0, 0, 0] }, pooling())).toThrow('gives 3 features');
  });
});
