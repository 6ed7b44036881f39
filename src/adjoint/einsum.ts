/** Vector–Jacobian product of `Einsum`: an Einsum of the cotangent with the other operands. */
import { requiredInput, stringAttribute, text } from '../graph/graph.ts';
import { parseEinsum } from '../graph/infer/linear.ts';
import { unsupportedForm } from './common.ts';
import type { AdjointRule } from './rule.ts';

const hasRepeats = (labels: string): boolean => new Set(labels).size < labels.length;

export const einsum: AdjointRule = (builder, node, [cotangent], wanted) => {
  if (cotangent === null || cotangent === undefined) return node.inputs.map(() => null);
  const { operands, result } = parseEinsum(stringAttribute(node, 'equation', ''));
  if (operands.some(hasRepeats)) throw unsupportedForm(node, 'its equation takes a diagonal');
  const sizes = new Map<string, number>();
  operands.forEach((labels, operand) => {
    const dims = builder.shape(requiredInput(node, operand));
    [...labels].forEach((label, axis) => {
      const size = dims[axis] ?? 1;
      if ((sizes.get(label) ?? size) !== size) throw unsupportedForm(node, 'its operands broadcast');
      sizes.set(label, size);
    });
  });
  return operands.map((labels, operand) => {
    if (wanted[operand] !== true) return null;
    const others = operands.flatMap((other, index) =>
      index === operand ? [] : [{ labels: other, name: requiredInput(node, index) }],
    );
    const known = new Set([result, ...others.map((other) => other.labels)].join(''));
    // A label that only this operand has is summed away in the forward pass: its cotangent is the same all along it.
    const kept = [...labels].filter((label) => known.has(label));
    const equation = `${[result, ...others.map((other) => other.labels)].join(',')}->${kept.join('')}`;
    const reduced = builder.emit('Einsum', [cotangent, ...others.map((other) => other.name)], { equation: text(equation) });
    if (kept.length === labels.length) return reduced;
    const aligned = builder.reshape(
      reduced,
      [...labels].map((label) => (known.has(label) ? (sizes.get(label) ?? 1) : 1)),
    );
    return builder.emit('Expand', [aligned, builder.ints([...labels].map((label) => sizes.get(label) ?? 1))]);
  });
};
