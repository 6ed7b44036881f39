/**
 * Vector–Jacobian products of activation functions. Where the derivative can be written in terms of the forward output
 * it is, so that the pre-activation need not stay alive.
 *
 * Subgradients at kinks are PyTorch's: Relu 0 at 0; LeakyRelu and PRelu the negative slope at 0; HardSigmoid and
 * HardSwish 0 or 1 at their corners from the saturated side; Clip 0 at both bounds, as ReLU6, Hardtanh and torch.clamp
 * have it (PyTorch 2.15). They matter only where an input hits a kink exactly.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import { floatAttribute, inputAt, type Node, requiredInput, requiredOutput, stringAttribute } from '../graph/graph.ts';
import { greater, less, scale, select, unaryRule, unbroadcast } from './common.ts';
import type { AdjointRule } from './rule.ts';

/** Defaults of Selu's attributes (Klambauer et al., arXiv 1706.02515). */
const SELU_ALPHA = 1.6732631921768188;
const SELU_GAMMA = 1.0507010221481323;
/** Gelu's tanh approximation: tanh(√(2/π)·(x + 0.044715·x³)) (Hendrycks and Gimpel, arXiv 1606.08415). */
const GELU_CUBIC = 0.044715;
const GELU_SCALE = Math.sqrt(2 / Math.PI);

/** Where lower < x < upper; a bound of '' is no bound. */
function inside(builder: GraphBuilder, x: string, lower: string, upper: string): string {
  if (lower === '') return less(builder, x, upper);
  if (upper === '') return greater(builder, x, lower);
  return builder.emit('And', [greater(builder, x, lower), less(builder, x, upper)]);
}

export const relu: AdjointRule = unaryRule((builder, node, cotangent) => {
  const zero = builder.scalar(0);
  return select(builder, greater(builder, requiredOutput(node, 0), zero), cotangent, zero);
});

/** Where x > 0, read off the output if the function keeps the sign. */
function positivePart(builder: GraphBuilder, node: Node, keepsSign: boolean): string {
  return greater(builder, keepsSign ? requiredOutput(node, 0) : requiredInput(node, 0), builder.scalar(0));
}

export const leakyRelu: AdjointRule = unaryRule((builder, node, cotangent) => {
  const alpha = floatAttribute(node, 'alpha', 0.01);
  return select(builder, positivePart(builder, node, alpha >= 0), cotangent, scale(builder, cotangent, alpha));
});

/** x where x > 0, else slope · x; the slope broadcasts to x. */
export const pRelu: AdjointRule = (builder, node, [cotangent], wanted) => {
  if (cotangent === null || cotangent === undefined) return [null, null];
  const x = requiredInput(node, 0);
  const slope = requiredInput(node, 1);
  const zero = builder.scalar(0);
  const positive = greater(builder, x, zero);
  return [
    wanted[0] ? select(builder, positive, cotangent, builder.multiply(cotangent, slope)) : null,
    wanted[1]
      ? unbroadcast(builder, select(builder, positive, zero, builder.multiply(cotangent, x)), builder.shape(slope))
      : null,
  ];
};

/** Bounds are differentiable too: they get the cotangents of the elements they replaced. */
export const clip: AdjointRule = (builder, node, [cotangent], wanted) => {
  if (cotangent === null || cotangent === undefined) return node.inputs.map(() => null);
  const x = requiredInput(node, 0);
  const y = requiredOutput(node, 0);
  const lower = inputAt(node, 1);
  const upper = inputAt(node, 2);
  const zero = builder.scalar(0);
  const free = (): string =>
    lower === '' && upper === '' ? cotangent : select(builder, inside(builder, y, lower, upper), cotangent, zero);
  const total = (mask: string, bound: string): string =>
    unbroadcast(builder, select(builder, mask, cotangent, zero), builder.shape(bound));
  return [
    wanted[0] ? free() : null,
    wanted[1] && lower !== '' ? total(less(builder, x, lower), lower) : null,
    wanted[2] && upper !== '' ? total(greater(builder, x, upper), upper) : null,
  ].slice(0, node.inputs.length);
};

export const sigmoid: AdjointRule = unaryRule((builder, node, cotangent) => {
  const y = requiredOutput(node, 0);
  return builder.multiply(cotangent, builder.multiply(y, builder.subtract(builder.scalar(1), y)));
});

export const hardSigmoid: AdjointRule = unaryRule((builder, node, cotangent) => {
  const zero = builder.scalar(0);
  const rising = inside(builder, requiredOutput(node, 0), zero, builder.scalar(1));
  return select(builder, rising, scale(builder, cotangent, floatAttribute(node, 'alpha', 0.2)), zero);
});

/** y = x · max(0, min(1, x/6 + 1/2)): slope 0 up to −3, x/3 + 1/2 between, 1 from 3. */
export const hardSwish: AdjointRule = unaryRule((builder, node, cotangent) => {
  const x = requiredInput(node, 0);
  const inner = builder.addValues(scale(builder, x, 1 / 3), builder.scalar(0.5));
  const middle = select(builder, less(builder, x, builder.scalar(3)), inner, builder.scalar(1));
  const slope = select(builder, greater(builder, x, builder.scalar(-3)), middle, builder.scalar(0));
  return builder.multiply(cotangent, slope);
});

