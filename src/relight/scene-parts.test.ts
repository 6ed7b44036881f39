import fc from 'fast-check';
import { DataUtils } from 'three/webgpu';
import { describe, expect, it } from 'vitest';
import { degrees, radians, toRadians } from './angle.ts';
import { canExpand, expandDensity } from './density-volume.ts';
import { cubeLookup, directionBias, encodeDirection, linearOutputs } from './heads.ts';
import { directLight, lightAt, lowestLearned, shadingSun, skyAt, twilight } from './light.ts';
import { emptyDistances } from './occupancy.ts';
import { channelMap, packTexels } from './packing.ts';
import type { LightTable, QuantisedArray } from './scene.ts';
import { sunAt, sunDirection } from './sun.ts';
import { tinyScene } from './testing.ts';
import { normalise, type Vec3 } from './vector.ts';

const angle = (value: number) => toRadians(degrees(value));

describe('empty distances', () => {
  it('are those to the nearest occupied cell, by brute force', () => {
    const side = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(fc.tuple(side, side, side), fc.infiniteStream(fc.integer({ min: 0, max: 9 })), (size, stream) => {
        const [nx, ny, nz] = size;
        const cells = Uint8Array.from({ length: nx * ny * nz }, () => Number(stream.next().value === 0));
        const place = (index: number): Vec3 => [index % nx, Math.floor(index / nx) % ny, Math.floor(index / (nx * ny))];
        const distances = emptyDistances({ cells, size, cell: 2 });
        cells.forEach((_, index) => {
          const [x, y, z] = place(index);
          let nearest = 255;
          cells.forEach((cell, other) => {
            const [ox, oy, oz] = place(other);
            if (cell !== 0) nearest = Math.min(nearest, Math.max(Math.abs(x - ox), Math.abs(y - oy), Math.abs(z - oz)));
          });
          expect(distances[index]).toBe(nearest);
        });
      }),
      { seed: 6, numRuns: 100 },
    );
  });
});

