/**
 * The tensors of a scene on the GPU: density and appearance of a point, and how far from it nothing is, as nodes of three's shading
 * language. Values stay quantised in 8-bit textures; the affine map back is folded into the sums (see `packing.ts`).
 */
import {
  dot,
  float,
  int,
  ivec3,
  Loop,
  max,
  min,
  mix,
  select,
  step as stepFunction,
  texture,
  texture3D,
  uniformArray,
  vec2,
  vec3,
  vec4,
} from 'three/tsl';
import {
  ClampToEdgeWrapping,
  Data3DTexture,
  DataArrayTexture,
  HalfFloatType,
  LinearFilter,
  NearestFilter,
  NoColorSpace,
  type Node,
  RedFormat,
  RGBAFormat,
  type Texture,
  Vector4,
} from 'three/webgpu';
import type { DensityVolume } from './density-volume.ts';
import { emptyDistances } from './occupancy.ts';
import { channelMap, packTexels } from './packing.ts';
import type { QuantisedArray, Scene, VmGrid } from './scene.ts';
import { subtract } from './vector.ts';

/** Steps a leap over empty space falls short of the border, against rounding; a step too few costs one look-up, one too many a sample. */
const LEAP_MARGIN = 0.01;
const FURTHEST_LEAP = 1e6;
/** Grid units a metre under which a ray does not move along an axis. */
const SLOWEST = 1e-9;

/** Four numbers a vector, the form of uniform arrays. */
function vectors(values: ArrayLike<number>): Vector4[] {
  return Array.from({ length: Math.ceil(values.length / 4) }, (_, index) => {
    const at = (offset: number) => values[4 * index + offset] ?? 0;
    return new Vector4(at(0), at(1), at(2), at(3));
  });
}

/** A uniform array of four-vectors that can be filled again between frames. */
export class VectorArray {
  readonly #vectors: Vector4[];
  readonly node;

  constructor(values: ArrayLike<number>) {
    this.#vectors = vectors(values.length === 0 ? [0] : values);
    this.node = uniformArray<'vec4'>(this.#vectors, 'vec4');
  }

  at(index: Node<'int'> | number): Node<'vec4'> {
    return this.node.element(typeof index === 'number' ? int(index) : index);
  }

  fill(values: ArrayLike<number>): void {
    const at = (index: number) => values[index] ?? 0;
    this.#vectors.forEach((vector, index) => {
      vector.set(at(4 * index), at(4 * index + 1), at(4 * index + 2), at(4 * index + 3));
    });
  }
}

function prepared<T extends Texture>(data: T): T {
  data.wrapS = ClampToEdgeWrapping;
  data.wrapT = ClampToEdgeWrapping;
  if ('wrapR' in data) data.wrapR = ClampToEdgeWrapping;
  data.generateMipmaps = false;
  data.colorSpace = NoColorSpace;
  // Rows of one-channel cells are of any length.
  data.unpackAlignment = 1;
  data.needsUpdate = true;
  return data;
}

function channelTexture(arrays: readonly QuantisedArray[]): DataArrayTexture {
  const { texels, width, height, layers } = packTexels(arrays);
  const data = new DataArrayTexture(texels, width, height, layers);
  data.format = RGBAFormat;
  data.minFilter = LinearFilter;
  data.magFilter = LinearFilter;
  return prepared(data);
}

function volumeTexture({ grid }: Scene, volume: DensityVolume): Data3DTexture {
  const data = new Data3DTexture(volume, ...grid);
  data.format = RedFormat;
  data.type = HalfFloatType;
  data.minFilter = LinearFilter;
  data.magFilter = LinearFilter;
  return prepared(data);
}

function cellTexture(occupancy: Scene['occupancy']): Data3DTexture {
  const data = new Data3DTexture(emptyDistances(occupancy), ...occupancy.size);
  data.format = RedFormat;
  data.minFilter = NearestFilter;
  data.magFilter = NearestFilter;
  return prepared(data);
}

/** Plane and line of the pairs, as the components of grid coordinates they are looked up with. */
const LOOKUPS = [
  { plane: (g: Node<'vec3'>) => g.xy, line: (g: Node<'vec3'>) => g.z },
  { plane: (g: Node<'vec3'>) => g.xz, line: (g: Node<'vec3'>) => g.y },
  { plane: (g: Node<'vec3'>) => g.yz, line: (g: Node<'vec3'>) => g.x },
];

