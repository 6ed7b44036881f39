/** From a valid header and the bytes of its files to the arrays of a scene: every array inside its file, of its shape, finite. */
import { degrees, toRadians } from './angle.ts';
import type { FloatArray, Layer, LightTable, QuantisedArray, Scene, ShadowHead, SkyTable, VmGrid } from './scene.ts';
import { bad } from './scene-error.ts';
import { type ByteBlob, type FloatBlob, MAX_FEATURES, MAX_HIDDEN, type SceneHeader, type VmGridHeader } from './scene-schema.ts';
import type { Vec3 } from './vector.ts';

type Files = ReadonlyMap<string, Uint8Array>;
type FileEntry = SceneHeader['files'][number];

/** What of a scene comes from its header and binary files; cameras and pictures are the loader's. */
export type SceneArrays = Omit<Scene, 'cameras' | 'bytes' | 'image'>;

/** The pairs of a VM grid: axes of the plane's columns and rows, and of the line. */
const PAIRS = [
  { pair: 0, axes: [0, 1, 2] },
  { pair: 1, axes: [0, 2, 1] },
  { pair: 2, axes: [1, 2, 0] },
] as const;

/**
 * The binary files of a scene: those its arrays lie in.
 *
 * @throws HeliographError `bad-document` when the header does not list one of them
 */
export function requiredFiles(header: SceneHeader): readonly FileEntry[] {
  const { density, appearance, heads, sky, occupancy } = header;
  const { shadow } = heads;
  const blobs: { readonly file: string }[] = [sky.colour, occupancy, heads.albedo.weight];
  for (const { planes, lines } of [density, appearance]) blobs.push(...planes, ...lines);
  if ('features' in shadow) blobs.push(shadow.features, ...shadow.layers.flatMap(({ weight, bias }) => [weight, bias]));
  if ('cube' in shadow) blobs.push(shadow.rows, shadow.row_bias, shadow.cube);
  return [...new Set(blobs.map(({ file }) => file))].map((name) => {
    const entry = header.files.find(({ file }) => file === name);
    if (entry === undefined) throw bad(`The scene's header does not list the file “${name}”, which it uses.`);
    return entry;
  });
}

/**
 * Decodes the arrays of a scene. The quantised ones stay views of their file's bytes.
 *
 * @param files contents of `requiredFiles` by name
 * @throws HeliographError `bad-document` for a short file, an array of another shape than the grid demands, NaN or infinity
 */
export function decodeScene(header: SceneHeader, files: Files): SceneArrays {
  const { appearance } = header;
  const inputs = 3 * appearance.components;
  return {
    header,
    place: { latitude: degrees(header.place.latitude_degrees), longitude: degrees(header.place.longitude_degrees) },
    psi: toRadians(degrees(header.psi_degrees)),
    box: header.box,
    grid: header.grid,
    density: vmGrid(header.density, header.grid, files, 'density'),
    appearance: vmGrid(appearance, header.grid, files, 'appearance'),
    albedo: { weight: floats(header.heads.albedo.weight, [3, inputs], files, 'albedo head'), bias: header.heads.albedo.bias },
    shadow: shadowHead(header.heads.shadow, inputs, files),
    light: lightTable(header.light),
    sky: skyTable(header.sky, files),
    occupancy: occupancy(header, files),
  };
}

function vmGrid({ components, planes, lines }: VmGridHeader, grid: Vec3, files: Files, name: string): VmGrid {
  return {
    components,
    planes: PAIRS.map(({ pair, axes: [a, b] }) =>
      quantised(planes[pair], [components, grid[b], grid[a]], files, `${name} plane ${pair}`),
    ),
    lines: PAIRS.map(({ pair, axes: [, , c] }) => quantised(lines[pair], [components, grid[c]], files, `${name} line ${pair}`)),
  };
}

