/** Few-shot learners against PyTorch, through the engine: the same in Node and in a page on wasm and WebGPU. */
import type { InnerStep } from '../../src/fewshot/adaptation.ts';
import type { LearnerCard } from '../../src/fewshot/learner-card.ts';
import type { FewShotEngine } from '../../src/runtime/fewshot-protocol.ts';
import { type NpyArray, readNpy } from '../../src/runtime/npy.ts';
import { relativeError } from '../relative-error.ts';
import type { Load, NumericResult } from './run.ts';

export const LEARNERS = ['fewshot-maml', 'fewshot-protonet'] as const;
export type LearnerGolden = (typeof LEARNERS)[number];

interface CommonManifest {
  readonly model: string;
  readonly ways: number;
  readonly support: { readonly file: string; readonly labels: readonly number[] };
  readonly query: { readonly file: string };
  readonly scores: string;
}

interface MamlManifest extends CommonManifest {
  readonly kind: 'maml';
  readonly nodes: number;
  readonly inner: { readonly learningRate: number; readonly steps: number };
  readonly assignments: readonly (readonly number[])[];
  readonly parameters: readonly string[];
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

/** What a card would say of the golden's network; `features` is what its head takes. */
function cardOf(manifest: Manifest, { dims: [, channels = 1, height = 1, width = 1] }: NpyArray, features: number): LearnerCard {
  const common = {
    format: 'heliograph-learner',
    version: 1,
    name: `golden-${manifest.kind}`,
    title: 'Golden',
    domain: 'drawings',
    file: manifest.model,
    bytes: 1,
    sha256: '0'.repeat(64),
    input: {
      channels: channels === 3 ? 3 : 1,
      height,
      width,
      mean: new Array<number>(channels).fill(0),
      std: new Array<number>(channels).fill(1),
      ink: null,
      resize: null,
    },
    features,
    ways: 'any',
    training: {},
    licence: '',
    source: '',
    citation: '',
    metrics: {},
  } as const;
  if (manifest.kind === 'protonet') return { ...common, kind: 'protonet' };
  const { nodes, inner, parameters } = manifest;
  return { ...common, kind: 'maml', nodes, inner: { ...inner }, parameters: [...parameters] };
}

/** Adapts to a golden's support set and predicts its queries on the engine's present device. */
export async function runLearner(engine: FewShotEngine, golden: LearnerGolden, load: Load): Promise<readonly NumericResult[]> {
  const file = (name: string) => load(`${golden}/${name}`);
  const array = async (name: string) => readNpy(await file(name));
  const manifest: Manifest = JSON.parse(new TextDecoder().decode(await file('golden.json')));
  const { ways, model, support, query } = manifest;
  const images = await array(support.file);
  const queries = (await array(query.file)).data;
  const examples = { images: images.data, labels: support.labels, ways };
  const results: NumericResult[] = [];
  const compare = (name: string, got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) =>
    results.push({ name, error: relativeError(got, expected), tolerance, failure: '' });

  const features = manifest.kind === 'maml' ? await headLength(manifest, array) : (await array(manifest.prototypes)).dims[1];
  const card = cardOf(manifest, images, features ?? 0);
  const bytes = await file(model);
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

async function headLength({ steps }: MamlManifest, array: (name: string) => Promise<NpyArray>): Promise<number | undefined> {
  return (await array(steps[0]?.parameters['head.weight'] ?? '')).dims[1];
}
