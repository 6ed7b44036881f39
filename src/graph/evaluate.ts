import { arithmetic } from './evaluate/arithmetic.ts';
import { copies, moves } from './evaluate/moves.ts';
import type { Evaluator } from './evaluate/operands.ts';
import type { Node, ValueType } from './graph.ts';
import { sizeOf, type Tensor } from './tensor.ts';

/** Constant arithmetic beyond this many elements is left to the runtime. */
const MOST_ARITHMETIC = 1e6;
/** Moving or widening weights is cheap, and worth it: transforms want weights as initializers. */
const MOST_MOVED = 2 ** 26;

const MOVES: ReadonlyMap<string, Evaluator> = new Map(Object.entries(moves));
const ARITHMETIC: ReadonlyMap<string, Evaluator> = new Map(Object.entries({ ...arithmetic, ...copies }));

/**
 * Computes a node whose inputs are all constants.
 * @param inputs the inputs' values, undefined where the input is omitted
 * @param types types of the outputs, as inferred
 * @returns the outputs' values, or undefined where the operator is not one that shows up among constants, or is too large
 */
export function evaluateNode(
  node: Node,
  inputs: readonly (Tensor | undefined)[],
  types: readonly (ValueType | undefined)[],
): readonly Tensor[] | undefined {
  if (node.domain !== '' || inputs.some((input) => input?.type === 'string')) return undefined;
  const size = [...inputs, ...types].reduce((sum, one) => sum + (one === undefined ? 0 : sizeOf(one.dims)), 0);
  const evaluator = size <= MOST_MOVED ? MOVES.get(node.op) : undefined;
  const chosen = evaluator ?? (size <= MOST_ARITHMETIC ? ARITHMETIC.get(node.op) : undefined);
  return chosen?.(node, inputs, types);
}
