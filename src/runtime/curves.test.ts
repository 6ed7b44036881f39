import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areaUnder, blurredImage, meanImage, orderByRelevance, probability, relevanceCurves, resampleMap } from './curves.ts';

const SHAPE = { layout: 'NCHW', channels: 1, height: 4, width: 4 } as const;

describe('orderByRelevance', () => {
  it('sorts by falling value, ties in image order, NaN last', () => {
    expect([...orderByRelevance(Float32Array.of(1, 3, Number.NaN, 3, -2, 1))]).toEqual([1, 3, 0, 5, 4, 2]);
  });

  it('is a permutation whatever the values', () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 40 }), (values) => {
        expect([...orderByRelevance(values)].sort((a, b) => a - b)).toEqual([...values.keys()]);
      }),
      { seed: 5 },
    );
  });
});

describe('probability', () => {
  it('is the softmax, and does not overflow', () => {
    expect(probability(Float32Array.of(0, Math.log(3)), { plus: 1 })).toBeCloseTo(0.75, 6);
    expect(probability(Float32Array.of(-1e4, 1e4), { plus: 0 })).toBe(0);
    expect(probability(Float32Array.of(5, Math.log(3), 0), { plus: 1, minus: 2 })).toBeCloseTo(0.75, 6);
  });
});

describe('the images curves start from and end in', () => {
  it('keep a uniform image, and the mean of any image', () => {
    const uniform = new Float32Array(16).fill(0.3);
    for (const value of blurredImage(uniform, SHAPE)) expect(value).toBeCloseTo(0.3, 6);
    const image = Float32Array.from({ length: 24 }, (_, index) => index % 3);
    const mean = meanImage(image, { layout: 'NHWC', channels: 3, height: 2, width: 4 });
    expect([...mean.slice(0, 3)]).toEqual([0, 1, 2]);
  });

  it('blur an impulse into its neighbours in both directions alike', () => {
    const impulse = new Float32Array(49);
    impulse[24] = 1;
    const blurred = blurredImage(impulse, { ...SHAPE, height: 7, width: 7 });
    expect(blurred[24]).toBeLessThan(1);
    expect(blurred[23]).toBeCloseTo(blurred[17] ?? 0, 7);
  });
});

describe('resampleMap', () => {
  it('keeps a linear ramp linear away from the border', () => {
    const ramp = { height: 1, width: 4, values: Float32Array.of(0, 1, 2, 3) };
    expect([...resampleMap(ramp, 1, 8).values]).toEqual([0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]);
  });
});

describe('relevanceCurves', () => {
  // The score is the share of bright pixels left: the closed form of both curves is a straight line that ends at the top half.
  const bright = Float32Array.from({ length: 16 }, (_, index) => (index < 8 ? 1 : 0));
  const logitsOf = async (image: Float32Array) =>
    Float32Array.of(
      image.slice(0, 8).reduce((sum, value) => sum + value, 0),
      0,
    );

  it('gives a right map a larger insertion and a smaller deletion area than its opposite', async () => {
    const curvesOf = (sign: number) =>
      relevanceCurves(
        bright,
        SHAPE,
        { height: 4, width: 4, values: bright.map((v) => sign * v) },
        { plus: 0 },
        9,
        logitsOf,
        () => undefined,
      );
    const right = await curvesOf(1);
    const wrong = await curvesOf(-1);
    expect(right.insertionAuc).toBeGreaterThan(wrong.insertionAuc);
    expect(right.deletionAuc).toBeLessThan(wrong.deletionAuc);
    expect(right.insertion.at(-1)).toBeCloseTo(right.deletion[0] ?? 0, 6);
    // All of the class is there once the eight bright pixels are in, half way.
    expect(right.insertion[4]).toBeCloseTo(right.insertion[8] ?? 0, 2);
  });

  it('reports every run', async () => {
    const steps: number[] = [];
    await relevanceCurves(bright, SHAPE, { height: 2, width: 2, values: new Float32Array(4) }, { plus: 0 }, 3, logitsOf, (done) =>
      steps.push(done),
    );
    expect(steps).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('areaUnder', () => {
  it('integrates a line exactly', () => {
    expect(areaUnder(Float32Array.of(0, 0.5, 1), Float32Array.of(0, 0.5, 1))).toBeCloseTo(0.5, 6);
  });
});
