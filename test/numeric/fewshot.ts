/** Few-shot learners against PyTorch, through the engine: the same in Node and in a page on wasm and WebGPU. */
import type { InnerStep } from '../../src/fewshot/adaptation.ts';
import { parseLearnerCard } from '../../src/fewshot/learner-card.ts';
import type { FewShotEngine } from '../../src/runtime/fewshot-protocol.ts';
import { readNpy } from '../../src/runtime/npy.ts';
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

/** Adapts to a golden's support set and predicts its queries on the engine's present device. */
export async function runLearner(engine: FewShotEngine, golden: LearnerGolden, load: Load): Promise<readonly NumericResult[]> {
  const file = (name: string) => load(`${golden}/${name}`);
  const array = async (name: string) => readNpy(await file(name));
  const manifest: Manifest = JSON.parse(new TextDecoder().decode(await file('golden.json')));
  const { ways, support, query } = manifest;
  const images = await array(support.file);
  const queries = (await array(query.file)).data;
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
      let from: Extract<Awaited<ReturnType<FewShotEngine['adapt']>>['adapted'], { kind: 'parameters' }> | undefined;
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
    } else {
      const { adapted } = await engine.adapt('golden', { learner: id, support: examples, options: {} });
      if (adapted.kind !== 'prototypes') throw new RangeError('ProtoNet keeps prototypes');
      compare('prototypes', adapted.prototypes, (await array(manifest.prototypes)).data, WEIGHTS);
      const { scores } = await engine.predict('golden', { learner: id, adapted, images: queries });
      compare('scores', scores, (await array(manifest.scores)).data, LOGITS);
    }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    results.push({ name: golden, error: Number.NaN, tolerance: 0, failure });
  }
  await engine.closeLearner(id);
  return results;
}
