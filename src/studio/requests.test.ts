import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cellRequest,
  derivedRequest,
  keyOf,
  mainRequest,
  positionOf,
  ranking,
  softmax,
  stripRequest,
  targetOf,
} from './requests.ts';
import { DEFAULTS } from './state.ts';
import { SUMMARY } from './testing.ts';

describe('softmax', () => {
  test('is the closed form for two classes', () => {
    const [first = 0, second = 0] = softmax(Float32Array.of(1, -1));
    expect(first).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
    expect(first + second).toBeCloseTo(1, 6);
  });

  test('sums to one and keeps the order, however large the scores', () => {
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1, maxLength: 50, noNaN: true, min: -1e4, max: 1e4 }), (logits) => {
        const probabilities = softmax(logits);
        expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
        const [best = 0] = ranking(logits);
        expect(probabilities[best]).toBe(Math.max(...probabilities));
      }),
      { seed: 3 },
    );
  });
});

describe('target', () => {
  test('follows the model’s first choice until a class is chosen', () => {
    expect(targetOf({ plus: null, minus: null }, 7, 10)).toEqual({ plus: 7 });
    expect(targetOf({ plus: 3, minus: 5 }, 7, 10)).toEqual({ plus: 3, minus: 5 });
  });

  test('ignores classes the model has not, and a class less itself', () => {
    expect(targetOf({ plus: 12, minus: 99 }, 7, 10)).toEqual({ plus: 7 });
    expect(targetOf({ plus: 3, minus: 3 }, 7, 10)).toEqual({ plus: 3 });
  });
});

describe('requests', () => {
  const target = { plus: 1 };

  test('SRD brings map and strip in one run, so both have one key', () => {
    const main = mainRequest(SUMMARY, DEFAULTS, target, null);
    const strip = stripRequest(SUMMARY, DEFAULTS, target);
    expect(main).toEqual(strip);
    expect(main?.options.strip).toEqual(['early', 'late']);
  });

  test('a layer that is no stage joins the strip, and the derived model has it alone', () => {
    const settings = { ...DEFAULTS, layer: 'middle' };
    const main = mainRequest(SUMMARY, settings, target, null);
    expect(main?.options.strip).toEqual(['early', 'middle', 'late']);
    expect(main && derivedRequest(main, settings)).toEqual({
      method: 'srd',
      options: { start: 'identity', layer: 'middle' },
      target,
    });
  });

  test('a layer of another model is dropped', () => {
    const settings = { ...DEFAULTS, method: 'grad-cam' as const, camLayer: 'elsewhere' };
    expect(mainRequest(SUMMARY, settings, target, null)?.options).toEqual({});
  });

  test('a patch never exceeds the picture', () => {
    const request = cellRequest(SUMMARY, { ...DEFAULTS, patch: 64, stride: 64 }, 'occlusion', 0);
    expect(request?.options).toEqual({ patch: 8, stride: 8 });
  });

  test('a method with an obstacle is not asked for', () => {
    const blocked = { ...SUMMARY, methods: SUMMARY.methods.map((info) => ({ ...info, obstacle: 'no' })) };
    expect(mainRequest(blocked, DEFAULTS, target, null)).toBeNull();
    expect(cellRequest(blocked, DEFAULTS, 'rise', 0)).toBeNull();
  });

  test('differ in key when anything that changes the map differs', () => {
    const keys = [
      keyOf('a', { method: 'srd', options: {}, target }),
      keyOf('b', { method: 'srd', options: {}, target }),
      keyOf('a', { method: 'srd', options: {}, target: { plus: 1, minus: 2 } }),
      keyOf('a', { method: 'erf', options: { layer: 'late' }, at: [0, 1] }),
      keyOf('a', { method: 'erf', options: { layer: 'late' }, at: [1, 0] }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('position', () => {
  const layer = { tensor: 'late', op: 'Relu', channels: 4, height: 2, width: 3, stage: true };
  const norms = { height: 2, width: 3, values: Float32Array.of(0, 1, 2, 3, 9, 4) };

  test('is the longest feature vector’s until one is chosen', () => {
    expect(positionOf(layer, DEFAULTS, norms)).toEqual([1, 1]);
    expect(positionOf(layer, { ...DEFAULTS, at: [0, 2] }, norms)).toEqual([0, 2]);
  });

  test('falls back where the layer has no such position', () => {
    expect(positionOf(layer, { ...DEFAULTS, at: [5, 5] }, null)).toEqual([1, 1]);
  });
});
