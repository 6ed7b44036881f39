import type { GraphBuilder } from '../graph/builder.ts';
import { inputAt, type Node, requiredInput, stringAttribute } from '../graph/graph.ts';
import { constantNumbers, frontAxis, unsupportedForm } from './common.ts';
import { type Reads, spreadAlongAxis } from './interpolation.ts';
import type { AdjointRule } from './rule.ts';

interface Pads {
  readonly begin: readonly number[];
  readonly end: readonly number[];
}

function padsOf(builder: GraphBuilder, node: Node, rank: number): Pads {
  const pads = constantNumbers(builder, node, 1, 'pads') ?? [];
  const axes = constantNumbers(builder, node, 3, 'axes') ?? Array.from({ length: rank }, (_, axis) => axis);
  const begin = new Array<number>(rank).fill(0);
  const end = new Array<number>(rank).fill(0);
  axes.forEach((axis, index) => {
    begin[frontAxis(axis, rank)] = pads[index] ?? 0;
    end[frontAxis(axis, rank)] = pads[index + axes.length] ?? 0;
  });
  return { begin, end };
}

/**
 * Pad with respect to image and, in constant mode, the constant. Constant: the cotangent's middle. Reflect and edge: every padded
 * row adds to the row it copies, as a product with a constant matrix per axis.
 */
export const pad: AdjointRule = (builder, node, [cotangent], wanted) => {
  if (cotangent === null || cotangent === undefined) return node.inputs.map(() => null);
  const mode = stringAttribute(node, 'mode', 'constant');
  const dims = builder.shape(requiredInput(node, 0));
  const pads = padsOf(builder, node, dims.length);
  if (mode === 'constant') return constantPad(builder, node, cotangent, pads, wanted);
  if (mode !== 'reflect' && mode !== 'edge') throw unsupportedForm(node, `its mode is “${mode}”`);
  if ([...pads.begin, ...pads.end].some((amount) => amount < 0)) throw unsupportedForm(node, `it cuts off in mode “${mode}”`);
  if (!wanted[0]) return node.inputs.map(() => null);
  let value = cotangent;
  dims.forEach((length, axis) => {
    const before = pads.begin[axis] ?? 0;
    const total = before + length + (pads.end[axis] ?? 0);
    if (total === length) return;
    const last = length - 1;
    const source = (position: number) =>
      mode === 'edge' ? Math.min(last, Math.max(0, position)) : last - Math.abs(last - Math.abs(position));
    const reads = Array.from({ length: total }, (_, output): Reads => [[source(output - before), 1]]);
    value = spreadAlongAxis(builder, value, axis, reads, length);
  });
  return node.inputs.map((_, index) => (index === 0 ? value : null));
};

function constantPad(
  builder: GraphBuilder,
  node: Node,
  cotangent: string,
  { begin, end }: Pads,
  wanted: readonly boolean[],
): (string | null)[] {
  const size = builder.shape(cotangent);
  const starts = begin.map((amount) => Math.max(0, amount));
  const ends = size.map((length, axis) => length - Math.max(0, end[axis] ?? 0));
  const whole = starts.every((start) => start === 0) && ends.every((stop, axis) => stop === size[axis]);
  const middle = whole ? cotangent : builder.emit('Slice', [cotangent, builder.ints(starts), builder.ints(ends)]);
  const cut = [...begin, ...end].map((amount) => Math.max(0, -amount));
  const toImage = () => (cut.some((amount) => amount > 0) ? builder.emit('Pad', [middle, builder.ints(cut)]) : middle);
  const constant = inputAt(node, 2);
  const axes = size.map((_, axis) => axis);
  const toConstant = () => {
    const border = builder.subtract(builder.reduceSum(cotangent, axes, false), builder.reduceSum(middle, axes, false));
    return builder.reshape(border, builder.shape(constant));
  };
  return node.inputs.map((_, index) => {
    if (index === 0 && wanted[0]) return toImage();
    return index === 2 && wanted[2] && constant !== '' ? toConstant() : null;
  });
}
