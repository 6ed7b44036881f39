import { intAttribute } from '../graph.ts';
import { elementType } from './creation.ts';
import { type InferRule, typed } from './inference.ts';

export const quantized: Readonly<Record<string, InferRule>> = {
  QuantizeLinear: (at) => {
    const code = intAttribute(at.node, 'output_dtype', 0);
    const type = at.has(2) ? at.type(2).type : code === 0 ? 'uint8' : elementType(code);
    if (type === undefined) throw at.unsupported(`element type ${code} is not covered`);
    return [typed(type, at.dims(0))];
  },
  DequantizeLinear: (at) => [typed(at.type(1).type, at.dims(0))],
  DynamicQuantizeLinear: (at) => [typed('uint8', at.dims(0)), typed('float32', []), typed('uint8', [])],
};
