import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../random.ts';
import { byName, classMajorLabels, drawEpisode, shuffle } from './episode.ts';

interface Golden {
  readonly uniform: readonly { readonly seed: number; readonly stream: number; readonly numbers: readonly number[] }[];
  readonly episodes: readonly {
    readonly seed: number;
    readonly episode: number;
    readonly imagesPerClass: readonly number[];
    readonly ways: number;
    readonly shots: number;
    readonly queries: number;
    readonly nodes: number;
    readonly draw: {
      readonly classes: readonly number[];
      readonly images: readonly (readonly number[])[];
      readonly nodes: readonly number[];
    };
  }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL('../../goldens/fewshot-episodes/golden.json', import.meta.url), 'utf8'));
const pool = (sizes: readonly number[]) => sizes.map((size, index) => ({ name: `class ${index}`, size }));

describe('episodes', () => {
  it('are drawn from the same numbers as in Python', () => {
    expect(golden.uniform.length).toBeGreaterThan(0);
    for (const { seed, stream, numbers } of golden.uniform) {
      const draw = uniform(seed, stream);
      expect(numbers.map(() => draw())).toEqual(numbers);
    }
  });

  it('are the same as in Python', () => {
    expect(golden.episodes.length).toBeGreaterThan(0);
    for (const { imagesPerClass, ways, shots, queries, nodes, seed, episode, draw } of golden.episodes) {
      expect(drawEpisode(pool(imagesPerClass), { ways, shots, queries }, nodes, seed, episode)).toEqual({
        classes: draw.classes,
        support: draw.images.map((images) => images.slice(0, shots)),
        query: draw.images.map((images) => images.slice(shots)),
        permutation: draw.nodes,
      });
    }
  });

  it('never use a class or an image twice', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e6), fc.integer({ min: 2, max: 6 }), (seed, number, ways) => {
        const shape = { ways, shots: 2, queries: 3 };
        const { classes, support, query, permutation } = drawEpisode(pool([5, 9, 6, 5, 7, 30]), shape, 11, seed, number);
        expect(new Set(classes).size).toBe(ways);
        classes.forEach((index, way) => {
          const images = [...(support[way] ?? []), ...(query[way] ?? [])];
          expect(new Set(images).size).toBe(5);
          expect(Math.max(...images)).toBeLessThan([5, 9, 6, 5, 7, 30][index] ?? 0);
        });
        expect([...permutation].sort((a, b) => a - b)).toEqual(Array.from({ length: 11 }, (_, node) => node));
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('give every order of a shuffle the same chance', () => {
    const counts = new Map<string, number>();
    const draw = uniform(5);
    for (let run = 0; run < 6000; run += 1) {
      const order = shuffle(3, 3, draw).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Six standard deviations of a binomial count of 6,000 tries at 1/6.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt((6000 * 5) / 36));
  });

  it.each([
    ['one class', [20], { ways: 5, shots: 1, queries: 1 }, 'There is one class, too few for 5 ways.'],
    ['fewer classes than ways', [9, 9, 9], { ways: 4, shots: 1, queries: 1 }, 'There are 3 classes, too few for 4 ways.'],
    ['one way', [9, 9], { ways: 1, shots: 1, queries: 1 }, 'at least 2 ways, not 1'],
    ['no queries', [9, 9], { ways: 2, shots: 1, queries: 0 }, 'at least 1 queries, not 0'],
    [
      'too few images',
      [9, 3, 9, 2],
      { ways: 2, shots: 2, queries: 2 },
      '2 + 2 = 4 images of a class; “class 1” has 3, “class 3” has 2.',
    ],
  ])('are refused for %s', (_, sizes, shape, message) => {
    expect(() => drawEpisode(pool(sizes), shape, 0, 1, 0)).toThrow(message);
  });

  it('sort names by code units, like Python', () => {
    expect(['b', 'Z', 'a10', 'a2', 'é'].sort(byName)).toEqual(['Z', 'a10', 'a2', 'b', 'é']);
  });

  it('label a batch class by class', () => {
    expect(classMajorLabels([2, 1, 3])).toEqual([0, 0, 1, 2, 2, 2]);
  });
});