describe('expanded density', () => {
  it('is the sum of plane times line at every vertex of an occupied cell', async () => {
    const scene = await tinyScene('C-B');
    const { density, grid, header, occupancy } = scene;
    const [nx, ny, nz] = grid;
    const volume = await expandDensity(scene);
    const value = ({ bytes, minimum, scale }: QuantisedArray, channel: number, index: number) =>
      (minimum[channel] ?? 0) + (scale[channel] ?? 0) * (bytes[(bytes.length / minimum.length) * channel + index] ?? 0);
    let compared = 0;
    for (let z = 0; z < nz; z += 1) {
      for (let y = 0; y < ny; y += 1) {
        for (let x = 0; x < nx; x += 1) {
          const [cx, cy, cz] = [x, y, z].map((at, axis) =>
            Math.min(Math.floor(at / occupancy.cell), (occupancy.size[axis] ?? 1) - 1),
          );
          const cell = ((cz ?? 0) * occupancy.size[1] + (cy ?? 0)) * occupancy.size[0] + (cx ?? 0);
          if (occupancy.cells[cell] === 0) continue;
          const looked = [
            [y * nx + x, z],
            [z * nx + x, y],
            [z * ny + y, x],
          ] as const;
          const expected = looked.reduce((sum, [inPlane, onLine], pair) => {
            const [plane, line] = [density.planes[pair], density.lines[pair]];
            if (plane === undefined || line === undefined) return Number.NaN;
            return plane.minimum.reduce((part, _, r) => part + value(plane, r, inPlane) * value(line, r, onLine), sum);
          }, header.density_shift);
          const half = DataUtils.fromHalfFloat(volume[(z * ny + y) * nx + x] ?? 0);
          // A half float has eleven significant bits; three cuts the rest off.
          expect(Math.abs(half - expected)).toBeLessThanOrEqual(Math.abs(expected) * 2 ** -10 + 1e-4);
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(500);
  });

  it('is not made of a grid too large for it', () => {
    expect(canExpand({ grid: [300, 150, 300] }, 2048)).toBe(true);
    expect(canExpand({ grid: [300, 150, 300] }, 256)).toBe(false);
    expect(canExpand({ grid: [512, 512, 512] }, 2048)).toBe(false);
  });
});

describe('packing', () => {
  const array: QuantisedArray = {
    shape: [4, 2, 3],
    bytes: Uint8Array.from({ length: 24 }, (_, index) => 10 * index),
    minimum: [-1, 0, 9, 0],
    scale: [0.01, 0.5, 1e-12, 1e-12],
  };

  it('gives every value back', () => {
    const { texels, width, height, layers } = packTexels([array, array]);
    expect([width, height, layers]).toEqual([3, 2, 2]);
    const { steps, offsets } = channelMap(array);
    for (let channel = 0; channel < 4; channel += 1) {
      for (let texel = 0; texel < 6; texel += 1) {
        const expected = (array.minimum[channel] ?? 0) + (array.scale[channel] ?? 0) * (array.bytes[6 * channel + texel] ?? 0);
        for (const layer of [0, 1]) {
          const stored = (texels[24 * layer + 4 * texel + channel] ?? 0) / 255;
          expect(Math.fround((steps[channel] ?? 0) * Math.fround(stored + (offsets[channel] ?? 0)))).toBeCloseTo(expected, 5);
        }
      }
    }
  });
});

describe('heads', () => {
  it('look a cube map up at vertices, across edges and between', () => {
    // Each entry is the direction itself, on a cube of half side 1.
    const side = 5;
    const data: number[] = [];
    for (let face = 0; face < 6; face += 1) {
      for (let row = 0; row < side; row += 1) {
        for (let column = 0; column < side; column += 1) {
          const entry = [(2 * column) / (side - 1) - 1, (2 * row) / (side - 1) - 1];
          entry.splice(Math.floor(face / 2), 0, face % 2 === 0 ? 1 : -1);
          data.push(...entry);
        }
      }
    }
    const cube = { shape: [6, side, side, 3], data: Float32Array.from(data) };
    const coordinate = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(coordinate, coordinate, coordinate), (direction) => {
        fc.pre(Math.hypot(...direction) > 1e-3);
        const largest = Math.max(...direction.map(Math.abs));
        cubeLookup(cube, direction).forEach((value, axis) => {
          expect(value).toBeCloseTo((direction[axis] ?? 0) / largest, 5);
        });
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('fold the cube map into rows (closed form)', async () => {
    const scene = await tinyScene('C-B');
    const { learned } = scene.shadow;
    if (learned?.kind !== 'directional') throw new Error('not a directional head');
    const sun = normalise([0.3, 0.8, -0.5]);
    const { count, rows, offsets } = linearOutputs(scene, sun);
    const response = cubeLookup(learned.cube, sun);
    const [logits = 0, components = 0, inputs = 0] = learned.rows.shape;
    expect(count).toBe(3 + logits);
    const at = (logit: number, input: number) =>
      Array.from(
        { length: components },
        (_, k) => (response[k] ?? 0) * (learned.rows.data[(logit * components + k) * inputs + input] ?? 0),
      ).reduce((sum, value) => sum + value, learned.rowBias.data[logit * inputs + input] ?? 0);
    expect(rows[(3 + 1) * inputs + 7]).toBeCloseTo(at(1, 7), 5);
    expect(offsets[3 + 1]).toBeCloseTo(response[components + 1] ?? 0, 6);
    expect([...rows.subarray(0, 3 * inputs)]).toEqual([...scene.albedo.weight.data]);
  });

  it('fold the direction into the first layer (closed form)', async () => {
    const { learned } = (await tinyScene('A')).shadow;
    if (learned?.kind !== 'perceptron') throw new Error('not a perceptron');
    const sun = normalise([0.1, 0.5, 0.7]);
    const [first] = learned.layers;
    const [features = 0] = learned.features.shape;
    const [units = 0, inputs = 0] = first?.weight.shape ?? [];
    const encoded = encodeDirection(sun, learned.frequencies);
    expect(encoded).toHaveLength(inputs - features);
    expect(encoded[3]).toBeCloseTo(Math.sin(sun[0]), 9);
    const folded = directionBias(learned, sun);
    expect(folded).toHaveLength(units);
    const expected = encoded.reduce(
      (sum, value, index) => sum + value * (first?.weight.data[2 * inputs + features + index] ?? 0),
      first?.bias.data[2] ?? 0,
    );
    expect(folded[2]).toBeCloseTo(expected, 5);
  });
});

describe('light', () => {
  const table: LightTable = {
    elevations: [angle(10), angle(30), angle(60)],
    ambient: [
      [0.1, 0.1, 0.2],
      [0.3, 0.3, 0.4],
      [0.5, 0.5, 0.5],
    ],
    sun: [
      [1, 0.5, 0.2],
      [1, 0.9, 0.8],
      [1, 1, 1],
    ],
  };

  it('is interpolated between knots and constant above them', () => {
    const light = lightAt(table, angle(20));
    expect(light.ambient.map((value) => Math.round(value * 1e6) / 1e6)).toEqual([0.2, 0.2, 0.3]);
    expect(light.sun.map((value) => Math.round(value * 1e6) / 1e6)).toEqual([1, 0.7, 0.5]);
    expect(lightAt(table, angle(89)).sun).toEqual([1, 1, 1]);
  });

  it('never grows as the sun sinks below what was learned, and leaves a little at night', () => {
    const heights = Array.from({ length: 60 }, (_, index) => angle(10 - index));
    const left = heights.map((height) => twilight(lowestLearned(table), height));
    const direct = heights.map((height) => directLight(lowestLearned(table), height));
    for (const series of [left, direct]) expect(series).toEqual(series.toSorted((a, b) => b - a));
    expect(left[0]).toBe(1);
    expect(direct[0]).toBe(1);
    expect(left.at(-1)).toBeGreaterThan(0.01);
    expect(direct[11]).toBe(0);
  });

  it('is constant with one knot, and then fades at the horizon only', () => {
    const constant: LightTable = { elevations: [angle(40)], ambient: [[1, 1, 1]], sun: [[0, 0, 0]] };
    expect(lightAt(constant, angle(5)).ambient).toEqual([1, 1, 1]);
    expect(lightAt(constant, angle(-6)).ambient[0]).toBeLessThan(1);
  });

  it('asks the learned shadow for no lower sun than it knows', () => {
    expect(shadingSun(table, sunAt(degrees(200), degrees(3)))).toEqual(sunAt(degrees(200), degrees(10)));
    expect(shadingSun(table, sunAt(degrees(200), degrees(33)))).toEqual(sunAt(degrees(200), degrees(33)));
  });

  it('takes the sky of a knot from the table', async () => {
    const { sky, light } = await tinyScene('C-B');
    const stride = sky.viewSines.length * sky.sunCosines.length * 3;
    const knot = skyAt(sky, light, radians(sky.elevations[2] ?? 0));
    expect([...knot]).toEqual([...sky.colour.data.subarray(2 * stride, 3 * stride)]);
  });

  it('comes from where the sun is', () => {
    expect(sunDirection(sunAt(degrees(180), degrees(45)), radians(0))[2]).toBeCloseTo(Math.SQRT1_2, 9);
  });
});
