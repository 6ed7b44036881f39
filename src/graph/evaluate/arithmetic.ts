import { intAttribute, intsAttribute } from '../graph.ts';
import { numbers, type Shape, strides, type Tensor } from '../tensor.ts';
import { broadcastNumbers, type Evaluator, fromNumbers, operand, places } from './operands.ts';

const INTEGERS = new Set(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64']);

/** Round half to even, as ONNX prescribes. */
function roundEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function unary(f: (x: number) => number): Evaluator {
  return (node, inputs, [type]) => type && [fromNumbers(type.type, type.dims, numbers(operand(node, inputs, 0)).map(f))];
}

/** Any number of inputs, broadcast and combined from the left; `end` acts on the total. */
function broadcasting(f: (a: number, b: number) => number, end?: (total: number, count: number) => number): Evaluator {
  return (node, inputs, [type]) => {
    if (type === undefined) return undefined;
    const [first, ...rest] = inputs.map((_, index) => broadcastNumbers(operand(node, inputs, index), type.dims));
    if (first === undefined) return undefined;
    const result = Float64Array.from(first, (value, index) => rest.reduce((total, other) => f(total, other[index] ?? 0), value));
    return [fromNumbers(type.type, type.dims, end === undefined ? result : result.map((total) => end(total, inputs.length)))];
  };
}

const divide: Evaluator = (node, inputs, types) => {
  const type = types[0]?.type;
  if (type === undefined || !INTEGERS.has(type)) return broadcasting((a, b) => a / b)(node, inputs, types);
  if (numbers(operand(node, inputs, 1)).includes(0)) return undefined;
  return broadcasting((a, b) => Math.trunc(a / b))(node, inputs, types);
};

const modulo: Evaluator = (node, inputs, types) => {
  const truncated = intAttribute(node, 'fmod', 0) !== 0;
  // Python's sign convention unless fmod is asked for.
  return broadcasting((a, b) => (truncated || a % b === 0 || a < 0 === b < 0 ? a % b : (a % b) + b))(node, inputs, types);
};

const where: Evaluator = (node, inputs, [type]) => {
  if (type === undefined) return undefined;
  const [condition, yes, no] = [0, 1, 2].map((index) => broadcastNumbers(operand(node, inputs, index), type.dims));
  if (condition === undefined || yes === undefined || no === undefined) return undefined;
  return [
    fromNumbers(
      type.type,
      type.dims,
      Float64Array.from(condition, (is, index) => (is !== 0 ? yes[index] : no[index]) ?? 0),
    ),
  ];
};

function reduction(
  start: number,
  f: (total: number, value: number) => number,
  end = (total: number, _count: number) => total,
): Evaluator {
  return (node, inputs, [type]) => {
    if (type === undefined) return undefined;
    const input = operand(node, inputs, 0);
    const given = inputs[1] === undefined ? (intsAttribute(node, 'axes') ?? []) : numbers(inputs[1]);
    const rank = input.dims.length;
    if (given.length === 0 && intAttribute(node, 'noop_with_empty_axes', 0) !== 0) return undefined;
    const axes = new Set(given.length === 0 ? input.dims.keys() : given.map((axis) => (axis + rank) % rank));
    const own = strides(input.dims);
    const part = (inside: boolean): { dims: Shape; steps: number[] } => {
      const chosen = [...input.dims.keys()].filter((axis) => axes.has(axis) === inside);
      return { dims: chosen.map((axis) => input.dims[axis] ?? 0), steps: chosen.map((axis) => own[axis] ?? 0) };
    };
    const kept = part(false);
    const gone = part(true);
    const values = numbers(input);
    const within = places(gone.dims, gone.steps);
    const result = Float64Array.from(places(kept.dims, kept.steps), (base) => {
      const total = within.reduce((sum, place) => f(sum, values[base + place] ?? 0), start);
      return end(total, within.length);
    });
    return [fromNumbers(type.type, type.dims, result)];
  };
}

const range: Evaluator = (node, inputs, [type]) => {
  const [start = 0] = numbers(operand(node, inputs, 0));
  const [delta = 0] = numbers(operand(node, inputs, 2));
  return (
    type && [
      fromNumbers(
        type.type,
        type.dims,
        Array.from({ length: type.dims[0] ?? 0 }, (_, index) => start + index * delta),
      ),
    ]
  );
};

const constantOfShape: Evaluator = (node, _inputs, [type]) => {
  if (type === undefined) return undefined;
  const { value } = node.attributes;
  const [fill = 0] = value?.kind === 'tensor' ? numbers(value.value) : [];
  const size = type.dims.reduce((product, dim) => product * dim, 1);
  return [fromNumbers(type.type, type.dims, new Float64Array(size).fill(fill))];
};

const clip: Evaluator = (node, inputs, [type]) => {
  const bound = (tensor: Tensor | undefined, fallback: number) =>
    tensor === undefined ? fallback : (numbers(tensor)[0] ?? fallback);
  const low = bound(inputs[1], -Infinity);
  const high = bound(inputs[2], Infinity);
  return unary((x) => Math.min(high, Math.max(low, x)))(node, inputs, [type]);
};

const truth = (value: boolean): number => (value ? 1 : 0);

/** Operators on small constants: what exporters leave of shape computations, and scalings of weights. */
export const arithmetic: Readonly<Record<string, Evaluator>> = {
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundEven),
  Sign: unary(Math.sign),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Reciprocal: unary((x) => 1 / x),
  Not: unary((x) => truth(x === 0)),
  Relu: unary((x) => Math.max(0, x)),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tanh: unary(Math.tanh),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Clip: clip,
  Add: broadcasting((a, b) => a + b),
  Sub: broadcasting((a, b) => a - b),
  Mul: broadcasting((a, b) => a * b),
  Div: divide,
  Mod: modulo,
  Pow: broadcasting((a, b) => a ** b),
  Min: broadcasting(Math.min),
  Max: broadcasting(Math.max),
  Sum: broadcasting((a, b) => a + b),
  Mean: broadcasting(
    (a, b) => a + b,
    (total, count) => total / count,
  ),
  And: broadcasting((a, b) => truth(a !== 0 && b !== 0)),
  Or: broadcasting((a, b) => truth(a !== 0 || b !== 0)),
  Xor: broadcasting((a, b) => truth((a !== 0) !== (b !== 0))),
  Equal: broadcasting((a, b) => truth(a === b)),
  Less: broadcasting((a, b) => truth(a < b)),
  LessOrEqual: broadcasting((a, b) => truth(a <= b)),
  Greater: broadcasting((a, b) => truth(a > b)),
  GreaterOrEqual: broadcasting((a, b) => truth(a >= b)),
  Where: where,
  ReduceSum: reduction(0, (total, value) => total + value),
  ReduceProd: reduction(1, (total, value) => total * value),
  ReduceMax: reduction(-Infinity, Math.max),
  ReduceMin: reduction(Infinity, Math.min),
  ReduceMean: reduction(
    0,
    (total, value) => total + value,
    (total, count) => total / count,
  ),
  Range: range,
  ConstantOfShape: constantOfShape,
};
