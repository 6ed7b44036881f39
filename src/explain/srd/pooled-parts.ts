import { poolSwitches } from '../../adjoint/pooling.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { int, type Node, requiredOutput } from '../../graph/graph.ts';

/**
 * A max-pooled map taken apart by where its values came from: part o holds, at each pooled position and channel, the
 * pooled value if window offset o won (the first one on ties), else 0. The parts sum to the pooled map.
 */
export class PooledParts {
  readonly offsets: readonly (readonly number[])[];
  readonly #parts: readonly string[];
  readonly #builder: GraphBuilder;
  #stacked: string | null = null;

  constructor(builder: GraphBuilder, pool: Node) {
    const { offsets, masks } = poolSwitches(builder, pool);
    this.#builder = builder;
    this.offsets = offsets;
    this.#parts = masks.map((mask) => builder.multiply(mask, requiredOutput(pool, 0)));
  }

  /** Part of one offset, [1, C, h, w]. */
  part(index: number): string {
    const part = this.#parts[index];
    if (part === undefined) throw new RangeError(`There is no pooling offset ${index}.`);
    return part;
  }

  /** All parts along the batch axis, [offsets, C, h, w]. */
  stacked(): string {
    this.#stacked ??= this.#builder.emit('Concat', this.#parts, { axis: int(0) }, 'pooled_parts');
    return this.#stacked;
  }
}
