import { extname } from 'node:path';
import { HeliographError } from '../src/graph/errors.ts';
import { readNpy, writeNpy } from '../src/runtime/npy.ts';
import { preprocess } from '../src/runtime/preprocess.ts';
import type { ExplainResult, ModelSummary, Target } from '../src/runtime/protocol.ts';
import { readBytes, writeOutput } from './files.ts';
import { decodeImage } from './image.ts';
import { mapPicture } from './map-picture.ts';
import { checkArguments, type MethodArguments, methodOptions, targetOf } from './options.ts';
import { openModel } from './session.ts';

interface ExplainArguments extends MethodArguments {
  readonly image?: string;
  readonly input?: string;
  readonly out: string;
  readonly json?: boolean;
}

/** The model's input: a photograph preprocessed as the card or the guess says, or an NPY file as it is. */
async function readInput(given: ExplainArguments, model: ModelSummary): Promise<Float32Array> {
  if (given.input !== undefined) {
    const array = readNpy(await readBytes(given.input));
    // The batch axis of 1 may be left out.
    const fits = [model.inputShape, model.inputShape.slice(1)].some((shape) => shape.join() === array.dims.join());
    if (!fits) {
      throw new HeliographError(
        'bad-array',
        `${given.input} has shape [${array.dims}]; ${model.name} takes [${model.inputShape}].`,
        'Save the array in the model’s own shape.',
      );
    }
    return array.data;
  }
  if (given.image === undefined) {
    throw new HeliographError(
      'bad-image',
      'There is nothing to explain.',
      'Give a photograph with --image or a tensor with --input.',
    );
  }
  return preprocess(await decodeImage(await readBytes(given.image), given.image), model.preprocessing, 'crop').input;
}

function mostLikely(logits: Float32Array): number {
  return logits.reduce((best, value, index) => (value > (logits[best] ?? -Infinity) ? index : best), 0);
}

function nameOf(index: number, labels: readonly string[] | null): string {
  const label = labels?.[index];
  return label === undefined ? `class ${index}` : `${label} (class ${index})`;
}

function sentence(given: ExplainArguments, target: Target | undefined, labels: readonly string[] | null): string {
  const at = given.at === undefined ? '' : ` at ${given.at.join(',')}`;
  const where = given.layer === undefined ? '' : `, layer ${given.layer}${at}`;
  if (target === undefined) return `${given.method}${where}`;
  const minus = target.minus === undefined ? '' : ` less ${nameOf(target.minus, labels)}`;
  return `${given.method}, ${nameOf(target.plus, labels)}${minus}${where}`;
}

/** What was computed, for programs. */
function facts(given: ExplainArguments, model: ModelSummary, target: Target | undefined, result: ExplainResult): string {
  const { map, score, completenessError, milliseconds, backend, steps } = result;
  const sum = map.values.reduce((total, value) => total + value, 0);
  const document = {
    model: model.name,
    method: given.method,
    options: methodOptions(given),
    target,
    at: given.at,
    map: { height: map.height, width: map.width, sum },
    score,
    completenessError,
    milliseconds,
    backend,
    steps,
    out: given.out,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** What an NPY file gets: a value per input channel [C, H, W] from the methods that have one, else the map [H, W]. */
function rawArray({ map, attribution }: ExplainResult, { inputShape, preprocessing }: ModelSummary) {
  if (attribution === null) return { dims: [map.height, map.width], values: map.values };
  const channels = inputShape[preprocessing.layout === 'NCHW' ? 1 : 3] ?? 1;
  return { dims: [channels, map.height, map.width], values: attribution };
}

/** `heliograph explain`: the relevance map of one image as NPY or PNG. */
export async function explain(modelArgument: string, given: ExplainArguments): Promise<void> {
  const format = given.out === '-' ? '.npy' : extname(given.out).toLowerCase();
  if (format !== '.npy' && format !== '.png') {
    throw new HeliographError('bad-document', `--out ${given.out} names no known format.`, 'Let it end in .npy or .png.');
  }
  if (given.image !== undefined && given.input !== undefined) {
    throw new HeliographError('bad-document', '--image and --input exclude each other.', 'Give one of them.');
  }
  if (given.out === '-' && given.json) {
    throw new HeliographError('bad-document', 'The map and --json cannot both go to standard output.', 'Give --out a file name.');
  }
  const { engine, summary, labels } = await openModel(modelArgument, given.size);
  checkArguments(given, summary);
  const input = await readInput(given, summary);

  let target: Target | undefined;
  if (given.method !== 'erf') {
    const asked = given.target ?? 'top1';
    const plus = asked === 'top1' ? mostLikely((await engine.classify('classify', summary.id, input)).logits) : asked;
    target = targetOf(plus, given.minus);
  } else if (given.at === undefined) {
    throw new HeliographError('bad-document', 'erf needs a position.', 'Give one with --at, such as --at 3,5.');
  }

  const result = await engine.explain('explain', {
    model: summary.id,
    method: given.method,
    options: methodOptions(given),
    input,
    target,
    at: given.at,
  });
  const what = sentence(given, target, labels);
  const size = `${result.map.height} × ${result.map.width}, ${Math.round(result.milliseconds)} ms`;
  if (format === '.npy') {
    const { dims, values } = rawArray(result, summary);
    await writeOutput(given.out, writeNpy(dims, values));
    process.stderr.write(`${what}: ${dims.join(' × ')}, ${Math.round(result.milliseconds)} ms.\n`);
  } else {
    const { png, limit } = await mapPicture(result.map, what);
    await writeOutput(given.out, png);
    process.stderr.write(`${what}: ${size}, colour scale ±${limit.toPrecision(3)}.\n`);
  }
  if (given.json) process.stdout.write(facts(given, summary, target, result));
}
