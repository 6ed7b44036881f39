/** Runs a compiled explanation step by step: sums the map, reports progress, shows the sum so far, stops when cancelled. */
import type { Feeds, Program } from '../explain/explainer.ts';
import { ATTRIBUTION, LOGITS, MAP, REFERENCE, SCORE, SEED, TARGET } from '../explain/score.ts';
import { HeliographError } from '../graph/errors.ts';
import type { StaticGraph } from '../graph/graph.ts';
import { type FloatTensor, float32, scalar } from '../graph/tensor.ts';
import type { ExplainRequest, LayerMap, MapData, OnPartial, Target } from './protocol.ts';

/** Runs the program's graph once: float32 feeds in, float32 outputs out. */
export type RunGraph = (feeds: Feeds) => Promise<Readonly<Record<string, FloatTensor>>>;

/** Often enough to look alive, seldom enough to cost nothing. */
const PARTIAL_INTERVAL_MS = 150;

export interface Driven {
  readonly map: MapData;
  /** [C, H, W], what the map is the sum over channels of; null for methods that have only a map. */
  readonly attribution: FloatTensor | null;
  readonly logits: Float32Array;
  /** F at the image as it is; NaN for erf, which explains no score. */
  readonly score: number;
  readonly relevance: readonly LayerMap[];
  readonly norms: readonly LayerMap[];
}

export interface DriveHooks {
  /** Called before each step, and after the last, with the number of steps done. */
  readonly onStep: (done: number) => void;
  readonly onPartial?: OnPartial;
}

/**
 * @param image name of the model's image input
 * @param classify the model's class scores at the request's image, for programs of several steps, whose graph sees only perturbed images
 * @throws HeliographError `bad-array` for a target or position the model does not have, or one that is missing
 */
export async function drive(
  program: Program,
  image: string,
  request: Pick<ExplainRequest, 'input' | 'target' | 'at'>,
  run: RunGraph,
  classify: () => Promise<Float32Array>,
  { onStep, onPartial }: DriveHooks,
): Promise<Driven> {
  const chosen = requestFeeds(program.graph, request);
  const apart = program.steps > 1 || program.needsReference ? await classify() : null;
  const fixed: Record<string, FloatTensor> = { ...chosen, [image]: float32(dimsOf(program.graph, image), request.input) };
  if (program.needsReference) fixed[REFERENCE] = scalar(weighted(apart, chosen[TARGET]));
  assertComplete(program, fixed);

  const map = new RunningSum();
  const attribution = new RunningSum();
  let outputs: Readonly<Record<string, FloatTensor>> = {};
  let shown = performance.now();
  for (let step = 0; step < program.steps; step += 1) {
    onStep(step);
    outputs = await run({ ...fixed, ...program.stepFeeds(step) });
    map.add(outputOf(outputs, MAP));
    if (program.hasAttribution) attribution.add(outputOf(outputs, ATTRIBUTION));
    if (onPartial !== undefined && step + 1 < program.steps && performance.now() - shown >= PARTIAL_INTERVAL_MS) {
      shown = performance.now();
      onPartial(mapOf(map.copy()), step + 1, program.steps);
    }
  }
  onStep(program.steps);
  const extras = (kind: 'relevance' | 'norm'): LayerMap[] =>
    program.extras
      .filter((extra) => extra.kind === kind)
      .map((extra) => ({ ...mapOf(outputOf(outputs, extra.output)), tensor: extra.tensor }));
  return {
    map: mapOf(map.copy()),
    attribution: program.hasAttribution ? attribution.copy() : null,
    logits: apart ?? outputOf(outputs, LOGITS).data,
    score: apart === null ? (outputs[SCORE]?.data[0] ?? Number.NaN) : weighted(apart, chosen[TARGET]),
    relevance: extras('relevance'),
    norms: extras('norm'),
  };
}

class RunningSum {
  #dims: readonly number[] = [];
  #values = new Float32Array(0);