export class GridNodes {
  readonly #planes: readonly DataArrayTexture[];
  readonly #lines: readonly DataArrayTexture[];
  readonly #cells: Data3DTexture;
  readonly #planeNodes;
  readonly #lineNodes;
  readonly #cellNode;
  readonly #volume: Data3DTexture | null;
  readonly #volumeNode;
  /** Texel layers of a pair's textures; those of the density come first, and there are none when it lies in a volume. */
  readonly #densityLayers: number;
  readonly #appearanceLayers: number;
  /** Offsets of planes and lines, a pair of vectors a texel; density first, then appearance, within each pair of the grid. */
  readonly #offsets: VectorArray;
  readonly #densityWeights: VectorArray;
  /** Steps of plane times line, one a component of the appearance vector: what a weight on it is multiplied with. */
  readonly #appearanceSteps: readonly number[];
  readonly #rows: VectorArray;
  readonly #scene: Scene;

  /**
   * @param outputs linear outputs of a sample; see `setRows`
   * @param volume the expanded density, null to look it up in its tensors
   */
  constructor(scene: Scene, outputs: number, volume: DensityVolume | null) {
    const { density, appearance } = scene;
    const pairs = [0, 1, 2];
    const grids = volume === null ? [density, appearance] : [appearance];
    const arrays = (kind: 'planes' | 'lines', pair: number) =>
      grids.map((grid) => grid[kind][pair]).filter((array) => array !== undefined);
    this.#scene = scene;
    this.#volume = volume === null ? null : volumeTexture(scene, volume);
    this.#volumeNode = this.#volume === null ? null : texture3D(this.#volume);
    this.#densityLayers = volume === null ? density.components / 4 : 0;
    this.#appearanceLayers = appearance.components / 4;
    this.#planes = pairs.map((pair) => channelTexture(arrays('planes', pair)));
    this.#lines = pairs.map((pair) => channelTexture(arrays('lines', pair)));
    this.#cells = cellTexture(scene.occupancy);
    this.#planeNodes = this.#planes.map((data) => texture(data));
    this.#lineNodes = this.#lines.map((data) => texture(data));
    this.#cellNode = texture3D(this.#cells);
    this.#offsets = new VectorArray(pairs.flatMap((pair) => grids.flatMap((grid) => offsetsOf(grid, pair))));
    this.#densityWeights = new VectorArray(pairs.flatMap((pair) => stepsOf(density, pair)));
    this.#appearanceSteps = pairs.flatMap((pair) => stepsOf(appearance, pair));
    this.#rows = new VectorArray(new Float32Array(outputs * 3 * appearance.components));
  }

  /** Sets the rows [outputs, 3R] of the linear outputs. */
  setRows(rows: Float32Array): void {
    const inputs = this.#appearanceSteps.length;
    this.#rows.fill(rows.map((weight, index) => weight * (this.#appearanceSteps[index % inputs] ?? 0)));
  }

  /** Grid coordinates [0, N − 1] of a direction or of a point relative to the box's lowest corner, not clamped. */
  toGrid(metres: Node<'vec3'>): Node<'vec3'> {
    const [low, high] = this.#scene.box;
    const [nx, ny, nz] = this.#scene.grid;
    const [x, y, z] = subtract(high, low);
    return metres.mul(vec3((nx - 1) / x, (ny - 1) / y, (nz - 1) / z));
  }

  clamped(g: Node<'vec3'>): Node<'vec3'> {
    const [x, y, z] = this.#scene.grid;
    return g.clamp(vec3(0), vec3(x - 1, y - 1, z - 1));
  }

