import { intAttribute } from '../graph.ts';
import { type InferRule, typed } from './inference.ts';

const scatter: InferRule = (at) => [at.like(0)];

export const indexing: Readonly<Record<string, InferRule>> = {
  Gather: (at) => {
    const dims = at.dims(0);
    const axis = at.axis(intAttribute(at.node, 'axis', 0), dims.length);
    return [at.like(0, dims.toSpliced(axis, 1, ...at.dims(1)))];
  },
  GatherElements: (at) => {
    at.rank(1, at.dims(0).length);
    return [at.like(0, at.dims(1))];
  },
  GatherND: (at) => {
    const dims = at.dims(0);
    const indices = at.dims(1);
    const batch = intAttribute(at.node, 'batch_dims', 0);
    const depth = indices.at(-1);
    if (depth === undefined || batch + depth > dims.length || batch >= indices.length) {
      throw at.mismatch(`indices of shape [${indices}] do not fit data of shape [${dims}]`);
    }
    return [at.like(0, [...indices.slice(0, -1), ...dims.slice(batch + depth)])];
  },
  ScatterElements: scatter,
  ScatterND: scatter,
  OneHot: (at) => {
    const indices = at.dims(0);
    const axis = at.axis(intAttribute(at.node, 'axis', -1), indices.length + 1);
    return [typed(at.type(2).type, indices.toSpliced(axis, 0, at.values(1)[0] ?? 0))];
  },
};
