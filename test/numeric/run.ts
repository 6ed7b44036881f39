/** Asks an engine the questions of the numeric suite and measures how far its answers are from the goldens. */

import type { Layer } from '../../src/explain/layers.ts';
import { readNpy } from '../../src/runtime/npy.ts';
import type { Engine } from '../../src/runtime/protocol.ts';
import { relativeError } from '../relative-error.ts';
import { casesOf, type GoldenManifest, type Net, type Question } from './cases.ts';

/** Reads a file below `goldens/`: from disk in Node, over HTTP in a page. */
export type Load = (path: string) => Promise<Uint8Array>;

export interface NumericResult {
  readonly name: string;
  /** Relative L2 error, or NaN where the engine failed. */
  readonly error: number;
  readonly tolerance: number;
  /** The engine's message where it failed, else ''. */
  readonly failure: string;
}

/**
 * Runs the cases of one net on the engine's present device.
 *
 * @param wanted keeps the cases whose name it accepts
 */
export async function runNet(
  engine: Engine,
  net: Net,
  load: Load,
  wanted: (name: string) => boolean = () => true,
): Promise<readonly NumericResult[]> {
  const file = (name: string) => load(`${net}/${name}`);
  const manifest: GoldenManifest = JSON.parse(new TextDecoder().decode(await file('golden.json')));
  const array = async (name: string) => readNpy(await file(name)).data;
  const input = await array(manifest.input.file);
  const { id, layers } = await engine.openModel(net, {
    kind: 'files',
    name: net,
    model: await file(manifest.model),
    external: {},
  });
  const results: NumericResult[] = [];
  for (const { name, question, expected, tolerance } of casesOf(manifest)) {
    if (!wanted(name)) continue;
    try {
      const answer = await ask(engine, id, input, named(question, layers), array);
      results.push({ name, error: relativeError(answer, await array(expected)), tolerance, failure: '' });
    } catch (error) {
      results.push({ name, error: Number.NaN, tolerance, failure: error instanceof Error ? error.message : String(error) });
    }
  }
  await engine.closeModel(id);
  return results;
}

/** The goldens name PyTorch modules; the last node of an exported module is the tensor they mean. */
function named(question: Question, layers: readonly Layer[]): Question {
  if (question.ask === 'logits' || question.ask === 'apop' || question.options.layer === undefined) return question;
  const { layer } = question.options;
  const tensor = layers.findLast(({ tensor: name }) => name === layer || name.startsWith(`${layer}.`))?.tensor ?? layer;
  return { ...question, options: { ...question.options, layer: tensor } };
}

async function ask(
  engine: Engine,
  model: string,
  input: Float32Array,
  question: Question,
  array: (name: string) => Promise<Float32Array>,
): Promise<Float32Array> {
  switch (question.ask) {
    case 'logits':
      return (await engine.classify('numeric', model, input)).logits;
    case 'apop': {
      const carrier = question.carrier === null ? new Float32Array(input.length) : await array(question.carrier);
      return (await engine.apop('numeric', { model, input, carrier })).patternLogits;
    }
    default: {
      const { ask: what, ...rest } = question;
      const result = await engine.explain('numeric', { model, input, ...rest });
      return what === 'map' ? result.map.values : (result.attribution ?? new Float32Array(0));
    }
  }
}
