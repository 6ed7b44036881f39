// Test support: runs an adjoint rule's derived graph on onnxruntime-web in Node and compares it with finite differences.
import * as ort from 'onnxruntime-web';
import { emptyGraph, GraphBuilder } from '../graph/builder.ts';
import type { Attributes, Node, StaticGraph } from '../graph/graph.ts';
import { type FloatTensor, float32, type Shape, sizeOf, type Tensor } from '../graph/tensor.ts';
import { writeModel } from '../graph/write.ts';
import { uniform } from '../random.ts';
import type { AdjointRule } from './rule.ts';

ort.env.wasm.numThreads = 1;

/** One input of the operator under test. */
export interface CaseInput {
  readonly tensor: Tensor;
  /** Put it into the graph as an initializer, as a weight would be; it is then not differentiated. */
  readonly constant?: boolean;
}

/** One operator with its inputs: everything a finite-difference check needs. */
export interface AdjointCase {
  readonly rule: AdjointRule;
  readonly op: string;
  /** undefined stands for an omitted optional input. */
  readonly inputs: readonly (CaseInput | undefined)[];
  readonly attributes?: Attributes;
  /** Number of outputs; 1 unless given. */
  readonly outputs?: number;
  /** Outputs whose cotangent is null. */
  readonly silent?: readonly number[];
  /** Inputs whose gradient is not asked for, besides the constant and the non-float ones. */
  readonly unwanted?: readonly number[];
  readonly opset?: number;
}

export interface Tolerances {
  /** Step of the central differences, which are extrapolated once (Richardson). Large for linear operators. */
  readonly step?: number;
  /** Largest error of a directional derivative relative to its natural size ‖gradient‖·‖direction‖/√n. */
  readonly relative?: number;
  readonly seed?: number;
}

/** An input or cotangent as onnxruntime takes it. */
function toOrt(tensor: Tensor): ort.Tensor {
  return new ort.Tensor(tensor.type as 'float32', tensor.data as Float32Array, tensor.dims);
}

/** A tensor of uniform numbers between `low` and `high`. */
export function randomTensor(dims: Shape, next: () => number, low = -1, high = 1): FloatTensor {
  return float32(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => low + (high - low) * next()),
  );
}

/** A tensor whose values are all `gap` apart, in random order around zero: nothing ties within a step smaller than the gap. */
export function separatedTensor(dims: Shape, next: () => number, gap = 0.1): FloatTensor {
  const size = sizeOf(dims);
  const ranks = Array.from({ length: size }, (_, rank) => ({ rank, key: next() })).sort((a, b) => a.key - b.key);
  return float32(
    dims,
    Float32Array.from(ranks, ({ rank }) => (rank - size / 2 + 0.5) * gap),
  );
}

