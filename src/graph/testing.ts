/** For tests only: runs graphs on ONNX Runtime, the independent source of truth for shapes and values. */
import * as ort from 'onnxruntime-web';
import type { Attributes, Graph, Node, ValueType } from './graph.ts';
import { sizeOf, type Tensor } from './tensor.ts';
import { writeModel } from './write.ts';

ort.env.logLevel = 'fatal';
ort.env.wasm.numThreads = 1;

/** Runs a graph and gives its outputs by name. */
export async function run(graph: Graph, feeds: Readonly<Record<string, Tensor>> = {}): Promise<Record<string, ort.Tensor>> {
  const session = await ort.InferenceSession.create(writeModel(graph), {
    logSeverityLevel: 4,
    graphOptimizationLevel: 'disabled',
  });
  try {
    const tensors = Object.fromEntries(
      graph.inputs.map(({ name }) => {
        const tensor = feeds[name];
        if (tensor === undefined || tensor.type === 'string') throw new Error(`no feed for ${name}`);
        return [name, new ort.Tensor(tensor.type, tensor.data, tensor.dims)];
      }),
    );
    return { ...(await session.run(tensors, { logSeverityLevel: 4 })) };
  } finally {
    await session.release();
  }
}

/** A tensor whose values are irrelevant or reproducible noise in (−1, 1). */
export function noise(dims: readonly number[], seed = 1): Tensor {
  let state = seed * 2654435761;
  const data = Float32Array.from({ length: sizeOf(dims) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return { type: 'float32', dims, data };
}

/** An unnamed node of the standard operators with one output. */
export function node(op: string, inputs: readonly string[], output: string, attributes: Attributes = {}): Node {
  return { op, domain: '', name: '', inputs, outputs: [output], attributes };
}

export interface OneNode {
  readonly op: string;
  /** Values fed at run time. */
  readonly fed: readonly Tensor[];
  /** Constants, which stand after the fed inputs; null is an omitted input. */
  readonly constants?: readonly (Tensor | null)[];
  readonly attributes?: Attributes;
  readonly opset?: number;
  readonly outputs?: number;
}

/** A graph of one node: inputs `x0`, `x1` … are fed, `c0`, `c1` … are constants, outputs are `y0`, `y1` … */
export function oneNode({ op, fed, constants = [], attributes = {}, opset = 18, outputs = 1 }: OneNode): Graph {
  const names = Array.from({ length: outputs }, (_, index) => `y${index}`);
  const inputs = [
    ...fed.map((_, index) => `x${index}`),
    ...constants.map((tensor, index) => (tensor === null ? '' : `c${index}`)),
  ];
  const node: Node = { op, domain: '', name: 'node', inputs, outputs: names, attributes };
  return {
    name: 'one',
    opsets: new Map([['', opset]]),
    inputs: fed.map(({ type, dims }, index) => ({ name: `x${index}`, type, dims })),
    outputs: names.map((name) => ({ name, type: 'float32', dims: null })),
    nodes: [node],
    initializers: new Map(constants.flatMap((tensor, index) => (tensor === null ? [] : [[`c${index}`, tensor] as const]))),
    values: new Map(),
    metadata: new Map(),
  };
}

/** The feeds of a graph by `oneNode`. */
export function feedsOf({ fed }: OneNode): Record<string, Tensor> {
  return Object.fromEntries(fed.map((tensor, index) => [`x${index}`, tensor]));
}

/** Input types of a node of a graph by `oneNode`. */
export function inputTypes({ fed, constants = [] }: OneNode): (ValueType | undefined)[] {
  return [...fed, ...constants].map((tensor) => (tensor === null ? undefined : { type: tensor.type, dims: tensor.dims }));
}
