import { intAttribute, intsAttribute, stringAttribute } from '../graph.ts';
import { type Inference, type InferRule, typed } from './inference.ts';
import { kernelShape, transposedGeometry, windowGeometry } from './window.ts';

/** Shared by Conv, ConvInteger and QLinearConv, whose weights stand at different inputs. */
function convolution(at: Inference, weightsAt: number): number[] {
  at.rank(0, 3, Infinity);
  const input = at.dims(0);
  const weights = at.dims(weightsAt);
  const groups = intAttribute(at.node, 'group', 1);
  const [outputs = 0, perGroup = 0] = weights;
  if (weights.length !== input.length || groups < 1 || input[1] !== perGroup * groups || outputs % groups !== 0) {
    throw at.mismatch(`weights [${weights}] in ${groups} group(s) do not fit an input of shape [${input}]`);
  }
  return [input[0] ?? 0, outputs, ...windowGeometry(at.node, input.slice(2), kernelShape(at.node, weights)).output];
}

function bias(at: Inference, index: number, channels: number | undefined): void {
  if (at.has(index) && (at.dims(index).length !== 1 || at.dims(index)[0] !== channels)) {
    throw at.mismatch(`a bias of shape [${at.dims(index)}] does not fit ${channels} channels`);
  }
}

const pool: InferRule = (at) => {
  at.rank(0, 3, Infinity);
  const [batch = 0, channels = 0, ...size] = at.dims(0);
  const dims = [batch, channels, ...windowGeometry(at.node, size, kernelShape(at.node)).output];
  return at.node.op === 'MaxPool' ? [at.like(0, dims), typed('int64', dims)] : [at.like(0, dims)];
};

const globalPool: InferRule = (at) => {
  at.rank(0, 2, Infinity);
  return [
    at.like(
      0,
      at.dims(0).map((dim, axis) => (axis < 2 ? dim : 1)),
    ),
  ];
};

const resize: InferRule = (at) => {
  const dims = [...at.dims(0)];
  const axes = at.axes(intsAttribute(at.node, 'axes') ?? dims.map((_, axis) => axis), dims.length);
  // An empty `scales` beside `sizes` is how opset 11 left it out.
  const sizes = at.has(3) ? at.values(3) : undefined;
  const scales = sizes === undefined && at.has(2) ? at.values(2) : undefined;
  const given = sizes ?? scales;
  if (given === undefined || given.length !== axes.length) {
    throw at.mismatch(`${given?.length ?? 0} sizes or scales do not fit ${axes.length} axes`);
  }
  const policy = stringAttribute(at.node, 'keep_aspect_ratio_policy', 'stretch');
  const ratios = axes.map((axis, index) => (given[index] ?? 0) / (dims[axis] ?? 1));
  const common = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  axes.forEach((axis, index) => {
    const dim = dims[axis] ?? 0;
    const value = given[index] ?? 0;
    if (scales !== undefined) dims[axis] = Math.floor(Math.fround(value * dim));
    else dims[axis] = policy === 'stretch' ? value : Math.floor(common * dim + 0.5);
  });
  return [at.like(0, dims)];
};

export const spatial: Readonly<Record<string, InferRule>> = {
  Conv: (at) => {
    const dims = convolution(at, 1);
    bias(at, 2, dims[1]);
    return [at.like(0, dims)];
  },
  ConvInteger: (at) => [typed('int32', convolution(at, 1))],
  QLinearConv: (at) => [typed(at.type(7).type, convolution(at, 3))],
  ConvTranspose: (at) => {
    at.rank(0, 3, Infinity);
    const input = at.dims(0);
    const weights = at.dims(1);
    const groups = intAttribute(at.node, 'group', 1);
    if (weights.length !== input.length || groups < 1 || input[1] !== weights[0] || (weights[0] ?? 0) % groups !== 0) {
      throw at.mismatch(`weights [${weights}] in ${groups} group(s) do not fit an input of shape [${input}]`);
    }
    const channels = (weights[1] ?? 0) * groups;
    bias(at, 2, channels);
    const geometry = transposedGeometry(at.node, input.slice(2), kernelShape(at.node, weights));
    return [at.like(0, [input[0] ?? 0, channels, ...geometry.output])];
  },
  MaxPool: pool,
  AveragePool: pool,
  LpPool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  Resize: resize,
  DepthToSpace: (at) => {
    at.rank(0, 4);
    const [batch = 0, channels = 0, height = 0, width = 0] = at.dims(0);
    const block = intAttribute(at.node, 'blocksize', 0);
    if (block < 1 || channels % (block * block) !== 0)
      throw at.mismatch(`${channels} channels do not divide into blocks of ${block}×${block}`);
    return [at.like(0, [batch, channels / (block * block), height * block, width * block])];
  },
  SpaceToDepth: (at) => {
    at.rank(0, 4);
    const [batch = 0, channels = 0, height = 0, width = 0] = at.dims(0);
    const block = intAttribute(at.node, 'blocksize', 0);
    if (block < 1 || height % block !== 0 || width % block !== 0) {
      throw at.mismatch(`an image of ${height}×${width} does not divide into blocks of ${block}×${block}`);
    }
    return [at.like(0, [batch, channels * block * block, height / block, width / block])];
  },
  GridSample: (at) => {
    const rank = at.rank(0, 4, 5);
    at.rank(1, rank);
    const grid = at.dims(1);
    return [at.like(0, [...at.dims(0).slice(0, 2), ...grid.slice(1, -1)])];
  },
  Col2Im: (at) => {
    at.rank(0, 3);
    const block = at.values(2).reduce((product, size) => product * size, 1);
    const [batch = 0, columns = 0] = at.dims(0);
    if (block < 1 || columns % block !== 0) throw at.mismatch(`${columns} rows do not divide into blocks of ${block}`);
    return [at.like(0, [batch, columns / block, ...at.values(1)])];
  },
};
