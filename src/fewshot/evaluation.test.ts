import { describe, expect, it } from 'vitest';
import { uniform } from '../random.ts';
import { conv4, mamlCard, protoNetCard } from './conv4.ts';
import { drawEpisode } from './episode.ts';
import { checkEvaluation, confusionOf, type EpisodeResult, evaluate, type ImagePool } from './evaluation.ts';
import { meanInterval } from './interval.ts';
import { joinLearner } from './learner.ts';
import { wasmRunner } from './testing.ts';

const SHAPE = { channels: 1, side: 16, filters: 4, nodes: 8 } as const;
const PIXELS = 256;

/** Classes a network without training can tell apart: each is a smooth pattern of its own, with a little noise. */
const pool: ImagePool = {
  classes: Array.from({ length: 6 }, (_, index) => ({ name: `pattern ${index}`, size: 7 })),
  load: async (classIndex, images) =>
    Float32Array.from({ length: images.length * PIXELS }, (_, at) => {
      const [x, y] = [at % 16, Math.floor((at % PIXELS) / 16)];
      const noise = uniform(classIndex * 100 + (images[Math.floor(at / PIXELS)] ?? 0), at % PIXELS)();
      return Math.sin((classIndex + 1) * 0.4 * x) * Math.cos((6 - classIndex) * 0.3 * y) + 0.2 * noise;
    }),
};
const options = { ways: 3, shots: 2, queries: 3, episodes: 6, seed: 9 };

describe('evaluation', () => {
  it.each([
    ['MAML', joinLearner(mamlCard(SHAPE), conv4(SHAPE, 1)), 2],
    ['ProtoNet', joinLearner(protoNetCard(SHAPE), conv4(SHAPE, 1)), 0],
  ] as const)('of %s counts what was predicted right', async (_, learner, assignments) => {
    const seen: EpisodeResult[] = [];
    const result = await evaluate(learner, pool, options, wasmRunner(), (episode) => seen.push(episode));
    expect(seen).toEqual(result.episodes);
    expect(result.assignments).toBe(assignments);
    expect(result.accuracy).toEqual(meanInterval(seen.map(({ accuracy }) => accuracy)));
    // Far above chance, which is a third.
    expect(result.accuracy.mean).toBeGreaterThan(0.6);
    for (const { number, classes, query, predicted, accuracy } of seen) {
      const episode = drawEpisode(pool.classes, options, learner.nodes, options.seed, number);
      expect({ classes, query }).toEqual({ classes: episode.classes, query: episode.query });
      const right = predicted.flatMap((ways, actual) => ways.filter((way) => way === actual));
      expect(accuracy).toBeCloseTo(right.length / 9, 12);
    }
  });

  it('is the same again, and another with another seed', async () => {
    const learner = joinLearner(protoNetCard(SHAPE), conv4(SHAPE, 1));
    const run = wasmRunner();
    const first = await evaluate(learner, pool, options, run);
    expect(await evaluate(learner, pool, options, run)).toEqual(first);
    const other = await evaluate(learner, pool, { ...options, seed: 10 }, run);
    expect(other.episodes.map(({ classes }) => classes)).not.toEqual(first.episodes.map(({ classes }) => classes));
  });

  it.each([
    ['no episodes', { ...options, episodes: 0 }, '0 episodes cannot be run'],
    ['too many ways', { ...options, ways: 7 }, 'too few for 7 ways'],
    ['too many shots', { ...options, shots: 5 }, '5 + 3 = 8 images of a class'],
    ['assignments that do not fit', { ...options, assignments: 3 }, '3 assignments of 3 nodes each cannot be made from 8 nodes'],
  ])('refuses %s', (_, wrong, message) => {
    expect(() => checkEvaluation(mamlCard(SHAPE), pool.classes, wrong)).toThrow(message);
  });

  it('uses one assignment of a learner for fixed ways, and none of one without nodes', () => {
    expect(checkEvaluation({ ...mamlCard(SHAPE), ways: 3 }, pool.classes, options)).toBe(1);
    expect(checkEvaluation(protoNetCard(SHAPE), pool.classes, options)).toBe(0);
    expect(() => checkEvaluation(protoNetCard(SHAPE), pool.classes, { ...options, assignments: 1 })).toThrow('no output nodes');
  });
});

describe('the confusion of classes', () => {
  it('gathers every query under its actual and predicted class', () => {
    const episode = (number: number, predicted: number[][]): EpisodeResult => {
      const query = [
        [4, 5],
        [6, 7],
      ];
      return { number, classes: [3, 1], query, predicted, accuracy: 0 };
    };
    const cells = confusionOf([
      episode(0, [
        [0, 1],
        [1, 1],
      ]),
      episode(1, [
        [0, 0],
        [0, 1],
      ]),
    ]);
    expect(cells).toEqual([
      {
        actual: 1,
        predicted: 1,
        queries: [
          { episode: 0, image: 6 },
          { episode: 0, image: 7 },
          { episode: 1, image: 7 },
        ],
      },
      { actual: 1, predicted: 3, queries: [{ episode: 1, image: 6 }] },
      { actual: 3, predicted: 1, queries: [{ episode: 0, image: 5 }] },
      {
        actual: 3,
        predicted: 3,
        queries: [
          { episode: 0, image: 4 },
          { episode: 1, image: 4 },
          { episode: 1, image: 5 },
        ],
      },
    ]);
  });
});

describe('the interval of a mean', () => {
  it('is 1.96 standard errors to each side', () => {
    const { mean, halfWidth } = meanInterval([1, 2, 3, 4]);
    expect(mean).toBe(2.5);
    expect(halfWidth).toBeCloseTo(1.959964 * Math.sqrt(5 / 3 / 4), 6);
  });

  it('is unknown for one value, and nothing for equal ones', () => {
    expect(meanInterval([0.5])).toEqual({ mean: 0.5, halfWidth: null });
    expect(meanInterval([0.5, 0.5]).halfWidth).toBe(0);
  });
});