/** Runs a graph once on float32 inputs by name; single-threaded wasm. */
export async function runGraph(
  graph: StaticGraph,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, FloatTensor>> {
  const session = await ort.InferenceSession.create(writeModel(graph), { logSeverityLevel: 3 });
  try {
    return await runSession(session, feeds);
  } finally {
    await session.release();
  }
}

async function runSession(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
  fetches: readonly string[] = session.outputNames,
): Promise<Record<string, FloatTensor>> {
  const results = await session.run(
    Object.fromEntries(session.inputNames.map((name) => [name, toOrt(feeds[name] ?? float32([0], []))])),
    [...fetches],
  );
  return Object.fromEntries(
    Object.entries(results).map(([name, value]) => [name, float32(value.dims, Float32Array.from(value.data as Float32Array))]),
  );
}

interface Derived {
  readonly graph: StaticGraph;
  readonly feeds: Record<string, Tensor>;
  readonly outputs: readonly string[];
  /** For each input the graph output holding its gradient, or null where the rule returned none. */
  readonly gradients: readonly (string | null)[];
  readonly wanted: readonly boolean[];
}

function derive(test: AdjointCase, cotangentOf: (dims: Shape, index: number) => FloatTensor): Derived {
  const builder = new GraphBuilder(emptyGraph('case', test.opset));
  const feeds: Record<string, Tensor> = {};
  const names = test.inputs.map((input, index) => {
    if (input === undefined) return '';
    if (input.constant) return builder.add(input.tensor, `input${index}`);
    const name = builder.input(`input${index}`, input.tensor.type, input.tensor.dims);
    feeds[name] = input.tensor;
    return name;
  });
  const outputs = Array.from({ length: test.outputs ?? 1 }, (_, index) => builder.fresh(`output${index}`));
  const node: Node = { op: test.op, domain: '', name: 'tested', inputs: names, outputs, attributes: test.attributes ?? {} };
  builder.append(node);
  const cotangents = outputs.map((output, index) => {
    if (test.silent?.includes(index)) return null;
    const dims = builder.shape(output);
    const name = builder.input(`cotangent${index}`, 'float32', dims);
    feeds[name] = cotangentOf(dims, index);
    return name;
  });
  const wanted = test.inputs.map(
    (input, index) => input?.tensor.type === 'float32' && !input.constant && !test.unwanted?.includes(index),
  );
  const gradients = test.rule(builder, node, cotangents, wanted);
  const spoken = outputs.filter((_, index) => cotangents[index] !== null);
  const results = spoken.map((output, index) => ({ value: builder.emit('Identity', [output]), name: `result${index}` }));
  gradients.forEach((gradient, index) => {
    if (gradient === null || gradient === undefined) return;
    const expected = test.inputs[index]?.tensor.dims ?? [];
    if (`${builder.shape(gradient)}` !== `${expected}`) {
      throw new Error(`${label(test)}: gradient ${index} has shape [${builder.shape(gradient)}], its input [${expected}].`);
    }
    results.push({ value: builder.emit('Identity', [gradient]), name: `gradient${index}` });
  });
  return {
    graph: builder.finish(results),
    feeds,
    outputs: spoken.map((_, index) => `result${index}`),
    gradients: test.inputs.map((_, index) => (gradients[index] == null ? null : `gradient${index}`)),
    wanted,
  };
}

function label(test: AdjointCase): string {
  const shapes = test.inputs.map((input) => (input === undefined ? '–' : `[${input.tensor.dims}]`)).join(' ');
  const attributes = Object.entries(test.attributes ?? {}).map(([name, { value }]) => `${name}=${String(value)}`);
  return `${test.op} ${shapes} ${attributes.join(' ')}`;
}

/** The gradients a rule computes for a given cotangent of output 0; null where it returns none. */
export async function gradientsOf(test: AdjointCase, cotangent: FloatTensor): Promise<(FloatTensor | null)[]> {
  const derived = derive(test, () => cotangent);
  const results = await runGraph(derived.graph, derived.feeds);
  return derived.gradients.map((name) => (name === null ? null : (results[name] ?? null)));
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
};

/** How far float32 rounding of the outputs (a few units in the last place each) moves their projection on the cotangents. */
function roundingNoise(
  outputs: readonly string[],
  results: Record<string, FloatTensor>,
  cotangents: readonly FloatTensor[],
): number {
  let variance = 0;
  outputs.forEach((name, index) => {
    results[name]?.data.forEach((value, place) => {
      variance += (value * (cotangents[index]?.data[place] ?? 0)) ** 2;
    });
  });
  return 2 ** -20 * Math.sqrt(variance) + 1e-7;
}

/** Random directions a gradient is compared along; each of them sees every element. */
const DIRECTIONS = 2;

/**
 * Compares a rule's gradient with central differences of the operator itself, both computed by onnxruntime-web:
 * for random cotangents r and random directions d, d/dt ⟨r, f(x + t·d)⟩ against ⟨gradient, d⟩, for every wanted input.
 * A rule that returns null for a wanted input claims that its gradient is zero, and that is checked too.
 *
 * @throws Error naming the case, the input and both numbers
 */
export async function checkAdjoint(test: AdjointCase, tolerances: Tolerances = {}): Promise<void> {
  const { step = 0.02, relative = 1e-3, seed = 1 } = tolerances;
  const next = uniform(seed);
  const cotangents: FloatTensor[] = [];
  const derived = derive(test, (dims) => {
    const cotangent = randomTensor(dims, next);
    cotangents.push(cotangent);
    return cotangent;
  });
  const session = await ort.InferenceSession.create(writeModel(derived.graph), { logSeverityLevel: 3 });
  try {
    const base = await runSession(session, derived.feeds);
    const noise = roundingNoise(derived.outputs, base, cotangents) / step;
    for (const [index, input] of test.inputs.entries()) {
      if (!derived.wanted[index] || input?.tensor.type !== 'float32') continue;
      const { dims, data } = input.tensor;
      const projected = async (direction: Float32Array, amount: number) => {
        const moved = data.map((value, place) => value + amount * (direction[place] ?? 0));
        const results = await runSession(session, { ...derived.feeds, [`input${index}`]: float32(dims, moved) }, derived.outputs);
        return derived.outputs.reduce((sum, name, k) => sum + dot(results[name]?.data ?? [], cotangents[k]?.data ?? []), 0);
      };
      const name = derived.gradients[index] ?? null;
      const gradient = name === null ? new Float32Array(data.length) : (base[name]?.data ?? new Float32Array(0));
      for (let repeat = 0; repeat < DIRECTIONS; repeat += 1) {
        const direction = randomTensor(dims, next).data;
        const difference = async (amount: number) =>
          ((await projected(direction, amount)) - (await projected(direction, -amount))) / (2 * amount);
        const numeric = (4 * (await difference(step / 2)) - (await difference(step))) / 3;
        const analytic = dot(gradient, direction);
        const natural = Math.sqrt((dot(gradient, gradient) * dot(direction, direction)) / Math.max(1, data.length));
        const allowed = relative * Math.max(natural, Math.abs(numeric)) + noise;
        if (!(Math.abs(numeric - analytic) <= allowed)) {
          throw new Error(
            `${label(test)}: input ${index}: the rule gives ${analytic}, finite differences ${numeric} (allowed ±${allowed}).`,
          );
        }
      }
    }
  } finally {
    await session.release();
  }
}
