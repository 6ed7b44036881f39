/**
 * The density of a scene expanded from its tensors. Within a voxel the feature f is exactly the trilinear interpolation of the voxel's eight vertices,
 * because every component is bilinear times linear; so a volume of f, sampled trilinearly, is the same field in one look-up instead of one a
 * component. Only what lies in or beside occupied cells is computed.
 */
import { DataUtils } from 'three/webgpu';
import { emptyDistances } from './occupancy.ts';
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
  const wanted = wantedRows(scene);
  const row = new Float32Array(nx);
  let pause = performance.now() + SLICE;
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      if (wanted[z * ny + y] === 0) continue;
      row.fill(scene.header.density_shift);
      for (let r = 0; r < components; r += 1) {
        addScaled(row, xy, (r * ny + y) * nx, alongZ[r * nz + z] ?? 0);
        addScaled(row, xz, (r * nz + z) * nx, alongY[r * ny + y] ?? 0);
        addScaled(row, alongX, r * nx, yz[(r * nz + z) * ny + y] ?? 0);
      }
      const start = (z * ny + y) * nx;
      for (let x = 0; x < nx; x += 1) volume[start + x] = DataUtils.toHalfFloat(row[x] ?? 0);
    }
    if (performance.now() > pause) {
      await new Promise((resolve) => setTimeout(resolve));
      pause = performance.now() + SLICE;
    }
  }
  return volume;
}

function addScaled(row: Float32Array, values: Float32Array, start: number, factor: number): void {
  if (factor === 0) return;
  for (let x = 0; x < row.length; x += 1) row[x] = (row[x] ?? 0) + factor * (values[start + x] ?? 0);
}

/** The values of a quantised array. */
function valuesOf({ bytes, minimum, scale }: QuantisedArray): Float32Array {
  const area = bytes.length / minimum.length;
  return Float32Array.from(bytes, (byte, index) => {
    const channel = Math.floor(index / area);
    return (minimum[channel] ?? 0) + (scale[channel] ?? 0) * byte;
  });
}

/** 1 for the rows of vertices [z, y] that touch a cell that is occupied or next to an occupied one (whose values normals need). */
function wantedRows({ grid: [, ny, nz], occupancy }: Pick<Scene, 'grid' | 'occupancy'>): Uint8Array {
  const [cx, cy, cz] = occupancy.size;
  const distances = emptyDistances(occupancy);
  const rows = new Uint8Array(ny * nz);
  for (let cell = 0; cell < cy * cz; cell += 1) {
    const line = distances.subarray(cell * cx, (cell + 1) * cx);
    if (line.every((distance) => distance > 1)) continue;
    const [y, z] = [(cell % cy) * occupancy.cell, Math.floor(cell / cy) * occupancy.cell];
    for (let vz = z; vz <= Math.min(z + occupancy.cell, nz - 1); vz += 1) {
      rows.fill(1, vz * ny + y, vz * ny + Math.min(y + occupancy.cell, ny - 1) + 1);
    }
  }
  return rows;
}
