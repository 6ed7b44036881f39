import { describe, expect, it } from 'vitest';
import { relativeError } from '../../test/relative-error.ts';
import { findClassifier } from '../explain/find-classifier.ts';
import type { LearnerInput } from '../fewshot/learner-card.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { ints } from '../graph/graph.ts';
import { float32, type Tensor } from '../graph/tensor.ts';
import { uniform } from '../random.ts';
import { guessPreprocessing } from './guess-preprocessing.ts';
import { learnerInput } from './learner-input.ts';
import { preprocess } from './preprocess.ts';

interface Sketch {
  readonly dims?: readonly number[];
  readonly metadata?: ReadonlyMap<string, string>;
  /** Grows what stands between image and first convolution. */
  readonly front?: (builder: GraphBuilder, image: string) => string;
  /** Value of every weight of the convolution. */
  readonly weight?: number;
}

/** A small classifier: front, convolution, global pooling. */
function guessFor({ dims = [1, 3, 224, 224], metadata = new Map(), front, weight = 0.2 }: Sketch) {
  const builder = new GraphBuilder({
    name: 'sketch',
    opsets: new Map([['', 18]]),
    inputs: [],
    outputs: [],
    nodes: [],
    initializers: new Map(),
    values: new Map(),
    metadata,
    types: new Map(),
  });
  const image = builder.input('image', 'float32', dims);
  const changed = front?.(builder, image) ?? image;
  const planes = dims[3] === 3 ? builder.transpose(changed, [0, 3, 1, 2]) : changed;
  const channels = builder.shape(planes)[1] ?? 1;
  const kernel = builder.add(float32([5, channels, 3, 3], new Float32Array(5 * channels * 9).fill(weight)));
  const maps = builder.emit('Conv', [planes, kernel], { kernel_shape: ints([3, 3]) });
  const pooled = builder.emit('GlobalAveragePool', [maps]);
  const { classifier } = findClassifier(builder.finish([{ value: builder.reshape(pooled, [1, 5]), name: 'scores' }]));
  return guessPreprocessing(classifier);
}

const perChannel = (builder: GraphBuilder, values: readonly number[]) => builder.add(float32([1, 3, 1, 1], values));

describe('guessPreprocessing', () => {
  it('takes layout and size from the input and ImageNet values by convention', () => {
    expect(guessFor({}).preprocessing).toEqual({
      layout: 'NCHW',
      height: 224,
      width: 224,
      channels: 'RGB',
      scale: 1,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      resizeShort: 256,
      interpolation: 'bilinear',
    });
  });

  it('knows channels-last and gray networks', () => {
    expect(guessFor({ dims: [1, 224, 224, 3] }).preprocessing).toMatchObject({
      layout: 'NHWC',
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    });
    expect(guessFor({ dims: [1, 1, 28, 28] }).preprocessing).toMatchObject({
      channels: 'gray',
      mean: [0],
      std: [1],
      resizeShort: 28,
      interpolation: 'bilinear',
    });
  });

  it('believes the metadata first', () => {
    const metadata = new Map([
      ['mean', '[123.675, 116.28, 103.53]'],
      ['std', '[58.395, 57.12, 57.375]'],
    ]);
    expect(guessFor({ metadata }).preprocessing).toMatchObject({
      scale: 255,
      mean: [123.675, 116.28, 103.53],
      std: [58.395, 57.12, 57.375],
    });
  });

  describe('of a network saved from an adapted few-shot learner', () => {
    const small = { mean: [0.4], std: [0.25], channels: 1, height: 12, width: 12, resize: null } as const;
    const inputs: readonly (readonly [string, LearnerInput, number])[] = [
      ['dark ink', { ...small, mean: [...small.mean], std: [...small.std], ink: 'dark' }, 12],
      ['light ink', { ...small, mean: [...small.mean], std: [...small.std], ink: 'light' }, 12],
      ['colours', { ...small, channels: 3, mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3], ink: null }, 12],
      [
        'a classifier’s photograph',
        {
          ...small,
          channels: 3,
          mean: [0.5, 0.4, 0.3],
          std: [0.2, 0.25, 0.3],
          ink: null,
          resize: { short: 14, interpolation: 'bicubic' },
        },
        30,
      ],
    ];
    it.each(inputs)('gives a picture the learner’s own input: %s', (_, input, side) => {
      const metadata = new Map([['input', JSON.stringify(input)]]);
      const { preprocessing } = guessFor({ dims: [1, input.channels, 12, 12], metadata });
      const random = uniform(3);
      const data = Uint8Array.from({ length: side * side * 3 }, () => Math.floor(256 * random()));
      const picture = { width: side, height: side, channels: 3, data } as const;
      const error = relativeError(preprocess(picture, preprocessing, 'crop').input, learnerInput(picture, input));
      expect(error).toBeLessThan(1e-6);
    });

    it('unless it is another’s, or of another size', () => {
      const usual = guessFor({});
      const [, input] = inputs[2] ?? [];
      for (const said of ['images', '{"mean": 3}', JSON.stringify(input)]) {
        expect(guessFor({ metadata: new Map([['input', said]]) })).toEqual(usual);
      }
    });
  });

  it.each([
    ['subtraction of 127.5', 255, (b: GraphBuilder, x: string) => b.divide(b.subtract(x, b.scalar(127.5)), b.scalar(127.5))],
    ['subtraction of ImageNet means', 1, (b: GraphBuilder, x: string) => b.subtract(x, perChannel(b, [0.485, 0.456, 0.406]))],
    ['division by 255', 255, (b: GraphBuilder, x: string) => b.divide(x, b.scalar(255))],
    ['multiplication by 1/255', 255, (b: GraphBuilder, x: string) => b.multiply(x, b.scalar(1 / 255))],
  ] as const)('sees that the graph normalises by itself: %s', (_, scale, front) => {
    const { preprocessing, grounds } = guessFor({ front });
    expect(preprocessing).toMatchObject({ scale, mean: [0, 0, 0], std: [1, 1, 1] });
    expect(grounds).toContain('normalises by itself');
  });

  it.each([
    [2 / 255, 128, { scale: 1, mean: [0.5, 0.5, 0.5] }],
    [1, 0, { scale: 255, mean: [0, 0, 0] }],
    [1 / 255, 0, { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] }],
    [4.8 / 255, 114, { scale: 1, mean: [0.485, 0.456, 0.406] }],
  ] as const)('reads the range of a quantised input (step %d, zero %d)', (step, zero, wanted) => {
    const front = (builder: GraphBuilder, image: string) => {
      const zeroPoint: Tensor = { type: 'uint8', dims: [], data: Uint8Array.of(zero) };
      const parameters = [builder.add(float32([], [step])), builder.add(zeroPoint)];
      return builder.emit('DequantizeLinear', [builder.emit('QuantizeLinear', [image, ...parameters]), ...parameters]);
    };
    expect(guessFor({ front }).preprocessing).toMatchObject(wanted);
  });

  it('takes very small first weights for inputs of 0…255', () => {
    expect(guessFor({ weight: 0.001 }).preprocessing.scale).toBe(255);
  });
});
