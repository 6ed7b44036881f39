/** Empty-space skipping: how far from a cell nothing is, so that a ray may leap over it. */
import type { Occupancy } from './scene.ts';

/** The furthest distance a texture's byte holds. */
const FURTHEST = 255;

/**
 * The distance of every cell to the nearest occupied one, in cells, largest over the axes (Chebyshev): all cells less than that far
 * away are empty, so a ray in a cell of distance D may leap to the border of the (2D − 1)³ cells around it. It does what a
 * pyramid of coarser occupancies does, in one look-up, and leaps further than the pyramid's aligned blocks allow.
 *
 * @returns one byte a cell, x fastest; 0 = occupied, at most 255
 */
export function emptyDistances({ cells, size }: Occupancy): Uint8Array {
  const distances = cells.map((cell) => (cell === 0 ? FURTHEST : 0));
  // Two sweeps with the neighbours already passed are exact for this metric (Rosenfeld & Pfaltz 1966). The second is the first, backwards.
  sweep(distances, size);
  distances.reverse();
  sweep(distances, size);
  return distances.reverse();
}

/**
 * Lowers every cell to one more than the least of the 13 neighbours that precede it in memory. Nine of them lie in the plane before and three in
 * the row before; the least of three in a row is kept, so that no neighbour is read twice.
 */
function sweep(distances: Uint8Array, [nx, ny, nz]: Occupancy['size']): void {
  const plane = nx * ny;
  /** Of every row of the plane before, and of this one as far as it has come: the least of each entry and the two beside it. */
  let before = new Uint8Array(plane).fill(FURTHEST);
  let now = new Uint8Array(plane);
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      const row = y * nx;
      const start = z * plane + row;
      const above = y > 0 ? row - nx : row;
      const below = y < ny - 1 ? row + nx : row;
      let last = FURTHEST;
      for (let x = 0; x < nx; x += 1) {
        let own = distances[start + x] ?? 0;
        if (own > 0) {
          let nearest = last;
          const a = before[above + x] ?? FURTHEST;
          const b = before[row + x] ?? FURTHEST;
          const c = before[below + x] ?? FURTHEST;
          const d = y > 0 ? (now[above + x] ?? FURTHEST) : FURTHEST;
          if (a < nearest) nearest = a;
          if (b < nearest) nearest = b;
          if (c < nearest) nearest = c;
          if (d < nearest) nearest = d;
          if (nearest < own) own = nearest + 1;
          distances[start + x] = own;
        }
        last = own;
      }
      for (let x = 0; x < nx; x += 1) {
        const own = distances[start + x] ?? 0;
        const left = x > 0 ? (distances[start + x - 1] ?? 0) : own;
        const right = x < nx - 1 ? (distances[start + x + 1] ?? 0) : own;
        now[row + x] = Math.min(own, left, right);
      }
    }
    [before, now] = [now, before];
  }
}