function shadowHead(shadow: SceneHeader['heads']['shadow'], inputs: number, files: Files): ShadowHead {
  const { variant } = shadow;
  const transmittance = 'transmittance' in shadow ? shadow.transmittance : null;
  // Shadow, incidence and surroundings where the density's own shadow enters, else the shadow alone.
  const logits = transmittance === null ? 1 : 3;
  if ('features' in shadow) {
    const [features = 0] = shadow.features.shape;
    if (features > MAX_FEATURES) throw bad(`The shadow head has ${features} features; ${MAX_FEATURES} is the most.`);
    return {
      variant,
      transmittance,
      learned: {
        kind: 'perceptron',
        features: floats(shadow.features, [features, inputs], files, 'shadow features'),
        layers: perceptron(shadow.layers, features + 3 + 6 * shadow.frequencies, logits, files),
        frequencies: shadow.frequencies,
      },
    };
  }
  if ('cube' in shadow) {
    const { components } = shadow;
    const [, side = 0] = shadow.cube.shape;
    return {
      variant,
      transmittance,
      learned: {
        kind: 'directional',
        rows: floats(shadow.rows, [logits, components, inputs], files, 'shadow rows'),
        rowBias: floats(shadow.row_bias, [logits, inputs], files, 'shadow row bias'),
        cube: floats(shadow.cube, [6, side, side, components + logits], files, 'shadow cube map'),
      },
    };
  }
  return { variant, transmittance, learned: null };
}

function perceptron(
  layers: readonly { readonly weight: FloatBlob; readonly bias: FloatBlob }[],
  inputs: number,
  logits: number,
  files: Files,
): readonly Layer[] {
  let width = inputs;
  return layers.map(({ weight, bias }, index) => {
    const last = index === layers.length - 1;
    const outputs = last ? logits : (weight.shape[0] ?? 0);
    if (outputs > MAX_HIDDEN) throw bad(`Layer ${index} of the shadow head has ${outputs} units; ${MAX_HIDDEN} is the most.`);
    const name = `layer ${index} of the shadow head`;
    const layer = { weight: floats(weight, [outputs, width], files, name), bias: floats(bias, [outputs], files, name) };
    width = outputs;
    return layer;
  });
}

function lightTable({ elevations_degrees, ambient, sun }: SceneHeader['light']): LightTable {
  return { elevations: elevations_degrees.map((knot) => toRadians(degrees(knot))), ambient, sun };
}

function skyTable({ elevations_degrees, view_sines, sun_cosines, colour }: SceneHeader['sky'], files: Files): SkyTable {
  const shape = [elevations_degrees.length, view_sines.length, sun_cosines.length, 3];
  return {
    elevations: elevations_degrees.map((knot) => toRadians(degrees(knot))),
    viewSines: view_sines,
    sunCosines: sun_cosines,
    colour: floats(colour, shape, files, 'sky'),
  };
}

function occupancy({ occupancy: { shape, cell, file, offset }, grid }: SceneHeader, files: Files): Scene['occupancy'] {
  const [nx = 0, ny = 0, nz = 0] = grid.map((vertices) => Math.ceil((vertices - 1) / cell));
  sameShape(shape, [nz, ny, nx], 'occupancy');
  return { cells: bytesOf(file, offset, nx * ny * nz, files, 'occupancy'), size: [nx, ny, nz], cell };
}

function quantised(blob: ByteBlob, shape: readonly number[], files: Files, name: string): QuantisedArray {
  sameShape(blob.shape, shape, name);
  const { minimum, scale } = blob;
  return { shape, bytes: bytesOf(blob.file, blob.offset, sizeOf(shape), files, name), minimum, scale };
}

function floats(blob: FloatBlob, shape: readonly number[], files: Files, name: string): FloatArray {
  sameShape(blob.shape, shape, name);
  const count = sizeOf(shape);
  const bytes = bytesOf(blob.file, blob.offset, 4 * count, files, name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = Float32Array.from({ length: count }, (_, index) => view.getFloat32(4 * index, true));
  if (!data.every(Number.isFinite)) throw bad(`The scene's ${name} holds NaN or infinite numbers.`);
  return { shape, data };
}

function bytesOf(file: string, offset: number, length: number, files: Files, name: string): Uint8Array {
  const bytes = files.get(file);
  if (bytes === undefined) throw bad(`The scene's file “${file}” is missing.`);
  if (offset + length > bytes.length) {
    throw bad(`The scene's ${name} needs the bytes ${offset} to ${offset + length} of “${file}”, which has ${bytes.length}.`);
  }
  return bytes.subarray(offset, offset + length);
}

function sameShape(actual: readonly number[], expected: readonly number[], name: string): void {
  if (actual.length === expected.length && actual.every((size, axis) => size === expected[axis])) return;
  throw bad(`The scene's ${name} has the shape [${actual}] where [${expected}] is expected.`);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
