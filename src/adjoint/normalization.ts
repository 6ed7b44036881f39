import type { GraphBuilder } from '../graph/builder.ts';
import { floatAttribute, inputAt, int, intAttribute, requiredInput } from '../graph/graph.ts';
import { frontAxis, scale, unbroadcast, unsupportedForm } from './common.ts';
import type { AdjointRule } from './rule.ts';

/** [C] as [1, C, 1 …], to meet [N, C, …]. */
function perChannel(builder: GraphBuilder, vector: string, rank: number): string {
  return builder.reshape(vector, [1, builder.shape(vector)[0] ?? 1, ...new Array<number>(rank - 2).fill(1)]);
}

function mean(builder: GraphBuilder, value: string, axes: readonly number[]): string {
  return builder.emit('ReduceMean', [value, builder.ints(axes)], { keepdims: int(1) });
}

/** 1 / √(variance + ε). */
function inverseDeviation(builder: GraphBuilder, variance: string, epsilon: number): string {
  const deviation = builder.emit('Sqrt', [builder.addValues(variance, builder.scalar(epsilon))]);
  return builder.emit('Reciprocal', [deviation]);
}

/**
 * BatchNormalization in inference mode, y = (x − mean) · scale / √(var + ε) + bias, with respect to all five inputs. All but the image's
 * gradient need the image only through Σ g·(x − mean), formed once.
 */
export const batchNormalization: AdjointRule = (builder, node, [cotangent], wanted) => {
  if (cotangent === null || cotangent === undefined) return node.inputs.map(() => null);
  if (intAttribute(node, 'training_mode', 0) !== 0) throw unsupportedForm(node, 'it is in training mode');
  const image = requiredInput(node, 0);
  const gain = requiredInput(node, 1);
  const rank = builder.shape(image).length;
  const inverse = inverseDeviation(builder, requiredInput(node, 4), floatAttribute(node, 'epsilon', 1e-5));
  const slope = builder.multiply(gain, inverse);
  const channels = (value: string) => {
    const axes = builder.shape(value).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    return builder.reduceSum(value, axes, false);
  };
  const total = wanted[2] || wanted[3] ? channels(cotangent) : null;
  const centred = () => builder.subtract(image, perChannel(builder, requiredInput(node, 3), rank));
  const toGain = wanted[1] || wanted[4] ? builder.multiply(channels(builder.multiply(cotangent, centred())), inverse) : null;
  // ∂y/∂var = −½ · (x − mean) · scale · (var + ε)^(−3/2)
  const toVariance = (gradient: string) => scale(builder, builder.multiply(gradient, builder.multiply(slope, inverse)), -0.5);
  return [
    wanted[0] ? builder.multiply(cotangent, perChannel(builder, slope, rank)) : null,
    wanted[1] ? toGain : null,
    wanted[2] ? total : null,
    wanted[3] && total !== null ? builder.emit('Neg', [builder.multiply(total, slope)]) : null,
    wanted[4] && toGain !== null ? toVariance(toGain) : null,
  ];
};

/** x̂ = (x − mean) / √(var + ε) over some axes, and what its adjoint needs. With `fixed` the deviation counts as a constant. */
function standardise(builder: GraphBuilder, image: string, axes: readonly number[], epsilon: number, fixed = false) {
  const centred = builder.subtract(image, mean(builder, image, axes));
  const inverse = inverseDeviation(builder, mean(builder, builder.multiply(centred, centred), axes), epsilon);
  const standard = builder.multiply(centred, inverse);
  /** From ∂L/∂x̂ to ∂L/∂x: what changes mean or variance is projected out. */
  const pull = (cotangent: string): string => {
    const centred = builder.subtract(cotangent, mean(builder, cotangent, axes));
    if (fixed) return builder.multiply(centred, inverse);
    const along = builder.multiply(standard, mean(builder, builder.multiply(cotangent, standard), axes));
    return builder.multiply(builder.subtract(centred, along), inverse);
  };
  return { standard, pull };
}

const layerNorm =
  (fixed: boolean): AdjointRule =>
  (builder, node, [cotangent, ...statistics], wanted) => {
    if (statistics.some((flowing) => flowing !== null && flowing !== undefined)) {
      throw unsupportedForm(node, 'its mean or deviation is used further on');
    }
    if (cotangent === null || cotangent === undefined) return node.inputs.map(() => null);
    const image = requiredInput(node, 0);
    const gain = requiredInput(node, 1);
    const bias = inputAt(node, 2);
    const rank = builder.shape(image).length;
    const first = frontAxis(intAttribute(node, 'axis', -1), rank);
    const axes = Array.from({ length: rank - first }, (_, index) => first + index);
    const { standard, pull } = standardise(builder, image, axes, floatAttribute(node, 'epsilon', 1e-5), fixed);
    return [
      wanted[0] ? pull(builder.multiply(cotangent, gain)) : null,
      wanted[1] ? unbroadcast(builder, builder.multiply(cotangent, standard), builder.shape(gain)) : null,
      wanted[2] && bias !== '' ? unbroadcast(builder, cotangent, builder.shape(bias)) : null,
    ].slice(0, node.inputs.length);
  };

/** LayerNormalization over the axes from `axis` on, with respect to image, scale and bias. */
export const layerNormalization = layerNorm(false);

/** The same as a linear map of the image: the deviation it divides by is held at its value. */
export const layerNormalizationAtFixedScale = layerNorm(true);

/** InstanceNormalization over the spatial axes of each channel, with respect to image, scale and bias. */
export const instanceNormalization: AdjointRule = (builder, node, [cotangent], wanted) => {
  if (cotangent === null || cotangent === undefined) return node.inputs.map(() => null);
  const image = requiredInput(node, 0);
  const gain = requiredInput(node, 1);
  const rank = builder.shape(image).length;
  const axes = Array.from({ length: rank - 2 }, (_, index) => index + 2);
  const { standard, pull } = standardise(builder, image, axes, floatAttribute(node, 'epsilon', 1e-5));
  const perSample = [0, ...axes];
  return [
    wanted[0] ? pull(builder.multiply(cotangent, perChannel(builder, gain, rank))) : null,
    wanted[1] ? builder.reduceSum(builder.multiply(cotangent, standard), perSample, false) : null,
    wanted[2] ? builder.reduceSum(cotangent, perSample, false) : null,
  ];
};
