import { describe, expect, it } from 'vitest';
import { type FloatTensor, float32 } from '../graph/tensor.ts';
import { uniform } from '../random.ts';
import type { MethodOptions, Program } from './explainer.ts';
import { explainers } from './registry.ts';
import { oneClass, randomNet, run } from './tiny-nets.ts';

const net = randomNet(2);
const target = oneClass(net.model, 3);

async function score(): Promise<number> {
  const outputs = await run(net.model.graph, { image: net.image });
  return outputs[net.model.logits]?.[3] ?? Number.NaN;
}

/** What a driver does: the steps one by one, summed. */
async function summed(program: Program): Promise<number[]> {
  const reference: Record<string, FloatTensor> = program.needsReference ? { reference: float32([], [await score()]) } : {};
  let total: number[] = [];
  for (let step = 0; step < program.steps; step += 1) {
    const outputs = await run(program.graph, { image: net.image, target, ...reference, ...program.stepFeeds(step) });
    const map = [...(outputs.map ?? [])];
    total = step === 0 ? map : total.map((value, pixel) => value + (map[pixel] ?? 0));
  }
  return total;
}

async function alone(program: Program): Promise<number[]> {
  return [...((await run(program.standalone(), { image: net.image, target })).map ?? [])];
}

function expectClose(actual: readonly number[], wanted: readonly number[]): void {
  expect(actual).toHaveLength(wanted.length);
  const difference = Math.hypot(...wanted.map((value, pixel) => value - (actual[pixel] ?? Number.NaN)));
  expect(difference).toBeLessThan(1e-5 * Math.hypot(...wanted));
}

describe('a program of many steps', () => {
  it.each([
    ['integrated-gradients', { steps: 5 }],
    ['occlusion', { patch: 5, stride: 3 }],
    ['rise', { steps: 6, seed: 4 }],
  ] as const satisfies readonly (readonly [string, MethodOptions])[])(
    '%s: the standalone Loop computes the sum of the steps',
    async (method, options) => {
      const program = explainers[method].compile(net.model, options);
      expectClose(await alone(program), await summed(program));
    },
  );

  it('smoothgrad without noise is the gradient, driven and standalone', async () => {
    const { map } = await run(explainers.gradient.compile(net.model).graph, { image: net.image, target });
    const program = explainers.smoothgrad.compile(net.model, { steps: 3, noise: 0 });
    expectClose(await summed(program), [...(map ?? [])]);
    expectClose(await alone(program), [...(map ?? [])]);
  });

  it('integrated gradients approach completeness as steps grow', async () => {
    const blank = await run(net.model.graph, { image: float32(net.image.dims, new Float32Array(net.image.data.length)) });
    const difference = (await score()) - (blank[net.model.logits]?.[3] ?? Number.NaN);
    const error = async (steps: number) => {
      const map = await summed(explainers['integrated-gradients'].compile(net.model, { steps }));
      return Math.abs(map.reduce((a, b) => a + b, 0) - difference);
    };
    expect(await error(40)).toBeLessThan(Math.max(0.25 * (await error(4)), 1e-4));
  });

  it('RISE masks show half of the image on average, and every pixel sometimes', async () => {
    const program = explainers.rise.compile(net.model, { steps: 120, seed: 1 });
    const mean = new Float64Array(14 * 12);
    for (let step = 0; step < program.steps; step += 1) {
      const { cells, shift_rows, shift_columns } = program.stepFeeds(step);
      for (let pixel = 0; pixel < mean.length; pixel += 1) {
        // Bilinear reading of the cell corners at (y/2 + shift, x/(12/7) + shift).
        const at = (index: number, extent: number, shift: number) => (index * 7) / extent + shift;
        const y = at(Math.floor(pixel / 12), 14, shift_rows?.data[0] ?? 0);
        const x = at(pixel % 12, 12, shift_columns?.data[0] ?? 0);
        const corner = (row: number, column: number) => cells?.data[row * 9 + column] ?? 0;
        const [top, left] = [Math.floor(y), Math.floor(x)];
        const along = (row: number) => corner(row, left) * (1 - (x - left)) + corner(row, left + 1) * (x - left);
        mean[pixel] = (mean[pixel] ?? 0) + (along(top) * (1 - (y - top)) + along(top + 1) * (y - top)) / program.steps;
      }
    }
    expect(Math.min(...mean)).toBeGreaterThan(0.3);
    expect(Math.max(...mean)).toBeLessThan(0.7);
  });

  it('refuses impossible numbers of steps', () => {
    for (const steps of [0, -1, 2.5, Number.NaN, 1e9]) {
      expect(() => explainers.rise.compile(net.model, { steps })).toThrow(/steps/);
    }
  });
});

describe('uniform', () => {
  it('is uniform and differs between streams', () => {
    const draw = uniform(9);
    const values = Array.from({ length: 4000 }, () => draw());
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    // Standard error of the mean of 4,000 uniform numbers: 0.0046.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
    expect(uniform(9, 1)()).not.toBe(uniform(9, 0)());
  });
});
