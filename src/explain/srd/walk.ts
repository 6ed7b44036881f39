import { ruleFor } from '../../adjoint/backward.ts';
import { placeAll } from '../../adjoint/window.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { type Node, requiredInput, requiredOutput } from '../../graph/graph.ts';
import { channelAxes, type Roles } from '../positions.ts';
import type { SignalPaths } from '../signal.ts';
import { shareConvolution } from './convolution.ts';
import { PooledParts } from './pooled-parts.ts';

/** Keeps 0/0 at 0: squared norms of float32 feature vectors that matter are far above it. */
export const TINY = 1e-30;

/** A vector cotangent, either as it is or as a scalar map times a feature map, which saves a full-size product. */
type Vector = { readonly scale: string | null; readonly map: string };

/**
 * Sharing Ratio Decomposition, backwards through a graph (Han, Kim, Kwak, ICLR 2024, arXiv 2402.03348; methods §1).
 *
 * Relevance is a scalar per position, R = Σ_i μ_ij R_j with μ_ij = ⟨w_ij, v_j⟩/‖v_j‖². Leaving biases out this is
 * R_i = ⟨x_i, Jᵀ(R_j v_j/‖v_j‖²)⟩ for the affine map with Jacobian J between two activations (reconstruction, algebra), so
 * the walk carries two things for each value: a scalar relevance where the value is a PFV map (its consumers are an
 * activation or a linear layer), and a vector cotangent where it is a term of a sum still inside an affine map.
 */
export class RelevanceWalk {
  readonly #scalars = new Map<string, string>();
  readonly #vectors = new Map<string, Vector[]>();
  readonly #squares = new Map<string, string>();
  readonly #pooled = new Map<string, PooledParts>();

  constructor(
    readonly builder: GraphBuilder,
    readonly roles: Roles,
    readonly paths: SignalPaths,
  ) {}

  /** Adds scalar relevance at a value; shape: the value's with every channel axis 1. */
  addScalar(value: string, relevance: string): void {
    const known = this.#scalars.get(value);
    this.#scalars.set(value, known === undefined ? relevance : this.builder.addValues(known, relevance));
  }

  /** Adds a vector cotangent of the value's own shape. */
  addVector(value: string, cotangent: string): void {
    this.#push(value, [{ scale: null, map: cotangent }]);
  }

  #push(value: string, parts: readonly Vector[]): void {
    this.#vectors.set(value, [...(this.#vectors.get(value) ?? []), ...parts]);
  }

  /** Σ over the channels of a ⊙ b, keeping the axes; both have the value's shape. */
  dot(value: string, a: string, b: string): string {
    const { builder } = this;
    if (a === b) {
      const known = this.#squares.get(a);
      if (known !== undefined) return known;
    }
    const axes = channelAxes(this.roles, value);
    const product = builder.multiply(a, b);
    const sum = axes.length === 0 ? product : builder.reduceSum(product, axes, true);
    if (a === b) this.#squares.set(a, sum);
    return sum;
  }

  /** Relevance of a value so far, or null where none reaches it. */
  relevance(value: string): string | null {
    let total = this.#scalars.get(value) ?? null;
    for (const { scale, map } of this.#vectors.get(value) ?? []) {
      const product = this.dot(value, value, map);
      const part = scale === null ? product : this.builder.multiply(scale, product);
      total = total === null ? part : this.builder.addValues(total, part);
    }
    return total;
  }

  /**
   * The cotangent at a value: R v/‖v‖² where the value is a PFV map that relevance has reached as a scalar, otherwise what its sums sent.
   */
  #cotangents(value: string): readonly Vector[] {
    const vectors = this.#vectors.get(value) ?? [];
    if (!this.#scalars.has(value)) return vectors;
    const relevance = this.relevance(value);
    if (relevance === null) return vectors;
    const { builder } = this;
    const square = builder.emit('Max', [this.dot(value, value, value), builder.scalar(TINY)], {}, 'square');
    return [{ scale: builder.divide(relevance, square), map: value }];
  }

  #dense(parts: readonly Vector[]): string | null {
    let total: string | null = null;
    for (const { scale, map } of parts) {
      const part = scale === null ? map : this.builder.multiply(map, scale);
      total = total === null ? part : this.builder.addValues(total, part);
    }
    return total;
  }

  /** The max-pool's input split by window offset and switch; made once for all who need it. */
  pooledParts(pool: Node): PooledParts {
    const output = requiredOutput(pool, 0);
    const known = this.#pooled.get(output);
    if (known !== undefined) return known;
    const parts = new PooledParts(this.builder, pool);
    this.#pooled.set(output, parts);
    return parts;
  }

  /** Carries relevance from the values of a stretch of nodes to the values before it. */
  run(nodes: readonly Node[]): void {
    for (const node of [...nodes].reverse()) {
      for (const output of node.outputs) {
        if (output !== '' && (this.#scalars.has(output) || this.#vectors.has(output))) {
          this.#share(node);
          break;
        }
      }
    }
  }

  #share(node: Node): void {
    const sharing = this.paths.sharing(node);
    switch (sharing.kind) {
      case 'pass': {
        const relevance = this.relevance(requiredOutput(node, 0));
        if (relevance !== null) this.addScalar(requiredInput(node, sharing.input), relevance);
        return;
      }
      case 'route':
        this.#route(node, sharing.inputs);
        return;
      case 'mix': {
        const input = requiredInput(node, sharing.input);
        const cotangent = this.#vjp(node, [sharing.input])[sharing.input] ?? null;
        if (cotangent !== null) this.addScalar(input, this.dot(input, input, cotangent));
        return;
      }
      case 'conv': {
        const cotangent = this.#dense(this.#cotangents(requiredOutput(node, 0)));
        if (cotangent !== null) shareConvolution(this, node, cotangent);
        return;
      }
      case 'pool':
        this.#pool(node);
        return;
    }
  }

  #route(node: Node, inputs: readonly number[]): void {
    const output = requiredOutput(node, 0);
    const sameShape = (name: string) => this.builder.shape(name).join() === this.builder.shape(output).join();
    if (node.op === 'Add' && node.inputs.every(sameShape)) {
      const parts = this.#cotangents(output);
      for (const index of inputs) this.#push(requiredInput(node, index), parts);
      return;
    }
    const cotangents = this.#vjp(node, inputs);
    for (const index of inputs) {
      const cotangent = cotangents[index] ?? null;
      if (cotangent !== null) this.addVector(requiredInput(node, index), cotangent);
    }
  }

  #vjp(node: Node, inputs: readonly number[]): (string | null)[] {
    const incoming = node.outputs.map((name) => (name === '' ? null : this.#dense(this.#cotangents(name))));
    return ruleFor(node)(
      this.builder,
      node,
      incoming,
      node.inputs.map((_, index) => inputs.includes(index)),
    );
  }

  /** Switches: the pooled PFV is shared among the pre-pool PFVs channel by channel. */
  #pool(node: Node): void {
    const output = requiredOutput(node, 0);
    const cotangent = this.#dense(this.#cotangents(output));
    if (cotangent === null) return;
    const parts = this.pooledParts(node);
    const placements = parts.offsets.map((offset, index) => ({ offset, value: this.dot(output, parts.part(index), cotangent) }));
    this.addScalar(requiredInput(node, 0), placeAll(this.builder, node, placements));
  }
}
