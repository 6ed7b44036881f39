/** Puts what a map shows into one sentence: the alternative text of its picture, and what live regions announce. */
import type { MapData } from '../../runtime/protocol.ts';
import { once } from './once.ts';
import type { Explained } from './types.ts';

const CELLS = [
  ['upper left', 'top centre', 'upper right'],
  ['left of the centre', 'centre', 'right of the centre'],
  ['lower left', 'bottom centre', 'lower right'],
] as const;
const ROWS = ['upper third', 'middle rows', 'lower third'] as const;
const COLUMNS = ['left third', 'middle columns', 'right third'] as const;
const QUADRANTS = [
  ['upper left two thirds', 'upper right two thirds'],
  ['lower left two thirds', 'lower right two thirds'],
] as const;

/** A region is named once it holds this share of the relevance; otherwise a larger one is tried. */
const ENOUGH = 0.6;

export interface Region {
  readonly name: string;
  /** Part of the whole that lies in it, 0…1. */
  readonly share: number;
}

/** Shares of the sum of `weights` (≥ 0, row-major) in the nine thirds-by-thirds of the map; all 0 if the sum is. */
export function ninths(weights: Float32Array | Float64Array, height: number, width: number): number[][] {
  const sums = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  let total = 0;
  for (let y = 0; y < height; y++) {
    const row = sums[Math.floor(((y + 0.5) * 3) / height)];
    for (let x = 0; row && x < width; x++) {
      const weight = weights[y * width + x] ?? 0;
      const column = Math.floor(((x + 0.5) * 3) / width);
      row[column] = (row[column] ?? 0) + weight;
      total += weight;
    }
  }
  return total > 0 ? sums.map((row) => row.map((sum) => sum / total)) : sums;
}

function largest(regions: readonly Region[]): Region {
  return regions.reduce((best, region) => (region.share > best.share ? region : best), { name: '', share: -1 });
}

/**
 * The smallest region of a 3 × 3 grid that holds at least 60 % of the weight: one cell, else a row or a column, else four
 * cells in a corner; null where the weight is spread wider than that.
 */
export function mainRegion(shares: readonly (readonly number[])[]): Region | null {
  const at = (row: number, column: number) => shares[row]?.[column] ?? 0;
  const sum = (cells: readonly (readonly [number, number])[]) =>
    cells.reduce((total, [row, column]) => total + at(row, column), 0);
  const cells = CELLS.flatMap((names, row) => names.map((name, column) => ({ name, share: at(row, column) })));
  const bands = [0, 1, 2].flatMap((i) => [
    { name: ROWS[i] ?? '', share: sum([0, 1, 2].map((column) => [i, column] as const)) },
    { name: COLUMNS[i] ?? '', share: sum([0, 1, 2].map((row) => [row, i] as const)) },
  ]);
  const corners = QUADRANTS.flatMap((names, row) =>
    names.map((name, column) => ({
      name,
      share: sum([
        [row, column],
        [row, column + 1],
        [row + 1, column],
        [row + 1, column + 1],
      ]),
    })),
  );
  for (const regions of [cells, bands, corners]) {
    const best = largest(regions);
    if (best.share >= ENOUGH) return best;
  }
  return null;
}

const percent = (share: number) => `${Math.round(100 * share)} %`;

/**
 * One sentence that states what the map shows: where what speaks for the class lies, where it is strongest, and how much
 * of all relevance speaks against it. Positions are in percent from the upper left corner.
 */
export function finding(map: MapData, explained: Pick<Explained, 'method' | 'target'>): string {
  return `${[explained.method, explained.target].filter((part) => part !== '').join(', ')}: ${observed(map)}.`;
}

/** What is seen, whatever it explains. */
const observed = once((map: MapData): string => {
  const positive = new Float64Array(map.values.length);
  let sumFor = 0;
  let sumAgainst = 0;
  let strongest = 0;
  let peak = -1;
  map.values.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    if (value > 0) {
      positive[i] = value;
      sumFor += value;
    } else {
      sumAgainst -= value;
    }
    if (value > strongest) {
      strongest = value;
      peak = i;
    }
  });
  if (sumFor === 0) return sumAgainst === 0 ? 'no relevance anywhere' : 'nothing speaks for it';

  const shares = ninths(positive, map.height, map.width);
  const region = mainRegion(shares);
  const kind = sumAgainst > 0 ? 'positive relevance' : 'relevance';
  const where = region
    ? `${percent(region.share)} of the ${kind} lies in the ${region.name}`
    : `the ${kind} is spread over the image, most in the ${densest(shares)}`;
  const x = percent(((peak % map.width) + 0.5) / map.width);
  const y = percent((Math.floor(peak / map.width) + 0.5) / map.height);
  const against = sumAgainst > 0 ? `; ${percent(sumAgainst / (sumFor + sumAgainst))} of all speaks against` : '';
  return `${where}; strongest at x ${x}, y ${y}${against}`;
});

function densest(shares: readonly (readonly number[])[]): string {
  const best = largest(CELLS.flatMap((names, row) => names.map((name, column) => ({ name, share: shares[row]?.[column] ?? 0 }))));
  return `${best.name} (${percent(best.share)})`;
}
