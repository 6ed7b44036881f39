import { intAttribute, stringAttribute } from '../graph.ts';
import type { Shape } from '../tensor.ts';
import { type Inference, type InferRule, typed } from './inference.ts';

/** Shape of a NumPy matrix product, vectors and broadcast batches included. */
function product(at: Inference, a: Shape, b: Shape): number[] {
  if (a.length === 0 || b.length === 0) throw at.mismatch('a matrix product needs at least one dimension on both sides');
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  if (left[left.length - 1] !== right[right.length - 2]) throw at.mismatch(`shapes [${a}] and [${b}] cannot be multiplied`);
  const dims = at.broadcast([left.slice(0, -2), right.slice(0, -2)]);
  if (a.length > 1) dims.push(left[left.length - 2] ?? 0);
  if (b.length > 1) dims.push(right[right.length - 1] ?? 0);
  return dims;
}

const gemm: InferRule = (at) => {
  at.rank(0, 2);
  at.rank(1, 2);
  const a = intAttribute(at.node, 'transA', 0) !== 0 ? at.dims(0).toReversed() : at.dims(0);
  const b = intAttribute(at.node, 'transB', 0) !== 0 ? at.dims(1).toReversed() : at.dims(1);
  if (a[1] !== b[0]) throw at.mismatch(`matrices [${a}] and [${b}] cannot be multiplied`);
  const dims = [a[0] ?? 0, b[1] ?? 0];
  if (at.has(2) && `${at.broadcast([dims, at.dims(2)])}` !== `${dims}`) {
    throw at.mismatch(`an addend of shape [${at.dims(2)}] does not fit a product of shape [${dims}]`);
  }
  return [at.like(0, dims)];
};

/** The equation of an Einsum: the letters of each operand and of the result. Ellipses are not covered. */
export function parseEinsum(equation: string): { operands: string[]; result: string } {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const operands = left.split(',');
  const letters = left.replaceAll(',', '');
  const once = [...letters].filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return { operands, result: right ?? once.sort().join('') };
}

const einsum: InferRule = (at) => {
  const equation = stringAttribute(at.node, 'equation', '');
  if (equation.includes('.')) throw at.unsupported('ellipses in Einsum are not covered');
  const { operands, result } = parseEinsum(equation);
  if (operands.length !== at.inputs.length) throw at.mismatch(`“${equation}” does not fit ${at.inputs.length} inputs`);
  const sizes = new Map<string, number>();
  operands.forEach((letters, index) => {
    const dims = at.dims(index);
    if (dims.length !== letters.length) throw at.mismatch(`“${letters}” does not fit an input of shape [${dims}]`);
    [...letters].forEach((letter, axis) => {
      const dim = dims[axis] ?? 0;
      const known = sizes.get(letter) ?? 1;
      if (known !== 1 && dim !== 1 && known !== dim) throw at.mismatch(`“${letter}” is both ${known} and ${dim}`);
      sizes.set(letter, Math.max(known, dim));
    });
  });
  return [
    at.like(
      0,
      [...result].map((letter) => {
        const size = sizes.get(letter);
        if (size === undefined) throw at.mismatch(`“${letter}” is in no operand of “${equation}”`);
        return size;
      }),
    ),
  ];
};

export const linear: Readonly<Record<string, InferRule>> = {
  MatMul: (at) => [at.like(0, product(at, at.dims(0), at.dims(1)))],
  MatMulInteger: (at) => [typed('int32', product(at, at.dims(0), at.dims(1)))],
  QLinearMatMul: (at) => [typed(at.type(7).type, product(at, at.dims(0), at.dims(3)))],
  Gemm: gemm,
  Einsum: einsum,
};
