/** The once-a-pixel parts of the shader: the shadow's small network, the sky, the sun's disc, the transfer function. */
import { clamp, float, If, int, Loop, max, mix, pow, select, smoothstep, vec3, vec4 } from 'three/tsl';
import type { Node } from 'three/webgpu';
import type { Radians } from './angle.ts';
import { VectorArray } from './grid-nodes.ts';
import { directionBias, unitsOf } from './heads.ts';
import { skyAt } from './light.ts';
import type { PerceptronHead, Scene } from './scene.ts';
import type { Vec3 } from './vector.ts';

/** Cosines between which the sun's disc fades out: radii of 0.32° and 0.22° around its true 0.27°, for a soft edge. */
const DISC_EDGE = [Math.cos((0.32 * Math.PI) / 180), Math.cos((0.22 * Math.PI) / 180)] as const;

export function sigmoid(x: Node<'float'>): Node<'float'> {
  return float(1).div(x.negate().clamp(-80, 80).exp().add(1));
}

/** The exact sRGB transfer function of a linear colour, clamped to [0, 1]. */
export function toSrgb(linear: Node<'vec3'>): Node<'vec3'> {
  const x = clamp(linear, 0, 1).toVar();
  const curve = pow(max(x, vec3(1e-6)), vec3(1 / 2.4))
    .mul(1.055)
    .sub(0.055);
  const channel = (name: 'x' | 'y' | 'z') => select(x[name].lessThanEqual(0.0031308), x[name].mul(12.92), curve[name]);
  return vec3(channel('x'), channel('y'), channel('z'));
}

/** The network of variants A and C-A. The direction's part of its first layer is one vector a frame. */
export class PerceptronNodes {
  readonly #weights: VectorArray;
  readonly #packed: Float32Array;
  readonly #head: PerceptronHead;

  constructor(head: PerceptronHead) {
    this.#head = head;
    this.#packed = packLayers(head);
    this.#weights = new VectorArray(this.#packed);
  }

  setDirection(direction: Vec3): void {
    this.#packed.set(directionBias(this.#head, direction));
    this.#weights.fill(this.#packed);
  }

  /** The logits of composited features. */
  logits(features: readonly Node<'float'>[]): readonly Node<'float'>[] {
    const { layers } = this.#head;
    let inputs = features;
    let at = 0;
    layers.forEach((layer, index) => {
      const groups = Math.ceil(unitsOf(layer) / 4);
      const outputs: Node<'float'>[] = [];
      for (let group = 0; group < groups; group += 1) {
        let sum: Node<'vec4'> = this.#weights.at(at + group);
        inputs.forEach((input, position) => {
          sum = sum.add(this.#weights.at(at + groups * (1 + position) + group).mul(input));
        });
        const value = (index === layers.length - 1 ? sum : max(sum, vec4(0))).toVar();
        outputs.push(value.x, value.y, value.z, value.w);
      }
      at += groups * (1 + inputs.length);
      inputs = outputs.slice(0, unitsOf(layer));
    });
    return inputs;
  }
}

/** Layer after layer: the biases, then a column of weights an input, all padded to multiples of four. Directions are left out. */
function packLayers({ features, layers }: PerceptronHead): Float32Array {
  const packed: number[] = [];
  let [used = 0] = features.shape;
  for (const layer of layers) {
    const units = unitsOf(layer);
    const padded = 4 * Math.ceil(units / 4);
    const [, inputs = 0] = layer.weight.shape;
    const pad = (value: (unit: number) => number) =>
      Array.from({ length: padded }, (_, unit) => (unit < units ? value(unit) : 0));
    packed.push(...pad((unit) => layer.bias.data[unit] ?? 0));
    for (let input = 0; input < used; input += 1) packed.push(...pad((unit) => layer.weight.data[unit * inputs + input] ?? 0));
    used = units;
  }
  return Float32Array.from(packed);
}

/** The learned sky under one elevation of the sun: a table over the sine of the view's height and the cosine to the sun. */
export class SkyNodes {
  readonly #colours: VectorArray;
  readonly #viewSines: Knots;
  readonly #sunCosines: Knots;
  readonly #scene: Scene;

  constructor(scene: Scene) {
    const { viewSines, sunCosines } = scene.sky;
    this.#scene = scene;
    this.#viewSines = new Knots(viewSines);
    this.#sunCosines = new Knots(sunCosines);
    this.#colours = new VectorArray(new Float32Array(4 * viewSines.length * sunCosines.length));
  }

  setElevation(elevation: Radians): void {
    const table = skyAt(this.#scene.sky, this.#scene.light, elevation);
    this.#colours.fill(
      Float32Array.from({ length: (table.length / 3) * 4 }, (_, at) =>
        at % 4 === 3 ? 0 : (table[Math.floor(at / 4) * 3 + (at % 4)] ?? 0),
      ),
    );
  }

  /** Linear colour of the sky along a ray. */
  colour(ray: Node<'vec3'>, sun: Node<'vec3'>): Node<'vec3'> {
    const [row, down] = this.#viewSines.find(ray.y);
    const [column, across] = this.#sunCosines.find(ray.dot(sun));
    const [rows, columns] = [this.#viewSines.count, this.#sunCosines.count];
    const at = (dy: number, dx: number) =>
      this.#colours.at(
        row
          .add(int(Math.min(dy, rows - 1)))
          .mul(int(columns))
          .add(column)
          .add(int(Math.min(dx, columns - 1))),
      ).xyz;
    return mix(mix(at(0, 0), at(0, 1), across), mix(at(1, 0), at(1, 1), across), down);
  }
}

/** Ascending knots: where a value lies between them, constant outside. */
class Knots {
  readonly count: number;
  readonly #knots: VectorArray;

  constructor(knots: readonly number[]) {
    this.count = knots.length;
    this.#knots = new VectorArray(knots.flatMap((knot) => [knot, 0, 0, 0]));
  }

  /** The lower knot's index and the weight of the upper one. */
  find(value: Node<'float'>): readonly [Node<'int'>, Node<'float'>] {
    const index = int(0).toVar();
    if (this.count < 2) return [index, float(0)];
    const x = value.toVar();
    Loop({ start: int(1), end: int(this.count - 1), type: 'int' }, ({ i }) => {
      If(x.greaterThanEqual(this.#knots.at(i).x), () => {
        index.assign(i);
      });
    });
    const low = this.#knots.at(index).x;
    const high = this.#knots.at(index.add(int(1))).x;
    return [index, clamp(x.sub(low).div(high.sub(low)), 0, 1).toVar()];
  }
}

/** How much of the sun's disc a ray sees. */
export function discCoverage(ray: Node<'vec3'>, sun: Node<'vec3'>): Node<'float'> {
  return smoothstep(float(DISC_EDGE[0]), float(DISC_EDGE[1]), ray.dot(sun));
}