  add({ dims, data }: FloatTensor): void {
    if (this.#values.length === 0) {
      this.#dims = dims;
      this.#values = new Float32Array(data.length);
    }
    for (let index = 0; index < data.length; index += 1) this.#values[index] = (this.#values[index] ?? 0) + (data[index] ?? 0);
  }

  copy(): FloatTensor {
    return float32(this.#dims, this.#values.slice());
  }
}

/** F = Σ target · logits. */
function weighted(logits: Float32Array | null, target: FloatTensor | undefined): number {
  let sum = 0;
  target?.data.forEach((weight, index) => {
    if (weight !== 0) sum += weight * (logits?.[index] ?? Number.NaN);
  });
  return sum;
}

/** A request that leaves out what the method needs would end in a runtime message nobody understands. */
function assertComplete(program: Program, feeds: Feeds): void {
  if (program.graph.inputs.some(({ name }) => name === TARGET) && feeds[TARGET] === undefined) {
    throw new HeliographError('bad-array', `The method ${program.method} needs a class to explain.`, 'Choose a target class.');
  }
  if (program.graph.inputs.some(({ name }) => name === SEED) && feeds[SEED] === undefined) {
    throw new HeliographError('bad-array', `The method ${program.method} needs a position.`, 'Point at a position of the layer.');
  }
}

function outputOf(outputs: Readonly<Record<string, FloatTensor>>, name: string): FloatTensor {
  const output = outputs[name];
  if (output === undefined) throw new HeliographError('runtime-failed', `The derived graph gave no output “${name}”.`);
  return output;
}

function mapOf({ dims, data }: FloatTensor): MapData {
  const [height = 1, width = data.length] = dims.slice(-2);
  return { height, width, values: data };
}

function dimsOf(graph: StaticGraph, name: string): readonly number[] {
  return graph.types.get(name)?.dims ?? [];
}

/** The `target` and `seed` tensors a request stands for, as far as the graph takes them and the request gives them. */
export function requestFeeds(graph: StaticGraph, request: { target?: Target; at?: readonly [number, number] }): Feeds {
  const feeds: Record<string, FloatTensor> = {};
  for (const { name } of graph.inputs) {
    if (name === TARGET && request.target !== undefined) feeds[name] = targetTensor(request.target, dimsOf(graph, name));
    if (name === SEED && request.at !== undefined) feeds[name] = seedTensor(request.at, dimsOf(graph, name));
  }
  return feeds;
}

function targetTensor({ plus, minus }: Target, dims: readonly number[]): FloatTensor {
  const classes = dims.at(-1) ?? 0;
  const weights = new Float32Array(classes);
  for (const [index, weight] of [
    [plus, 1],
    [minus, -1],
  ] as const) {
    if (index === undefined) continue;
    if (!Number.isInteger(index) || index < 0 || index >= classes) {
      throw new HeliographError(
        'bad-array',
        `The model has ${classes} classes; there is no class ${index}.`,
        `Choose a class from 0 to ${classes - 1}.`,
      );
    }
    weights[index] = (weights[index] ?? 0) + weight;
  }
  return float32(dims, weights);
}

function seedTensor([y, x]: readonly [number, number], dims: readonly number[]): FloatTensor {
  const [height = 0, width = 0] = dims;
  if (!Number.isInteger(y) || !Number.isInteger(x) || y < 0 || x < 0 || y >= height || x >= width) {
    throw new HeliographError(
      'bad-array',
      `The layer has ${height} × ${width} positions; there is no position (${y}, ${x}).`,
      `Choose y from 0 to ${height - 1} and x from 0 to ${width - 1}.`,
    );
  }
  const seed = new Float32Array(height * width);
  seed[y * width + x] = 1;
  return float32(dims, seed);
}

/** The graph with some inputs turned into constants. */
export function bake(graph: StaticGraph, feeds: Feeds): StaticGraph {
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => feeds[name] === undefined),
    initializers: new Map([...graph.initializers, ...Object.entries(feeds)]),
  };
}
