/** Few-shot learners against PyTorch, through the engine: the same in Node and in a page on wasm and WebGPU. */
import type { InnerStep } from '../../src/fewshot/adaptation.ts';
import { type Adapted, concatenated } from '../../src/fewshot/learner.ts';
import { parseLearnerCard } from '../../src/fewshot/learner-card.ts';
import { readNpy } from '../../src/runtime/npy.ts';
import type { WholeEngine } from '../../src/runtime/remote.ts';
import { relativeError } from '../relative-error.ts';
import type { Load, NumericResult } from './run.ts';

export const LEARNERS = ['fewshot-maml', 'fewshot-protonet'] as const;
export type LearnerGolden = (typeof LEARNERS)[number];

interface CommonManifest {
  readonly ways: number;
  readonly support: { readonly file: string; readonly labels: readonly number[] };
  readonly query: { readonly file: string };
  readonly scores: string;
}

interface MamlManifest extends CommonManifest {
  readonly kind: 'maml';
  readonly assignments: readonly (readonly number[])[];
  /** The loss before each step, the parameters after it. */
  readonly steps: readonly { readonly loss: number; readonly parameters: Readonly<Record<string, string>> }[];
  readonly logits: string;
  /** Why the adapted network, with the statistics of all queries, gives a query's score for a class: by the literal SRD. */
  readonly explained: readonly { readonly query: number; readonly way: number; readonly map: string }[];
}

interface ProtoNetManifest extends CommonManifest {
  readonly kind: 'protonet';
  readonly prototypes: string;
}

type Manifest = MamlManifest | ProtoNetManifest;

/** Adapted weights and losses. */
const WEIGHTS = 1e-4;
/** Logits and scores of the queries. */
const LOGITS = 1e-3;

/** Scores of a saved network, and its explanations. */
const FROZEN = 1e-4;

/** Adapts to a golden's support set and predicts and explains its queries on the engine's present device. */
export async function runLearner(engine: WholeEngine, golden: LearnerGolden, load: Load): Promise<readonly NumericResult[]> {
  const file = (name: string) => load(`${golden}/${name}`);
  const array = async (name: string) => readNpy(await file(name));
  const manifest: Manifest = JSON.parse(new TextDecoder().decode(await file('golden.json')));
  const { ways, support, query } = manifest;
  const images = await array(support.file);
  const { data: queries, dims } = await array(query.file);
  const [count = 0] = dims;
  const examples = { images: images.data, labels: support.labels, ways };
  const results: NumericResult[] = [];
  const compare = (name: string, got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) =>
    results.push({ name, error: relativeError(got, expected), tolerance, failure: '' });

  const card = parseLearnerCard(JSON.parse(new TextDecoder().decode(await file('card.json'))), `${golden}/card.json`);
  const bytes = await file(card.file);
  const { id } = await engine.openLearner('golden', {
    card,
    model: { kind: 'files', name: golden, model: bytes, external: {} },
  });
  try {
    if (manifest.kind === 'maml') {
      const { assignments, steps, logits, scores } = manifest;
      const losses: InnerStep[] = [];
      let from: Extract<Adapted, { kind: 'parameters' }> | undefined;
      for (const [index, step] of steps.entries()) {
        const options = { assignments, steps: 1, from };
        const { adapted } = await engine.adapt('golden', { learner: id, support: examples, options }, undefined, (state) =>
          losses.push(state),
        );
        if (adapted.kind !== 'parameters') throw new RangeError('MAML adapts parameters');
        from = adapted;
        for (const [name, expected] of Object.entries(step.parameters)) {
          compare(`step ${index + 1} ${name}`, adapted.parameters[name] ?? [], (await array(expected)).data, WEIGHTS);
        }
      }
      compare(
        'losses',
        losses.map(({ loss }) => loss),
        steps.map(({ loss }) => loss),
        WEIGHTS,
      );
      if (from === undefined) throw new RangeError('the golden has steps');
      const prediction = await engine.predict('golden', { learner: id, adapted: from, images: queries });
      compare('logits', prediction.logits ?? [], (await array(logits)).data, LOGITS);
      compare('scores', prediction.scores, (await array(scores)).data, LOGITS);
      const frozen = await frozenScores(engine, { learner: id, adapted: from }, queries, count, ways);
      const summed = frozen.map((score) => score * assignments.length);
      compare('scores of the saved networks', summed, (await array(scores)).data, FROZEN);
      for (const { query: at, way, map } of manifest.explained) {
        const why = await engine.why('golden', { learner: id, adapted: from, ...oneOf(queries, at, count), way });
        compare(`why query ${at} is ${way}`, why.map.values, (await array(map)).data, FROZEN);
      }
    } else {
      const { adapted } = await engine.adapt('golden', { learner: id, support: examples, options: {} });
      if (adapted.kind !== 'prototypes') throw new RangeError('ProtoNet keeps prototypes');
      compare('prototypes', adapted.prototypes, (await array(manifest.prototypes)).data, WEIGHTS);
      const { scores } = await engine.predict('golden', { learner: id, adapted, images: queries });
      const expected = (await array(manifest.scores)).data;
      compare('scores', scores, expected, LOGITS);
      const frozen = await frozenScores(engine, { learner: id, adapted }, queries, count, ways);
      // What is the same for all classes is left out of them.
      compare('scores of the saved networks', lessMean(frozen, ways), lessMean(expected, ways), FROZEN);
    }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    results.push({ name: golden, error: Number.NaN, tolerance: 0, failure });
  }
  await engine.closeLearner(id);
  return results;
}

/** One of a batch of images, and the others as its company. */
function oneOf(images: Float32Array, index: number, count: number): { image: Float32Array; company: Float32Array } {
  const size = images.length / count;
  const image = images.slice(index * size, (index + 1) * size);
  return { image, company: concatenated([images.subarray(0, index * size), images.subarray((index + 1) * size)]) };
}

/** Scores [B, N] of a batch, each image's from the network saved for it and opened like any other. */
async function frozenScores(
  engine: WholeEngine,
  of: { readonly learner: string; readonly adapted: Adapted },
  images: Float32Array,
  count: number,
  ways: number,
): Promise<Float32Array> {
  const rows: Float32Array[] = [];
  for (let index = 0; index < count; index += 1) {
    const each = oneOf(images, index, count);
    const model = await engine.freeze('golden', { ...of, ...each });
    const source = { kind: 'files', name: 'adapted', model, external: {} } as const;
    const { id, classes } = await engine.openModel('golden', source);
    if (classes !== ways) throw new RangeError(`${classes} classes instead of ${ways}`);
    rows.push((await engine.classify('golden', id, each.image)).logits);
    await engine.closeModel(id);
  }
  return concatenated(rows);
}

/** Each row of `ways` numbers less its mean. */
function lessMean(rows: Float32Array, ways: number): Float32Array {
  return rows.map((value, index) => {
    const start = index - (index % ways);
    return value - rows.subarray(start, start + ways).reduce((sum, each) => sum + each, 0) / ways;
  });
}
