import { HeliographError } from './errors.ts';
import { describeNode, type Node, type ValueType } from './graph.ts';
import { creation } from './infer/creation.ts';
import { indexing } from './infer/indexing.ts';
import { Inference, type InferRule, type Scope } from './infer/inference.ts';
import { layout } from './infer/layout.ts';
import { linear } from './infer/linear.ts';
import { loopRule } from './infer/loop.ts';
import { pointwise } from './infer/pointwise.ts';
import { quantized } from './infer/quantized.ts';
import { reductions } from './infer/reduce.ts';
import { spatial } from './infer/spatial.ts';
import { sizeOf, type Tensor } from './tensor.ts';

/** The rank ONNX Runtime and NumPy stop at, too. */
const HIGHEST_RANK = 64;
/** More elements than any device holds; shapes beyond it come from broken files. */
const MOST_ELEMENTS = 2 ** 34;

const RULES: ReadonlyMap<string, InferRule> = new Map(
  Object.entries({
    ...pointwise,
    ...spatial,
    ...linear,
    ...reductions,
    ...layout,
    ...indexing,
    ...creation,
    ...quantized,
    Loop: loopRule(inferInScope),
  }),
);

/** Whether output shapes of this operator can be worked out. */
export function isKnownOperator(node: Node): boolean {
  return (node.domain === '' || node.domain === 'ai.onnx') && RULES.has(node.op);
}

/**
 * Type and shape of each output of a node in canonical form (opset 18 or newer).
 *
 * @param inputs type of each input, undefined where the input is omitted
 * @param constant the tensor behind a name if it is known before the run; operators whose output shape depends on a value need it
 * @param outer types of the values around the node, which the body of a Loop may capture
 * @throws HeliographError `unsupported-operator`, `shape-mismatch`, `dynamic-shape` or `invalid-model`, naming the node
 */
export function inferNode(
  node: Node,
  inputs: readonly (ValueType | undefined)[],
  constant: (name: string) => Tensor | undefined,
  opsets: ReadonlyMap<string, number>,
  outer: (name: string) => ValueType | undefined = () => undefined,
): readonly (ValueType | undefined)[] {
  return inferInScope(node, inputs, { constant, type: outer, opsets });
}

function inferInScope(node: Node, inputs: readonly (ValueType | undefined)[], scope: Scope): readonly ValueType[] {
  const rule = isKnownOperator(node) ? RULES.get(node.op) : undefined;
  if (rule === undefined) {
    throw new HeliographError(
      'unsupported-operator',
      `The operator of ${describeNode(node)} is not one Heliograph knows.`,
      'Methods that only run the model forward, occlusion and RISE, may still work.',
    );
  }
  node.inputs.forEach((name, index) => {
    if (name !== '' && inputs[index] === undefined) {
      throw new HeliographError('invalid-model', `${describeNode(node)} reads “${name}”, which nothing computes before it.`);
    }
  });
  const types = rule(new Inference(node, inputs, scope));
  for (const { dims } of types) {
    if (dims.length > HIGHEST_RANK)
      throw new HeliographError('shape-mismatch', `${describeNode(node)} has an output of ${dims.length} dimensions.`);
    if (dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0) || sizeOf(dims) > MOST_ELEMENTS) {
      throw new HeliographError('shape-mismatch', `In ${describeNode(node)}: an output of shape [${dims}] is impossible.`);
    }
  }
  return types;
}
