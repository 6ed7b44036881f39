import type { GraphBuilder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';

/**
 * The vector–Jacobian product of one operator, written as ONNX nodes.
 *
 * @param builder grows the derived graph; knows the shape of every value
 * @param node the forward node, its values all present in the derived graph
 * @param cotangents for each output of the node the name of ∂L/∂output (same shape as the output), or null where nothing flows
 * @param wanted for each input whether ∂L/∂input is asked for; a rule may leave the others null and should emit nothing for them
 * @returns for each input the name of ∂L/∂input (same shape as the input), or null where it is zero or not asked for
 * @throws HeliographError `unsupported-operator` naming operator and node for a form the rule does not cover
 */
export type AdjointRule = (
  builder: GraphBuilder,
  node: Node,
  cotangents: readonly (string | null)[],
  wanted: readonly boolean[],
) => (string | null)[];