export const tanh: AdjointRule = unaryRule((builder, node, cotangent) => {
  const y = requiredOutput(node, 0);
  return builder.multiply(cotangent, builder.subtract(builder.scalar(1), builder.multiply(y, y)));
});

/** x where x > 0, else α(eˣ − 1), whose slope is y + α. */
export const elu: AdjointRule = unaryRule((builder, node, cotangent) => {
  const alpha = floatAttribute(node, 'alpha', 1);
  const curved = builder.addValues(requiredOutput(node, 0), builder.scalar(alpha));
  return select(builder, positivePart(builder, node, alpha >= 0), cotangent, builder.multiply(cotangent, curved));
});

/** γx where x > 0, else γα(eˣ − 1), whose slope is y + γα. */
export const selu: AdjointRule = unaryRule((builder, node, cotangent) => {
  const gamma = floatAttribute(node, 'gamma', SELU_GAMMA);
  const alpha = floatAttribute(node, 'alpha', SELU_ALPHA);
  const curved = builder.addValues(requiredOutput(node, 0), builder.scalar(gamma * alpha));
  const positive = positivePart(builder, node, gamma > 0 && alpha >= 0);
  return builder.multiply(cotangent, select(builder, positive, builder.scalar(gamma), curved));
});

/** x where x > 0, else α(e^(x/α) − 1), whose slope is y/α + 1. */
export const celu: AdjointRule = unaryRule((builder, node, cotangent) => {
  const one = builder.scalar(1);
  const curved = builder.addValues(scale(builder, requiredOutput(node, 0), 1 / floatAttribute(node, 'alpha', 1)), one);
  return builder.multiply(cotangent, select(builder, positivePart(builder, node, true), one, curved));
});

/** Gelu, exact (xΦ(x), slope Φ(x) + xφ(x)) or with the tanh approximation of Φ. */
export const gelu: AdjointRule = unaryRule((builder, node, cotangent) => {
  const x = requiredInput(node, 0);
  const slope = stringAttribute(node, 'approximate', 'none') === 'tanh' ? geluTanhSlope(builder, x) : geluSlope(builder, x);
  return builder.multiply(cotangent, slope);
});

/** exp(−x² · rate) · factor. */
function gaussian(builder: GraphBuilder, x: string, rate: number, factor: number): string {
  return scale(builder, builder.emit('Exp', [scale(builder, builder.multiply(x, x), -rate)]), factor);
}

function geluSlope(builder: GraphBuilder, x: string): string {
  const erfHalf = scale(builder, builder.emit('Erf', [scale(builder, x, Math.SQRT1_2)]), 0.5);
  const cumulative = builder.addValues(erfHalf, builder.scalar(0.5));
  return builder.addValues(cumulative, builder.multiply(x, gaussian(builder, x, 0.5, 1 / Math.sqrt(2 * Math.PI))));
}

/** With t = tanh(u(x)): (1 + t)/2 + x/2 · (1 − t²) · u′(x), u = √(2/π)(x + c·x³). */
function geluTanhSlope(builder: GraphBuilder, x: string): string {
  const one = builder.scalar(1);
  const square = builder.multiply(x, x);
  const bracket = builder.addValues(scale(builder, square, GELU_SCALE * GELU_CUBIC), builder.scalar(GELU_SCALE));
  const t = builder.emit('Tanh', [builder.multiply(x, bracket)]);
  const innerSlope = builder.addValues(scale(builder, square, 3 * GELU_SCALE * GELU_CUBIC), builder.scalar(GELU_SCALE));
  const rising = builder.multiply(builder.subtract(one, builder.multiply(t, t)), builder.multiply(x, innerSlope));
  return scale(builder, builder.addValues(builder.addValues(one, t), rising), 0.5);
}

/** Slope 2/√π · exp(−x²). */
export const erf: AdjointRule = unaryRule((builder, node, cotangent) =>
  builder.multiply(cotangent, gaussian(builder, requiredInput(node, 0), 1, 2 / Math.sqrt(Math.PI))),
);

export const softplus: AdjointRule = unaryRule((builder, node, cotangent) =>
  builder.multiply(cotangent, builder.emit('Sigmoid', [requiredInput(node, 0)])),
);

/** y = x·t with t = tanh(softplus(x)): slope t + x(1 − t²)σ(x). */
export const mish: AdjointRule = unaryRule((builder, node, cotangent) => {
  const x = requiredInput(node, 0);
  const rate = builder.emit('Sigmoid', [x]);
  const t = builder.emit('Tanh', [builder.emit('Softplus', [x])]);
  const rising = builder.multiply(builder.subtract(builder.scalar(1), builder.multiply(t, t)), builder.multiply(x, rate));
  return builder.multiply(cotangent, builder.addValues(t, rising));
});
