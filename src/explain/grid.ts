import { nodesBetween } from '../adjoint/backward.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { HeliographError } from '../graph/errors.ts';
import type { Node } from '../graph/graph.ts';
import type { Shape } from '../graph/tensor.ts';
import type { Classifier } from './classifier.ts';
import { axisRoles, channelAxes, type Roles } from './positions.ts';
import { SignalPaths } from './signal.ts';

/** How a value's positions form a picture: rows × columns, after `skip` leading tokens that stand for no place (class token). */
export interface Grid {
  readonly height: number;
  readonly width: number;
  readonly skip: number;
}

/** Everything the explainers ask about a classifier's positions, made once per model. */
export class FeatureMaps {
  readonly roles: Roles;
  readonly paths: SignalPaths;
  readonly #pictures: ReadonlyMap<number, readonly [number, number]>;

  constructor(readonly model: Classifier) {
    this.roles = axisRoles(model);
    this.paths = new SignalPaths(model.graph, this.roles);
    this.#pictures = pictureSizes(model, this.roles);
  }

  shape(value: string): Shape {
    return this.model.graph.types.get(value)?.dims ?? [];
  }

  /** Shape of a relevance map at a value: the value's with every channel axis 1. */
  relevanceShape(value: string): Shape {
    const channels = channelAxes(this.roles, value);
    return this.shape(value).map((dim, axis) => (channels.includes(axis) ? 1 : dim));
  }

  /** The grid of a value's positions, or null where they form no picture. */
  grid(value: string): Grid | null {
    const roles = this.roles.get(value);
    if (roles === undefined) return null;
    // The codes of a rounded map are no feature vectors; the map stands before and behind them.
    if (this.model.graph.types.get(value)?.type !== 'float32') return null;
    const dims = this.shape(value);
    const extents = dims.filter((dim, axis) => roles[axis] === 'position' && !(axis === 0 && dim === 1));
    if (dims[0] !== 1 || dims.length < 3) return null;
    if (extents.length === 2) {
      const [height = 1, width = 1] = extents;
      const picture = this.#pictures.get(height * width) ?? extents;
      return picture[0] === height && picture[1] === width ? { height, width, skip: 0 } : null;
    }
    if (extents.length === 1) return this.#tokenGrid(extents[0] ?? 0);
    return null;
  }

  /** A row of tokens is a picture that some earlier map had, with a few class or register tokens before it. */
  #tokenGrid(tokens: number): Grid | null {
    for (const [height, width] of this.#pictures.values()) {
      const skip = tokens - height * width;
      if (skip >= 0 && skip <= MAX_EXTRA_TOKENS && height * width > 1) return { height, width, skip };
    }
    return null;
  }

  /** A grid or a sentence that the tensor has none. */
  requireGrid(value: string): Grid {
    if (!this.model.graph.types.has(value)) {
      throw new HeliographError(
        'unknown-tensor',
        `The model has no tensor “${value}”.`,
        '`heliograph inspect` lists the layers.',
      );
    }
    const grid = this.grid(value);
    if (grid === null) {
      throw new HeliographError(
        'method-not-applicable',
        `Tensor “${value}” of shape [${this.shape(value)}] is no map of positions.`,
        'Choose a layer that `heliograph inspect` lists.',
      );
    }
    return grid;
  }

  /** A relevance map (channel axes 1) as rows × columns. */
  toGrid(builder: GraphBuilder, value: string, relevance: string): string {
    const { height, width, skip } = this.requireGrid(value);
    const flat = builder.reshape(relevance, [skip + height * width]);
    const picture =
      skip === 0
        ? flat
        : builder.emit('Slice', [flat, builder.ints([skip]), builder.ints([skip + height * width]), builder.ints([0])]);
    return builder.reshape(picture, [height, width]);
  }

  /** Rows × columns as a relevance map at a value; leading tokens get 0. */
  fromGrid(builder: GraphBuilder, value: string, map: string): string {
    const { height, width, skip } = this.requireGrid(value);
    const flat = builder.reshape(map, [height * width]);
    const tokens = skip === 0 ? flat : builder.emit('Pad', [flat, builder.ints([skip, 0])]);
    return builder.reshape(tokens, this.relevanceShape(value));
  }

  /** The values a value's signal comes from, gates and attention weights aside. */
  signalInputs(value: string): string[] {
    const node = this.paths.producer(value);
    return node === undefined ? [] : this.#signalInputsOf(node);
  }

  #signalInputsOf(node: Node): string[] {
    const sharing = this.paths.sharing(node);
    const inputs =
      sharing.kind === 'route' ? sharing.inputs : [sharing.kind === 'pass' || sharing.kind === 'mix' ? sharing.input : 0];
    return inputs.map((index) => node.inputs[index] ?? '');
  }

  /**
   * The values that carry the signal from the image to a value, in order; gates and attention weights are not among them.
   * @throws HeliographError `method-not-applicable` where relevance cannot be followed
   */
  signalTo(value: string): string[] {
    const carrying = new Set([value]);
    const nodes = nodesBetween(this.model.graph.nodes, [this.model.image], [value]);
    for (const node of [...nodes].reverse()) {
      if (!node.outputs.some((name) => carrying.has(name))) continue;
      for (const input of this.#signalInputsOf(node)) carrying.add(input);
    }
    return nodes.flatMap((node) => node.outputs.filter((name) => carrying.has(name)));
  }
}

/** Class, distillation and register tokens together. */
const MAX_EXTRA_TOKENS = 8;

/**
 * Rows and columns of the two-dimensional maps, by their number of positions, largest first. Where several sizes have the same number, the
 * one shaped most like the image is the picture: attention in windows takes a map apart into windows × positions and puts it together again.
 */
function pictureSizes({ graph, height, width }: Classifier, roles: Roles): ReadonlyMap<number, readonly [number, number]> {
  const stretch = ([rows, columns]: readonly [number, number]) => Math.abs(Math.log((rows * width) / (columns * height)));
  const sizes = new Map<number, readonly [number, number]>();
  for (const [value, found] of roles) {
    const dims = graph.types.get(value)?.dims ?? [];
    if (dims.length !== 4 || dims[0] !== 1) continue;
    const [rows, columns, ...more] = dims.filter((_, axis) => axis > 0 && found[axis] === 'position');
    if (rows === undefined || columns === undefined || more.length > 0) continue;
    const known = sizes.get(rows * columns);
    if (known === undefined || stretch([rows, columns]) < stretch(known)) sizes.set(rows * columns, [rows, columns]);
  }
  return new Map([...sizes].sort(([a], [b]) => b - a));
}