  /** The density feature of a point with its shift, f + density_shift: what softplus makes the density of. */
  shiftedDensity(g: Node<'vec3'>): Node<'float'> {
    const [nx, ny, nz] = this.#scene.grid;
    if (this.#volumeNode !== null) return this.#volumeNode.sample(g.add(0.5).div(vec3(nx, ny, nz))).level(int(0)).r;
    const sum = float(this.#scene.header.density_shift).toVar();
    this.#eachTexel(g, 0, this.#densityLayers, (product, index) => {
      sum.addAssign(dot(product, this.#densityWeights.at(index)));
    });
    return sum;
  }

  /** Adds `weight` times the linear outputs of a point to `sums`, one a row. */
  addOutputs(g: Node<'vec3'>, weight: Node<'float'>, sums: readonly Node<'float'>[]): void {
    const texels = 3 * this.#appearanceLayers;
    this.#eachTexel(g, this.#densityLayers, this.#appearanceLayers, (product, index) => {
      const weighted = product.mul(weight).toVar();
      sums.forEach((sum, output) => {
        sum.addAssign(dot(weighted, this.#rows.at(index.add(int(output * texels)))));
      });
    });
  }

  /**
   * How many steps a ray may go on from a point without meeting an occupied cell: 0 in an occupied one.
   *
   * @param direction of the ray, in grid units a metre
   * @param step metres
   */
  emptySteps(g: Node<'vec3'>, direction: Node<'vec3'>, step: Node<'float'>): Node<'int'> {
    const {
      occupancy: { size, cell },
    } = this.#scene;
    const own = min(g.div(float(cell)).floor(), vec3(size[0] - 1, size[1] - 1, size[2] - 1)).toVar();
    const distance = this.#cellNode.load(ivec3(own)).r.mul(255).round().toVar();
    // The border, on the side the ray goes to, of the cells that are empty for sure.
    const forwards = stepFunction(vec3(0), direction);
    const border = own.add(mix(distance.oneMinus(), distance, forwards)).mul(float(cell));
    const speed = max(direction.abs(), vec3(SLOWEST)).mul(forwards.mul(2).sub(1));
    const exits = border.sub(g).div(speed).toVar();
    const exit = min(min(exits.x, exits.y), exits.z);
    const leap = exit.div(step).sub(LEAP_MARGIN).ceil().clamp(1, FURTHEST_LEAP);
    return select(distance.lessThan(0.5), int(0), int(leap));
  }

  dispose(): void {
    for (const data of [...this.#planes, ...this.#lines, this.#cells, this.#volume]) data?.dispose();
  }

  /** Calls back, in a loop on the GPU, with plane · line (but for their steps) of four channels and the index of those among all pairs'. */
  #eachTexel(
    g: Node<'vec3'>,
    firstLayer: number,
    layers: number,
    use: (product: Node<'vec4'>, index: Node<'int'>) => void,
  ): void {
    const [nx, ny, nz] = this.#scene.grid;
    const coordinates = g
      .add(0.5)
      .div(vec3(nx, ny, nz))
      .toVar();
    const texels = this.#densityLayers + this.#appearanceLayers;
    LOOKUPS.forEach(({ plane, line }, pair) => {
      const [planeNode, lineNode] = [this.#planeNodes[pair], this.#lineNodes[pair]];
      if (planeNode === undefined || lineNode === undefined) return;
      Loop({ start: int(0), end: int(layers), type: 'int' }, ({ i }) => {
        const layer = i.add(int(firstLayer));
        const offset = layer.add(int(pair * texels)).mul(int(2));
        const planeValue = planeNode.sample(plane(coordinates)).depth(layer).level(int(0)).add(this.#offsets.at(offset));
        const lineValue = lineNode
          .sample(vec2(line(coordinates), 0.5))
          .depth(layer)
          .level(int(0))
          .add(this.#offsets.at(offset.add(int(1))));
        use(vec4(planeValue).mul(vec4(lineValue)).toVar(), i.add(int(pair * layers)));
      });
    });
  }
}

/** Offsets of a pair, four of the plane, four of the line, and so on. */
function offsetsOf({ planes, lines }: VmGrid, pair: number): readonly number[] {
  const [plane, line] = [planes[pair], lines[pair]];
  if (plane === undefined || line === undefined) return [];
  const [ofPlane, ofLine] = [channelMap(plane).offsets, channelMap(line).offsets];
  return Array.from({ length: ofPlane.length / 4 }, (_, texel) =>
    [ofPlane, ofLine].flatMap((all) => all.slice(4 * texel, 4 * texel + 4)),
  ).flat();
}

/** Steps of plane times line, a channel. */
function stepsOf({ planes, lines }: VmGrid, pair: number): readonly number[] {
  const [plane, line] = [planes[pair], lines[pair]];
  if (plane === undefined || line === undefined) return [];
  const ofLine = channelMap(line).steps;
  return channelMap(plane).steps.map((step, channel) => step * (ofLine[channel] ?? 1));
}
