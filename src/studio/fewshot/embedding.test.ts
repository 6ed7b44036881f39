import { describe, expect, it } from 'vitest';
import { standardNormal } from '../../random.ts';
import { embed, type FeatureSpace, type Point } from './embedding.ts';

const LENGTH = 16;

/** Clusters ten deviations apart, `each` points a cluster, with their centres as prototypes. */
function clusters(count: number, each: number): FeatureSpace {
  const centre = (cluster: number, at: number) => (at === cluster ? 10 : 0);
  const around = (number: number, seed: number) => {
    const noise = standardNormal(count * number * LENGTH, seed, 0);
    return noise.map((value, index) => value + centre(Math.floor(index / (number * LENGTH)), index % LENGTH));
  };
  const prototypes = Float32Array.from({ length: count * LENGTH }, (_, index) =>
    centre(Math.floor(index / LENGTH), index % LENGTH),
  );
  return { length: LENGTH, support: around(each, 1), queries: around(1, 2), prototypes };
}

const distance = ([ax, ay]: Point, [bx, by]: Point) => Math.hypot(ax - bx, ay - by);

/** Which prototype each point is nearest to. */
const nearest = (points: readonly Point[], prototypes: readonly Point[]) =>
  points.map((point) => {
    const distances = prototypes.map((prototype) => distance(point, prototype));
    return distances.indexOf(Math.min(...distances));
  });

describe('features in two dimensions', () => {
  it.each([
    [2, 5],
    [5, 5],
    [10, 3],
    [3, 1],
  ])('keep %i clusters of %i apart', async (count, each) => {
    const { method, support, queries, prototypes } = await embed(clusters(count, each), 1);
    expect(method).toBe('umap');
    expect([support.length, queries.length, prototypes.length]).toEqual([count * each, count, count]);
    const classes = Array.from({ length: count }, (_, cluster) => cluster);
    expect(nearest(queries, prototypes)).toEqual(classes);
    expect(nearest(support, prototypes)).toEqual(classes.flatMap((cluster) => new Array<number>(each).fill(cluster)));
  });

  it('are the same for the same seed', async () => {
    const space = clusters(3, 4);
    expect(await embed(space, 7)).toEqual(await embed(space, 7));
    expect(await embed(space, 8)).not.toEqual(await embed(space, 7));
  });

  it('are finite where features are equal', async () => {
    const same = new Float32Array(8 * LENGTH).fill(1);
    const { support } = await embed({ length: LENGTH, support: same, queries: new Float32Array(), prototypes: same }, 1);
    expect(support.flat().every(Number.isFinite)).toBe(true);
  });

  it('keep the distances of up to three points, by principal components', async () => {
    const few = { length: 3, support: Float32Array.of(0, 0, 0, 3, 0, 0), queries: Float32Array.of(0, 4, 0) };
    const { method, support, queries } = await embed({ ...few, prototypes: new Float32Array() }, 1);
    expect(method).toBe('pca');
    const [a = [0, 0], b = [0, 0], c = [0, 0]] = [...support, ...queries] satisfies Point[];
    expect([distance(a, b), distance(a, c), distance(b, c)].map((value) => value.toFixed(4))).toEqual([
      '3.0000',
      '4.0000',
      '5.0000',
    ]);
    const one = { length: 3, support: Float32Array.of(1, 2, 3), queries: new Float32Array(), prototypes: new Float32Array() };
    expect((await embed(one, 1)).support).toEqual([[0, 0]]);
    const none = { ...one, support: new Float32Array() };
    expect((await embed(none, 1)).support).toEqual([]);
  });
});
