/** Few-shot episodes, drawn from a seed: the same ones in Python (training/fewshot) and here. */
import { HeliographError } from '../graph/errors.ts';
import { uniform } from '../random.ts';

/** N ways, K shots and Q queries a class. */
export interface EpisodeShape {
  readonly ways: number;
  readonly shots: number;
  readonly queries: number;
}

/** A class of a pool of labelled images. */
export interface PoolClass {
  readonly name: string;
  /** Number of its images. */
  readonly size: number;
}

export interface Episode {
  /** Indices into the pool's classes, N of them: way n is class `classes[n]`. */
  readonly classes: readonly number[];
  /** For each way the indices of its K support images within the class. */
  readonly support: readonly (readonly number[])[];
  /** For each way the indices of its Q query images within the class. */
  readonly query: readonly (readonly number[])[];
  /** A random order of the learner's output nodes, from which assignments are cut; empty for learners without nodes. */
  readonly permutation: readonly number[];
}

/** The order of classes by name and of images by file name: by UTF-16 code units, whatever the machine's language. */
export function byName(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** `count` different numbers below `size` in random order: the beginning of a Fisher–Yates shuffle. */
export function shuffle(size: number, count: number, draw: () => number): number[] {
  const order = Array.from({ length: size }, (_, index) => index);
  for (let index = 0; index < count; index += 1) {
    const other = index + Math.floor(draw() * (size - index));
    const chosen = order[other] ?? 0;
    order[other] = order[index] ?? 0;
    order[index] = chosen;
  }
  return order.slice(0, count);
}

/**
 * Episode `number` of a seed. Drawn in this order: the classes, for each of them its images, the order of the nodes.
 *
 * @param nodes number O of the learner's output nodes, 0 for learners without
 * @throws HeliographError `bad-episode` where the pool has too few classes or images
 */
export function drawEpisode(
  pool: readonly PoolClass[],
  shape: EpisodeShape,
  nodes: number,
  seed: number,
  number: number,
): Episode {
  checkPool(pool, shape);
  const { ways, shots, queries } = shape;
  const draw = uniform(seed, number);
  const classes = shuffle(pool.length, ways, draw);
  const images = classes.map((index) => shuffle(pool[index]?.size ?? 0, shots + queries, draw));
  return {
    classes,
    support: images.map((chosen) => chosen.slice(0, shots)),
    query: images.map((chosen) => chosen.slice(shots)),
    permutation: shuffle(nodes, nodes, draw),
  };
}

/** Class of each image of a class-major batch: `counts[n]` times n. */
export function classMajorLabels(counts: readonly number[]): number[] {
  return counts.flatMap((count, label) => new Array<number>(count).fill(label));
}

/** @throws HeliographError `bad-episode` where no episode of that shape can be drawn from the pool */
export function checkPool(pool: readonly PoolClass[], { ways, shots, queries }: EpisodeShape): void {
  for (const [name, value, least] of [
    ['ways', ways, 2],
    ['shots', shots, 1],
    ['queries', queries, 1],
  ] as const) {
    if (!Number.isInteger(value) || value < least) {
      throw new HeliographError('bad-episode', `An episode has at least ${least} ${name}, not ${value}.`, 'Choose more.');
    }
  }
  if (pool.length < ways) {
    const classes = pool.length === 1 ? 'is one class' : `are ${pool.length} classes`;
    throw new HeliographError(
      'bad-episode',
      `There ${classes}, too few for ${ways} ways.`,
      pool.length < 2 ? 'Few-shot learning needs at least two classes.' : `Choose at most ${pool.length} ways, or add classes.`,
    );
  }
  const needed = shots + queries;
  const small = pool.filter(({ size }) => size < needed);
  if (small.length > 0) {
    const named = small.slice(0, 5).map(({ name, size }) => `“${name}” has ${size}`);
    const more = small.length > named.length ? `, and ${small.length - named.length} more classes have too few` : '';
    throw new HeliographError(
      'bad-episode',
      `An episode takes ${shots} + ${queries} = ${needed} images of a class; ${named.join(', ')}${more}.`,
      'Choose fewer shots or queries, add images, or leave these classes out.',
    );
  }
}
