import { intAttribute } from '../graph.ts';
import { type Inference, type InferRule, typed } from './inference.ts';

const sameShape: InferRule = (at) => [at.like(0)];
const predicate: InferRule = (at) => [typed('bool', at.dims(0))];

function shapes(at: Inference): readonly (readonly number[])[] {
  return at.inputs.map((_, index) => at.dims(index));
}

const broadcasting: InferRule = (at) => {
  at.inputs.forEach((_, index) => {
    if (at.type(index).type !== at.type(0).type) {
      throw at.mismatch(`its inputs have different element types, ${at.type(0).type} and ${at.type(index).type}`);
    }
  });
  return [at.like(0, at.broadcast(shapes(at)))];
};

const comparison: InferRule = (at) => [typed('bool', at.broadcast([at.dims(0), at.dims(1)]))];

/** Gain and bias of a normalisation must not enlarge its input. */
const normalisation: InferRule = (at) => {
  const dims = at.dims(0);
  const axis = at.axis(intAttribute(at.node, 'axis', -1), dims.length);
  for (const parameter of [1, 2]) {
    if (at.has(parameter) && at.broadcast([dims, at.dims(parameter)]).some((dim, index) => dim !== dims[index])) {
      throw at.mismatch(`input ${parameter} of shape [${at.dims(parameter)}] does not fit an input of shape [${dims}]`);
    }
  }
  const statistics = typed(
    'float32',
    dims.map((dim, index) => (index < axis ? dim : 1)),
  );
  return [at.like(0), statistics, statistics];
};

const perChannel: InferRule = (at) => {
  const dims = at.dims(0);
  at.rank(0, 2, Infinity);
  at.inputs.slice(1).forEach((_, index) => {
    const other = at.dims(index + 1);
    if (other.length !== 1 || other[0] !== dims[1]) {
      throw at.mismatch(`input ${index + 1} has shape [${other}], but there are ${dims[1]} channels`);
    }
  });
  return [at.like(0)];
};

const unary = [
  ...['Relu', 'LeakyRelu', 'Clip', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Elu', 'Selu', 'Celu', 'Mish', 'Gelu', 'Erf'],
  ...['Softplus', 'Softsign', 'Swish', 'ThresholdedRelu', 'Shrink', 'Abs', 'Neg', 'Exp', 'Log', 'Sqrt', 'Sign', 'Floor'],
  ...['Ceil', 'Round', 'Reciprocal', 'Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh'],
  ...['Identity', 'Softmax', 'LogSoftmax', 'Hardmax', 'LRN', 'LpNormalization', 'MeanVarianceNormalization', 'CumSum', 'Trilu'],
  ...['Not', 'BitwiseNot', 'GroupNormalization'],
];
const binary = ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max', 'Sum', 'Mean', 'Mod', 'And', 'Or', 'Xor'];
const comparisons = ['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'];

export const pointwise: Readonly<Record<string, InferRule>> = {
  ...Object.fromEntries(unary.map((op) => [op, sameShape])),
  ...Object.fromEntries(binary.map((op) => [op, broadcasting])),
  ...Object.fromEntries(comparisons.map((op) => [op, comparison])),
  IsNaN: predicate,
  IsInf: predicate,
  // The exponent of Pow may be of another type than the base.
  Pow: (at) => [at.like(0, at.broadcast([at.dims(0), at.dims(1)]))],
  PRelu: (at) => {
    const dims = at.dims(0);
    if (at.broadcast([dims, at.dims(1)]).length > dims.length) throw at.mismatch('the slope has more dimensions than the input');
    return [at.like(0)];
  },
  Where: (at) => [at.like(1, at.broadcast([at.dims(0), at.dims(1), at.dims(2)]))],
  BatchNormalization: perChannel,
  InstanceNormalization: perChannel,
  LayerNormalization: normalisation,
  RMSNormalization: normalisation,
  Dropout: (at) => [at.like(0), typed('bool', at.dims(0))],
};
