import { GraphBuilder, renameReads } from '../graph/builder.ts';
import { int, type Node, type StaticGraph, subgraph, type ValueInfo } from '../graph/graph.ts';
import { type FloatTensor, float32, int64, sizeOf, type Tensor } from '../graph/tensor.ts';
import { standardNormal } from '../random.ts';
import type { Classifier } from './classifier.ts';
import type { Feeds, MethodId, Program, ProgramExtra } from './explainer.ts';
import { ATTRIBUTION, explainedScalar, LOGITS, MAP, REFERENCE, TARGET } from './score.ts';

/** An input that changes from step to step: row s of a table, or fresh standard normal noise of the image's shape. */
export type StepInput =
  | { readonly name: string; readonly table: FloatTensor }
  | { readonly name: string; readonly normal: { readonly seed: number } };

/** A program of one run. */
export function singleRun(
  method: MethodId,
  graph: StaticGraph,
  hasAttribution: boolean,
  extras: readonly ProgramExtra[] = [],
): Program {
  return {
    method,
    graph,
    steps: 1,
    needsReference: false,
    hasAttribution,
    stepFeeds: () => ({}),
    extras,
    standalone: () => graph,
  };
}

/** A program whose map is a sum over steps. `inputs` say what changes from step to step. */
export function steppedRun(
  method: MethodId,
  model: Classifier,
  graph: StaticGraph,
  steps: number,
  inputs: readonly StepInput[],
): Program {
  const hasAttribution = graph.outputs.some((output) => output.name === ATTRIBUTION);
  return {
    method,
    graph,
    steps,
    needsReference: graph.inputs.some((input) => input.name === REFERENCE),
    hasAttribution,
    extras: [],
    stepFeeds: (step) => Object.fromEntries(inputs.map((input) => [input.name, stepValue(input, step, model)])) satisfies Feeds,
    standalone: () => asLoop(model, graph, steps, inputs),
  };
}

function stepValue(input: StepInput, step: number, model: Classifier): FloatTensor {
  if ('normal' in input) {
    const dims = model.graph.inputs.find((info) => info.name === model.image)?.dims ?? [];
    const shape = dims.map(Number);
    return float32(shape, standardNormal(sizeOf(shape), input.normal.seed, step));
  }
  const [, ...dims] = input.table.dims;
  const size = sizeOf(dims);
  return float32(dims, input.table.data.slice(step * size, (step + 1) * size));
}

/**
 * The model's nodes behind a perturbation of its image: the builder holds the perturbation, then the model as it was with
 * the image replaced. Works for opaque models too.
 */
export function perturbed(model: Classifier, perturb: (builder: GraphBuilder) => string): GraphBuilder {
  const builder = new GraphBuilder({ ...model.graph, nodes: [] });
  const image = perturb(builder);
  const renamed = new Map([[model.image, image]]);
  for (const node of model.graph.nodes) builder.replay(node, renamed);
  return builder;
}

/** The steps as an ONNX Loop around the step graph; weights stay outside and are captured. */
function asLoop(model: Classifier, step: StaticGraph, steps: number, inputs: readonly StepInput[]): StaticGraph {
  const builder = new GraphBuilder({
    ...model.graph,
    initializers: new Map([...model.graph.initializers, ...step.initializers]),
    types: new Map([...model.graph.types, ...[...step.initializers].map(([name, tensor]) => [name, typeOf(tensor)] as const)]),
  });
  const target = builder.input(TARGET, 'float32', [1, model.classes]);
  const prefix = (name: string) => `step/${name}`;
  const renamed = new Map<string, string>([
    [model.image, model.image],
    [TARGET, target],
  ]);
  if (step.inputs.some((input) => input.name === REFERENCE)) {
    renamed.set(REFERENCE, explainedScalar(builder, model.logits, target));
  }
  const iteration = prefix('iteration');
  const body: Node[] = [];
  const bodyNode = (op: string, from: readonly string[], output: string, attributes: Node['attributes'] = {}) => {
    body.push({ op, domain: '', name: output, inputs: from, outputs: [output], attributes });
  };
  for (const input of inputs) {
    renamed.set(input.name, prefix(input.name));
    if ('normal' in input) {
      bodyNode('RandomNormalLike', [model.image], prefix(input.name), { seed: { kind: 'float', value: input.normal.seed } });
    } else {
      bodyNode('Gather', [builder.add(input.table, `${input.name}_table`), iteration], prefix(input.name), { axis: int(0) });
    }
  }
  for (const node of step.nodes) for (const name of node.outputs) if (name !== '') renamed.set(name, prefix(name));
  const rename = (name: string) => renamed.get(name) ?? name;
  for (const node of step.nodes) {
    // Nameless nodes stay so: the runtime refuses two nodes of one name.
    const name = node.name === '' ? '' : prefix(node.name);
    body.push({ ...renameReads(node, rename), name, outputs: node.outputs.map(rename) });
  }
  const sums = [MAP, ATTRIBUTION].filter((name) => step.outputs.some((output) => output.name === name));
  const carried: ValueInfo[] = [];
  const totals: ValueInfo[] = [];
  for (const name of sums) {
    const info = step.outputs.find((output) => output.name === name);
    if (info === undefined) continue;
    carried.push({ ...info, name: prefix(`${name}_so_far`) });
    totals.push({ ...info, name: prefix(`${name}_sum`) });
    bodyNode('Add', [prefix(`${name}_so_far`), rename(name)], prefix(`${name}_sum`));
  }
  const go = { name: prefix('go'), type: 'bool', dims: [] } as const;
  bodyNode('Identity', [go.name], prefix('go_on'));
  const zeros = sums.map((name) => builder.filled(builderDims(step, name), 0));
  const trips = builder.add(int64(steps), 'steps');
  const always = builder.add({ type: 'bool', dims: [], data: Uint8Array.of(1) }, 'always');
  const outputs = sums.map((name) => builder.fresh(`${name}_total`));
  const loop: Node = {
    op: 'Loop',
    domain: '',
    name: 'steps_loop',
    inputs: [trips, always, ...zeros],
    outputs,
    attributes: {
      body: subgraph({
        name: 'step',
        opsets: model.graph.opsets,
        inputs: [{ name: iteration, type: 'int64', dims: [] }, go, ...carried],
        outputs: [{ name: prefix('go_on'), type: 'bool', dims: [] }, ...totals],
        nodes: body,
        initializers: new Map(),
        values: new Map(),
        metadata: new Map(),
      }),
    },
  };
  builder.appendTyped(
    loop,
    zeros.map((zero) => builder.type(zero)),
  );
  return builder.finish([
    ...outputs.map((value, index) => ({ value, name: sums[index] ?? MAP })),
    { value: model.logits, name: LOGITS },
  ]);
}

function typeOf(tensor: Tensor) {
  return { type: tensor.type, dims: tensor.dims };
}

function builderDims(graph: StaticGraph, output: string): readonly number[] {
  return graph.types.get(output)?.dims ?? [];
}
