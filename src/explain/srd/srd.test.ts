import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float32 } from '../../graph/tensor.ts';
import { FeatureMaps } from '../grid.ts';
import { findHead } from '../head.ts';
import { layersOf } from '../layers.ts';
import { oneClass, randomNet, run } from '../tiny-nets.ts';
import { triangularFactor } from './contributions.ts';
import { erf, srd } from './srd.ts';

const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);
const magnitude = (values: Float32Array) => values.reduce((a, b) => a + Math.abs(b), 0);

function map(outputs: Record<string, Float32Array>, name = 'map'): Float32Array {
  const values = outputs[name];
  if (values === undefined) throw new Error(`no output ${name}`);
  return values;
}

const seeds = fc.integer({ min: 0, max: 100_000 });
const settings = { numRuns: 30, seed: 11 };

describe('SRD on random networks', () => {
  it('conserves relevance: Σ map is the explained score', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { model, image } = randomNet(seed);
        // A net that shrinks its map to one position has hidden layers behind the last map: no conservation is claimed.
        fc.pre(findHead(new FeatureMaps(model)).affine);
        const outputs = await run(srd.compile(model).graph, { image, target: oneClass(model, 1) });
        const values = map(outputs);
        expect(Math.abs(sum(values) - (map(outputs, 'score')[0] ?? Number.NaN))).toBeLessThan(1e-4 * magnitude(values));
      }),
      settings,
    );
  });

  it('lies whole on every stage of the layer strip', async () => {
    for (const seed of [3, 8, 21, 40, 55]) {
      const { model, image } = randomNet(seed);
      if (!findHead(new FeatureMaps(model)).affine) continue;
      const stages = layersOf(model).filter(({ stage }) => stage);
      expect(stages.length).toBeGreaterThan(0);
      const { graph, extras } = srd.compile(model, { strip: stages.map(({ tensor }) => tensor) });
      const outputs = await run(graph, { image, target: oneClass(model, 1) });
      for (const { output } of extras.filter(({ kind }) => kind === 'relevance')) {
        const values = map(outputs, output);
        expect(Math.abs(sum(values) - (map(outputs, 'score')[0] ?? Number.NaN))).toBeLessThan(1e-4 * magnitude(values));
      }
    }
  });

  it('is the start map times the effective receptive fields of its positions, each of which sums to 1', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { model, image } = randomNet(seed);
        const maps = new FeatureMaps(model);
        const { feature } = findHead(maps);
        const { height, width } = maps.requireGrid(feature);
        const target = oneClass(model, 2);
        const whole = map(await run(srd.compile(model, { start: 'contrastive' }).graph, { image, target }));
        const start = map(await run(srd.compile(model, { start: 'contrastive', layer: feature }).graph, { image, target }));
        const program = erf.compile(model, { layer: feature });
        const total = new Float64Array(whole.length);
        for (let position = 0; position < height * width; position += 1) {
          const seedMap = new Float32Array(height * width);
          seedMap[position] = 1;
          const field = map(await run(program.graph, { image, seed: float32([height, width], seedMap) }));
          expect(sum(field)).toBeCloseTo(1, 3);
          field.forEach((value, pixel) => {
            total[pixel] = (total[pixel] ?? 0) + (start[position] ?? 0) * value;
          });
        }
        const difference = Math.hypot(...whole.map((value, pixel) => value - (total[pixel] ?? 0)));
        expect(difference).toBeLessThan(1e-4 * Math.hypot(...total));
      }),
      { numRuns: 4, seed: 3 },
    );
  });

  it('starts contrastively from a map that sums to zero, and keeps that', async () => {
    const { model, image } = randomNet(5);
    const values = map(await run(srd.compile(model, { start: 'contrastive' }).graph, { image, target: oneClass(model, 0) }));
    expect(Math.abs(sum(values))).toBeLessThan(1e-4 * magnitude(values));
  });
});

describe('triangularFactor', () => {
  it('keeps the norm of every product', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 4 }),
        fc.infiniteStream(fc.double({ min: -2, max: 2, noNaN: true })),
        (columns, more, stream) => {
          const rows = columns + more;
          const matrix = Float64Array.from({ length: rows * columns }, () => stream.next().value ?? 0);
          const x = Float64Array.from({ length: columns }, () => stream.next().value ?? 0);
          const norm = (values: Float64Array) =>
            Math.hypot(
              ...Array.from({ length: values.length / columns }, (_, row) =>
                x.reduce((a, value, c) => a + value * (values[row * columns + c] ?? 0), 0),
              ),
            );
          expect(norm(triangularFactor(matrix, rows, columns))).toBeCloseTo(norm(matrix), 9);
        },
      ),
      { numRuns: 200, seed: 1 },
    );
  });
});
