import * as activation from './activation.ts';
import * as arithmetic from './arithmetic.ts';
import * as convolution from './convolution.ts';
import { einsum } from './einsum.ts';
import * as indexing from './indexing.ts';
import * as matmul from './matmul.ts';
import * as normalization from './normalization.ts';
import { pad } from './pad.ts';
import * as pooling from './pooling.ts';
import { dequantizeLinear, quantizeLinear } from './quantization.ts';
import * as reduction from './reduction.ts';
import { resize } from './resize.ts';
import type { AdjointRule } from './rule.ts';
import * as shape from './shape.ts';
import { logSoftmax, softmax } from './softmax.ts';

/** Every operator whose vector–Jacobian product is known. */
export const adjointRules: Readonly<Record<string, AdjointRule | undefined>> = {
  Abs: arithmetic.abs,
  Add: arithmetic.add,
  AveragePool: pooling.averagePool,
  BatchNormalization: normalization.batchNormalization,
  Cast: shape.cast,
  CastLike: shape.cast,
  Celu: activation.celu,
  Clip: activation.clip,
  Concat: indexing.concat,
  Conv: convolution.conv,
  ConvTranspose: convolution.convTranspose,
  Cos: arithmetic.cos,
  CumSum: indexing.cumSum,
  DepthToSpace: shape.depthToSpace,
  DequantizeLinear: dequantizeLinear,
  Div: arithmetic.div,
  Dropout: shape.dropout,
  Einsum: einsum,
  Elu: activation.elu,
  Erf: activation.erf,
  Exp: arithmetic.exp,
  Expand: shape.expand,
  Flatten: shape.flatten,
  Gather: indexing.gather,
  GatherElements: indexing.gatherElements,
  Gelu: activation.gelu,
  Gemm: matmul.gemm,
  GlobalAveragePool: pooling.globalAveragePool,
  GlobalMaxPool: pooling.globalMaxPool,
  HardSigmoid: activation.hardSigmoid,
  HardSwish: activation.hardSwish,
  Identity: shape.identity,
  InstanceNormalization: normalization.instanceNormalization,
  LayerNormalization: normalization.layerNormalization,
  LeakyRelu: activation.leakyRelu,
  Log: arithmetic.log,
  LogSoftmax: logSoftmax,
  MatMul: matmul.matMul,
  Max: arithmetic.max,
  MaxPool: pooling.maxPool,
  Mean: arithmetic.mean,
  Min: arithmetic.min,
  Mish: activation.mish,
  Mul: arithmetic.mul,
  Neg: arithmetic.neg,
  Pad: pad,
  PRelu: activation.pRelu,
  Pow: arithmetic.pow,
  QuantizeLinear: quantizeLinear,
  Reciprocal: arithmetic.reciprocal,
  ReduceL1: reduction.reduceL1,
  ReduceL2: reduction.reduceL2,
  ReduceLogSum: reduction.reduceLogSum,
  ReduceLogSumExp: reduction.reduceLogSumExp,
  ReduceMax: reduction.reduceMax,
  ReduceMean: reduction.reduceMean,
  ReduceMin: reduction.reduceMin,
  ReduceSum: reduction.reduceSum,
  ReduceSumSquare: reduction.reduceSumSquare,
  Relu: activation.relu,
  Reshape: shape.reshape,
  Resize: resize,
  Selu: activation.selu,
  Sigmoid: activation.sigmoid,
  Sin: arithmetic.sin,
  Slice: indexing.slice,
  Softmax: softmax,
  Softplus: activation.softplus,
  SpaceToDepth: shape.spaceToDepth,
  Split: indexing.split,
  Sqrt: arithmetic.sqrt,
  Squeeze: shape.squeeze,
  Sub: arithmetic.sub,
  Sum: arithmetic.sum,
  Tanh: activation.tanh,
  Tile: shape.tile,
  Transpose: shape.transpose,
  Unsqueeze: shape.unsqueeze,
  Where: arithmetic.where,
};
