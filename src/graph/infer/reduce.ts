import { intAttribute } from '../graph.ts';
import { type InferRule, typed } from './inference.ts';

const reduction: InferRule = (at) => {
  const dims = at.dims(0);
  const given = at.givenAxes(1) ?? [];
  if (given.length === 0 && intAttribute(at.node, 'noop_with_empty_axes', 0) !== 0) return [at.like(0)];
  const axes = new Set(given.length === 0 ? dims.keys() : at.axes(given, dims.length));
  const keep = intAttribute(at.node, 'keepdims', 1) !== 0;
  return [
    at.like(
      0,
      dims.flatMap((dim, axis) => (!axes.has(axis) ? [dim] : keep ? [1] : [])),
    ),
  ];
};

const argument: InferRule = (at) => {
  const dims = at.dims(0);
  const axis = at.axis(intAttribute(at.node, 'axis', 0), dims.length);
  const keep = intAttribute(at.node, 'keepdims', 1) !== 0;
  return [
    typed(
      'int64',
      dims.flatMap((dim, index) => (index !== axis ? [dim] : keep ? [1] : [])),
    ),
  ];
};

const kinds = ['Mean', 'Sum', 'Max', 'Min', 'Prod', 'L1', 'L2', 'LogSum', 'LogSumExp', 'SumSquare'];

export const reductions: Readonly<Record<string, InferRule>> = {
  ...Object.fromEntries(kinds.map((kind) => [`Reduce${kind}`, reduction])),
  ArgMax: argument,
  ArgMin: argument,
  TopK: (at) => {
    const dims = [...at.dims(0)];
    const axis = at.axis(intAttribute(at.node, 'axis', -1), dims.length);
    const [count = 0] = at.values(1);
    if (count < 0 || count > (dims[axis] ?? 0)) throw at.mismatch(`${count} largest of ${dims[axis]} values are asked for`);
    dims[axis] = count;
    return [at.like(0, dims), typed('int64', dims)];
  },
};
