import { intAttribute, type Node } from '../graph.ts';
import { type ElementType, float32, int64, int64s, scalar, type Tensor } from '../tensor.ts';
import { type InferRule, typed } from './inference.ts';

/** ONNX's numbers of the element types, as `Cast` and its kin state them. */
const ELEMENT_TYPES: Readonly<Record<number, ElementType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
};

/** The element type behind ONNX's number for it, undefined for those a graph cannot carry. */
export function elementType(code: number): ElementType | undefined {
  return ELEMENT_TYPES[code];
}

/** ONNX's number of an element type. */
export function elementCode(type: ElementType): number {
  return Number(Object.keys(ELEMENT_TYPES).find((code) => ELEMENT_TYPES[Number(code)] === type));
}

/** The tensor a Constant node holds, in whichever attribute. */
export function constantValue(node: Node): Tensor | undefined {
  const { value, value_float, value_floats, value_int, value_ints, value_string, value_strings } = node.attributes;
  if (value?.kind === 'tensor') return value.value;
  if (value_float?.kind === 'float') return scalar(value_float.value);
  if (value_floats?.kind === 'floats') return float32([value_floats.value.length], value_floats.value);
  if (value_int?.kind === 'int') return int64(value_int.value);
  if (value_ints?.kind === 'ints') return int64s(value_ints.value);
  if (value_string?.kind === 'string') return { type: 'string', dims: [], data: [value_string.value] };
  if (value_strings?.kind === 'strings') return { type: 'string', dims: [value_strings.value.length], data: value_strings.value };
  return undefined;
}

/** Cast, RandomNormalLike …: the type an attribute names, or else the input's. */
function stated(attribute: string): InferRule {
  return (at) => {
    const code = intAttribute(at.node, attribute, 0);
    const type = code === 0 ? at.type(0).type : elementType(code);
    if (type === undefined) throw at.unsupported(`element type ${code} is not covered`);
    return [typed(type, at.dims(0))];
  };
}

export const creation: Readonly<Record<string, InferRule>> = {
  Constant: (at) => {
    const value = constantValue(at.node);
    if (value === undefined) throw at.unsupported('a constant of this form is not covered');
    return [typed(value.type, value.dims)];
  },
  ConstantOfShape: (at) => {
    const value = at.node.attributes.value;
    return [typed(value?.kind === 'tensor' ? value.value.type : 'float32', at.values(0))];
  },
  Range: (at) => {
    const [start = 0] = at.values(0);
    const [limit = 0] = at.values(1);
    const [delta = 0] = at.values(2);
    if (delta === 0) throw at.mismatch('a range with step 0 has no end');
    return [at.like(0, [Math.max(0, Math.ceil((limit - start) / delta))])];
  },
  Cast: stated('to'),
  CastLike: (at) => [typed(at.type(1).type, at.dims(0))],
  RandomNormalLike: stated('dtype'),
  RandomUniformLike: stated('dtype'),
  EyeLike: stated('dtype'),
  Bernoulli: stated('dtype'),
};
