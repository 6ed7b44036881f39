import type { GraphBuilder } from '../graph/builder.ts';
import { float32 } from '../graph/tensor.ts';

/** One output position of a linear map along an axis: the input positions it reads and their weights. */
export type Reads = readonly (readonly [position: number, weight: number])[];

/**
 * The adjoint of a linear map along one axis, as a product with a constant matrix.
 *
 * @param cotangent any rank ≥ 1; its size along `axis` is the number of output positions
 * @param reads what each output position reads
 * @param length number of input positions
 * @returns the shape of `cotangent` with `length` along `axis`
 */
export function spreadAlongAxis(
  builder: GraphBuilder,
  cotangent: string,
  axis: number,
  reads: readonly Reads[],
  length: number,
): string {
  const rank = builder.shape(cotangent).length;
  const matrix = new Float32Array(reads.length * length);
  const left = axis === rank - 2;
  reads.forEach((taps, output) => {
    for (const [position, weight] of taps) {
      const cell = left ? position * reads.length + output : output * length + position;
      matrix[cell] = (matrix[cell] ?? 0) + weight;
    }
  });
  if (left) return builder.emit('MatMul', [builder.add(float32([length, reads.length], matrix), 'spread'), cotangent]);
  const constant = builder.add(float32([reads.length, length], matrix), 'spread');
  // The axis goes last, and comes back afterwards.
  const order = Array.from({ length: rank }, (_, index) => (index === axis ? rank - 1 : index === rank - 1 ? axis : index));
  return builder.transpose(builder.emit('MatMul', [builder.transpose(cotangent, order), constant]), order);
}
