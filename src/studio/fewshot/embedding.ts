/**
 * Features in two dimensions: where the examples, the queries and the classes' prototypes lie to each other.
 *
 * L. McInnes, J. Healy, J. Melville: UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction. arXiv 1802.03426,
 * by the package umap-js, loaded at the first call.
 */
import { uniform } from '../../random.ts';

export type Point = readonly [number, number];

/** Rows of F numbers each, row-major; queries may be empty. */
export interface FeatureSpace {
  /** F */
  readonly length: number;
  /** [B, F] */
  readonly support: Float32Array;
  /** [Q, F] */
  readonly queries: Float32Array;
  /** [N, F] */
  readonly prototypes: Float32Array;
}

/** Points in the order of the rows. Axes and scale mean nothing, nearness does. */
export interface Embedding {
  readonly method: 'umap' | 'pca';
  readonly support: readonly Point[];
  readonly queries: readonly Point[];
  readonly prototypes: readonly Point[];
}

/** UMAP's own default, and its least that still tells a neighbourhood from a pair. */
const MOST_NEIGHBOURS = 15;
const LEAST_NEIGHBOURS = 3;
/** Fewer points are laid out by their principal components: a plane holds three as they are. */
const LEAST_POINTS = LEAST_NEIGHBOURS + 1;

/**
 * The same features and seed give the same points.
 *
 * @param seed of the random start and sampling
 */
export async function embed({ length, support, queries, prototypes }: FeatureSpace, seed: number): Promise<Embedding> {
  const parts = [support, queries, prototypes].map((values) => rowsOf(values, length));
  const rows = parts.flat();
  const isFew = rows.length < LEAST_POINTS;
  const points = isFew ? principalPlane(rows) : await umap(rows, neighbours(rows.length, prototypes.length / length), seed);
  const [ofSupport = 0, ofQueries = 0] = parts.map((part) => part.length);
  return {
    method: isFew ? 'pca' : 'umap',
    support: points.slice(0, ofSupport),
    queries: points.slice(ofSupport, ofSupport + ofQueries),
    prototypes: points.slice(ofSupport + ofQueries),
  };
}

function rowsOf(values: Float32Array, length: number): number[][] {
  return Array.from({ length: values.length / length }, (_, row) => [...values.subarray(row * length, (row + 1) * length)]);
}

/** As many as a class has points: with more, small classes would be drawn together. */
function neighbours(points: number, classes: number): number {
  const share = Math.round(points / Math.max(1, classes));
  return Math.min(MOST_NEIGHBOURS, points - 1, Math.max(LEAST_NEIGHBOURS, share));
}

async function umap(rows: number[][], nNeighbors: number, seed: number): Promise<Point[]> {
  const { UMAP } = await import('umap-js');
  const layout = new UMAP({ nComponents: 2, nNeighbors, random: uniform(seed) }).fit(rows);
  return layout.map(([x = 0, y = 0]): Point => [x, y]);
}

/** The two principal components of a few points: eigenvectors of their Gram matrix, times the roots of the eigenvalues. */
function principalPlane(rows: readonly (readonly number[])[]): Point[] {
  const mean = (rows[0] ?? []).map((_, at) => rows.reduce((sum, row) => sum + (row[at] ?? 0), 0) / rows.length);
  const centred = rows.map((row) => row.map((value, at) => value - (mean[at] ?? 0)));
  const gram = centred.map((row) => centred.map((other) => dot(row, other)));
  const first = principalAxis(gram);
  const second = principalAxis(gram.map((row, i) => row.map((value, j) => value - (first[i] ?? 0) * (first[j] ?? 0))));
  return rows.map((_, index): Point => [first[index] ?? 0, second[index] ?? 0]);
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

const POWER_STEPS = 200;

/** √λ·v of the greatest eigenvalue λ of a positive semidefinite matrix, by power iteration from its longest row. */
function principalAxis(matrix: readonly (readonly number[])[]): number[] {
  const longest = matrix.reduce<readonly number[]>((most, row) => (dot(row, row) > dot(most, most) ? row : most), []);
  let axis = matrix.map((_, index) => longest[index] ?? 0);
  let value = 0;
  for (let step = 0; step < POWER_STEPS; step += 1) {
    const size = Math.sqrt(dot(axis, axis));
    if (size === 0) return axis;
    const unit = axis.map((each) => each / size);
    axis = matrix.map((row) => dot(row, unit));
    value = dot(unit, axis);
  }
  const size = Math.sqrt(dot(axis, axis));
  return size === 0 ? axis : axis.map((each) => (each / size) * Math.sqrt(Math.max(0, value)));
}
