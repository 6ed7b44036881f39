/**
 * The density of a scene expanded from its tensors. Within a voxel the feature f is exactly the trilinear interpolation of the voxel's eight vertices,
 * because every component is bilinear times linear; so a volume of f, sampled trilinearly, is the same field in one look-up instead of one a
 * component. Only what lies in or beside occupied cells is computed.
 */
import { DataUtils } from 'three/webgpu';
import type { QuantisedArray, Scene } from './scene.ts';

/** Half floats of f + density_shift, x fastest. Far from occupied cells the values mean nothing. */
export type DensityVolume = Uint16Array;

/** Vertices beyond which a volume (2 bytes a vertex) would cost more memory than its speed is worth. */
const MAX_VERTICES = 72e6;
/** Longest stretch of work before the page gets a turn, milliseconds. */
const SLICE = 12;

/**
 * Whether a scene's density is small enough to be expanded.
 *
 * @param longest entries the device allows along a side of a volume
 */
export function canExpand({ grid }: Pick<Scene, 'grid'>, longest: number): boolean {
  const [nx, ny, nz] = grid;
  return nx * ny * nz <= MAX_VERTICES && Math.max(...grid) <= longest;
}

/** Expands the density of a scene, giving the page a turn now and then. */
export async function expandDensity(scene: Pick<Scene, 'grid' | 'density' | 'occupancy' | 'header'>): Promise<DensityVolume> {
  const [nx, ny, nz] = scene.grid;
  const { planes, lines, components } = scene.density;
  const [xy, xz, yz] = planes.map(valuesOf);
  const [alongZ, alongY, alongX] = lines.map(valuesOf);
  const volume = new Uint16Array(nx * ny * nz);
  if (!xy || !xz || !yz || !alongZ || !alongY || !alongX) return volume;
  const spansOf = spansNearby(scene);
  const row = new Float32Array(nx);
  let pause = performance.now() + SLICE;
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      const start = (z * ny + y) * nx;
      for (const [from, to] of spansOf(y, z)) {
        row.fill(scene.header.density_shift, from, to);
        for (let r = 0; r < components; r += 1) {
          const [inXy, inXz, inX] = [(r * ny + y) * nx, (r * nz + z) * nx, r * nx];
          const [ofXy, ofXz, ofX] = [alongZ[r * nz + z] ?? 0, alongY[r * ny + y] ?? 0, yz[(r * nz + z) * ny + y] ?? 0];
          for (let x = from; x < to; x += 1) {
            const sum = ofXy * (xy[inXy + x] ?? 0) + ofXz * (xz[inXz + x] ?? 0) + ofX * (alongX[inX + x] ?? 0);
            row[x] = (row[x] ?? 0) + sum;
          }
        }
        for (let x = from; x < to; x += 1) volume[start + x] = DataUtils.toHalfFloat(row[x] ?? 0);
      }
    }
    if (performance.now() > pause) {
      await new Promise((resolve) => setTimeout(resolve));
      pause = performance.now() + SLICE;
    }
  }
  return volume;
}

/** The values of a quantised array. */
function valuesOf({ bytes, minimum, scale }: QuantisedArray): Float32Array {
  const area = bytes.length / minimum.length;
  const values = new Float32Array(bytes.length);
  for (let channel = 0; channel < minimum.length; channel += 1) {
    const [least, step] = [minimum[channel] ?? 0, scale[channel] ?? 0];
    for (let index = channel * area; index < (channel + 1) * area; index += 1) values[index] = least + step * (bytes[index] ?? 0);
  }
  return values;
}

/** From which vertex to which (exclusive) a row of vertices touches cells that are occupied or next to an occupied one, whose values normals need. */
function spansNearby({ grid: [nx], occupancy }: Pick<Scene, 'grid' | 'occupancy'>): (y: number, z: number) => [number, number][] {
  const { cell, size } = occupancy;
  const [cx, cy, cz] = size;
  const near = grown(grown(grown(occupancy.cells, 1, cx), cx, cy), cx * cy, cz);
  /** The cells on both sides of a vertex along an axis, twice the same within a cell. */
  const sides = (vertex: number, cells: number): [number, number] => {
    const ahead = Math.min(Math.floor(vertex / cell), cells - 1);
    return [vertex % cell === 0 && ahead > 0 && vertex < cells * cell ? ahead - 1 : ahead, ahead];
  };
  return (y, z) => {
    const [[j0, j1], [k0, k1]] = [sides(y, cy), sides(z, cz)];
    const [a, b, c, d] = [(k0 * cy + j0) * cx, (k0 * cy + j1) * cx, (k1 * cy + j0) * cx, (k1 * cy + j1) * cx];
    const spans: [number, number][] = [];
    for (let i = 0; i < cx; i += 1) {
      if (!(near[a + i] || near[b + i] || near[c + i] || near[d + i])) continue;
      const [from, to] = [i * cell, Math.min((i + 1) * cell + 1, nx)];
      const last = spans.at(-1);
      if (last && last[1] >= from) last[1] = to;
      else spans.push([from, to]);
    }
    return spans;
  };
}

/** Sets the two neighbours, `stride` apart along an axis of `length` cells, of all cells that are set. */
function grown(cells: Uint8Array, stride: number, length: number): Uint8Array {
  const result = cells.slice();
  for (let start = 0; start < cells.length; start += stride * length) {
    for (let index = start; index < start + stride * (length - 1); index += 1) {
      if (cells[index]) result[index + stride] = 1;
      if (cells[index + stride]) result[index] = 1;
    }
  }
  return result;
}
