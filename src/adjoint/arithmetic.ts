/**
 * Vector–Jacobian products of element-wise arithmetic with NumPy broadcasting: each operand's cotangent is summed over
 * the axes along which the operand was repeated.
 *
 * Subgradients: Abs 0 at 0; Min and Max share a tie equally among the tied operands (as torch.maximum does).
 */
import type { GraphBuilder } from '../graph/builder.ts';
import { int, type Node, requiredInput, requiredOutput } from '../graph/graph.ts';
import { elementCode } from '../graph/infer/creation.ts';
import { float32, numbers } from '../graph/tensor.ts';
import { greater, indicator, isFloat, scale, select, timesSign, unaryRule, unbroadcast } from './common.ts';
import type { AdjointRule } from './rule.ts';

/** Writes the cotangent of operand `index` in the output's shape. */
type OperandPull = (builder: GraphBuilder, node: Node, cotangent: string, index: number) => string;

/** A rule for operands that broadcast together; integer operands get nothing. */
function broadcastRule(pull: OperandPull): AdjointRule {
  return (builder, node, [cotangent], wanted) =>
    node.inputs.map((name, index) => {
      if (cotangent === null || cotangent === undefined || wanted[index] !== true || !isFloat(builder, name)) return null;
      return unbroadcast(builder, pull(builder, node, cotangent, index), builder.shape(name));
    });
}

export const add: AdjointRule = broadcastRule((_builder, _node, cotangent) => cotangent);

/** Of any number of operands. */
export const sum: AdjointRule = add;

/** Of any number of operands. */
export const mean: AdjointRule = broadcastRule((builder, node, cotangent) => scale(builder, cotangent, 1 / node.inputs.length));

/** Emits the negation after the sum over repeated axes, where it is cheapest. */
export const sub: AdjointRule = (builder, node, cotangents, wanted) => {
  const [left, right] = add(builder, node, cotangents, wanted);
  return [left ?? null, right === null || right === undefined ? null : builder.emit('Neg', [right])];
};

export const mul: AdjointRule = broadcastRule((builder, node, cotangent, index) =>
  builder.multiply(cotangent, requiredInput(node, 1 - index)),
);

/** ∂(a/b) = ∂a/b − (y/b)·∂b. */
export const div: AdjointRule = broadcastRule((builder, node, cotangent, index) => {
  const quotient = builder.divide(cotangent, requiredInput(node, 1));
  return index === 0 ? quotient : builder.emit('Neg', [builder.multiply(quotient, requiredOutput(node, 0))]);
});

/** ∂(aᵇ) = b·aᵇ⁻¹·∂a + aᵇ·ln(a)·∂b; the second part is taken as 0 where a ≤ 0, where the logarithm is not real. */
export const pow: AdjointRule = broadcastRule((builder, node, cotangent, index) => {
  const base = requiredInput(node, 0);
  const exponent = requiredInput(node, 1);
  if (index === 0) return builder.multiply(cotangent, powSlope(builder, base, exponent));
  const positive = greater(builder, base, builder.scalar(0));
  const logarithm = builder.emit('Log', [select(builder, positive, base, builder.scalar(1))]);
  return builder.multiply(cotangent, builder.multiply(requiredOutput(node, 0), logarithm));
});

function powSlope(builder: GraphBuilder, base: string, exponent: string): string {
  const constant = builder.constant(exponent);
  const values = constant === undefined ? [] : numbers(constant);
  const [value] = values;
  if (values.length === 1 && value !== undefined) {
    // The exponents of variance and RMS computations deserve better than a Pow kernel.
    if (value === 2) return scale(builder, base, 2);
    if (value === 3) return scale(builder, builder.multiply(base, base), 3);
    return scale(builder, builder.emit('Pow', [base, builder.scalar(value - 1)]), value);
  }
  const power = floatPower(builder, exponent);
  return builder.multiply(power, builder.emit('Pow', [base, builder.subtract(power, builder.scalar(1))]));
}

/** The exponent as float32. A constant is converted here: casting one on WebGPU fails in onnxruntime-web 1.30. */
function floatPower(builder: GraphBuilder, exponent: string): string {
  if (isFloat(builder, exponent)) return exponent;
  const constant = builder.constant(exponent);
  if (constant !== undefined) return builder.add(float32(constant.dims, numbers(constant)), 'exponent');
  return builder.emit('Cast', [exponent], { to: int(elementCode('float32')) });
}

export const sqrt: AdjointRule = unaryRule((builder, node, cotangent) =>
  builder.divide(scale(builder, cotangent, 0.5), requiredOutput(node, 0)),
);

export const exp: AdjointRule = unaryRule((builder, node, cotangent) => builder.multiply(cotangent, requiredOutput(node, 0)));

export const log: AdjointRule = unaryRule((builder, node, cotangent) => builder.divide(cotangent, requiredInput(node, 0)));

export const neg: AdjointRule = unaryRule((builder, _node, cotangent) => builder.emit('Neg', [cotangent]));

export const abs: AdjointRule = unaryRule((builder, node, cotangent) => timesSign(builder, cotangent, requiredInput(node, 0)));

/** ∂(1/x) = −y²·∂x. */
export const reciprocal: AdjointRule = unaryRule((builder, node, cotangent) => {
  const y = requiredOutput(node, 0);
  return builder.emit('Neg', [builder.multiply(cotangent, builder.multiply(y, y))]);
});

export const sin: AdjointRule = unaryRule((builder, node, cotangent) =>
  builder.multiply(cotangent, builder.emit('Cos', [requiredInput(node, 0)])),
);

export const cos: AdjointRule = unaryRule((builder, node, cotangent) =>
  builder.emit('Neg', [builder.multiply(cotangent, builder.emit('Sin', [requiredInput(node, 0)]))]),
);

/** Max of any number of operands: the cotangent goes to the largest, in equal shares where several are. */
export const max: AdjointRule = (builder, node, cotangents, wanted) => {
  const [cotangent] = cotangents;
  if (cotangent === null || cotangent === undefined) return node.inputs.map(() => null);
  if (node.inputs.length === 1) return add(builder, node, cotangents, wanted);
  const y = requiredOutput(node, 0);
  const operands = node.inputs.map((name) => ({ name, chosen: builder.emit('Equal', [name, y]) }));
  const ties = operands.map(({ chosen }) => indicator(builder, chosen)).reduce(builder.addValues);
  const share = builder.divide(cotangent, ties);
  return operands.map(({ name, chosen }, index) =>
    wanted[index] ? unbroadcast(builder, select(builder, chosen, share, builder.scalar(0)), builder.shape(name)) : null,
  );
};

/** Min of any number of operands: the cotangent goes to the smallest, in equal shares where several are. */
export const min: AdjointRule = max;

/** Each branch gets the cotangents of the elements taken from it; the condition gets nothing. */
export const where: AdjointRule = broadcastRule((builder, node, cotangent, index) => {
  const condition = requiredInput(node, 0);
  const zero = builder.scalar(0);
  return index === 1 ? select(builder, condition, cotangent, zero) : select(builder, condition, zero, cotangent);
});
