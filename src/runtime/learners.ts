/** Few-shot learners on the engine's device. */
import { evaluate } from '../fewshot/evaluation.ts';
import { concatenated, imageBatch, joinLearner, type Learner, type Prediction, type RunGraph } from '../fewshot/learner.ts';
import { adapt, predict } from '../fewshot/learners.ts';
import { HeliographError } from '../graph/errors.ts';
import { readModel } from '../graph/read.ts';
import { checkWeights } from './check-weights.ts';
import type { Device } from './device.ts';
import type { Executor, Job } from './executor.ts';
import type {
  AdaptRequest,
  AdaptResult,
  EvaluateRequest,
  EvaluateResult,
  LearnerSource,
  LearnerSummary,
  LoadImages,
  OnEpisode,
  OnInnerStep,
  PredictRequest,
  PredictResult,
} from './fewshot-protocol.ts';

/** An inner step holds each parameter, its gradient and its update. */
const PARAMETER_COPIES = 3;

interface OpenedLearner {
  readonly id: string;
  readonly learner: Learner;
  readonly bytes: number;
}

/** The learners an engine has open. */
export class Learners {
  readonly #executor: Executor;
  readonly #open = new Map<string, OpenedLearner>();
  #opened = 0;

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  /** @throws HeliographError whatever is wrong with the model, alone or beside its card */
  open({ card }: LearnerSource, model: Uint8Array, external: Readonly<Record<string, Uint8Array>>): LearnerSummary {
    const graph = readModel(model, external);
    checkWeights(graph);
    const learner = joinLearner(card, graph);
    this.#opened += 1;
    const id = `learner ${this.#opened}`;
    this.#open.set(id, { id, learner, bytes: model.byteLength });
    const sizes = [...learner.parameters.values()].map(({ data }) => data.length);
    return { id, card, adaptedNumbers: sizes.reduce((sum, size) => sum + size, 0) };
  }

  async close(learner: string): Promise<void> {
    this.#open.delete(learner);
    await this.#executor.evict(`${learner}/`);
  }

  async adapt(
    device: Device,
    job: Job,
    { learner: id, support, options }: AdaptRequest,
    onStep?: OnInnerStep,
  ): Promise<AdaptResult> {
    const opened = this.#get(id);
    const { card } = opened.learner;
    const steps = card.kind === 'maml' ? (options.steps ?? card.inner.steps) : 1;
    let done = 0;
    const adapted = await adapt(opened.learner, support, options, this.#runner(device, job, opened), (step) => {
      done += 1;
      job.onProgress({ phase: 'steps', done, total: steps });
      onStep?.(step);
    });
    return { adapted, milliseconds: job.milliseconds, backend: device.info.backend };
  }

  async predict(device: Device, job: Job, { learner: id, adapted, images, company }: PredictRequest): Promise<PredictResult> {
    const opened = this.#get(id);
    // SimpleShot's images go one by one and have no use for company.
    const alone = company === undefined || opened.learner.card.kind === 'simpleshot';
    const batch = alone ? images : concatenated([images, company]);
    const prediction = await predict(opened.learner, adapted, batch, this.#runner(device, job, opened));
    const [answered = 1] = imageBatch(opened.learner, images).dims;
    const [all = 1] = imageBatch(opened.learner, batch).dims;
    return { ...firstRows(prediction, answered / all), milliseconds: job.milliseconds, backend: device.info.backend };
  }

  async evaluate(
    device: Device,
    job: Job,
    { learner: id, classes, options }: EvaluateRequest,
    load: LoadImages,
    onEpisode?: OnEpisode,
  ): Promise<EvaluateResult> {
    const opened = this.#get(id);
    const { episodes: total } = options;
    const run = this.#runner(device, job, opened);
    const evaluation = await evaluate(opened.learner, { classes, load }, options, run, (result) => {
      onEpisode?.(result);
      job.onProgress({ phase: 'steps', done: result.number + 1, total });
    });
    return { ...evaluation, milliseconds: job.milliseconds, backend: device.info.backend };
  }

  #get(id: string): OpenedLearner {
    const opened = this.#open.get(id);
    if (opened === undefined) throw new HeliographError('bad-document', 'This learner is not open any more.', 'Open it again.');
    return opened;
  }

  #runner(device: Device, job: Job, { id, bytes }: OpenedLearner): RunGraph {
    return (key, compile, feeds) =>
      this.#executor.with(
        device,
        job,
        `${id}/${key}`,
        bytes * PARAMETER_COPIES,
        () => ({ graph: compile(), program: null }),
        (loaded) => this.#executor.run(device, job, loaded, feeds),
      );
  }
}

/** The first `share` of a prediction's rows. */
function firstRows({ scores, probabilities, features, logits }: Prediction, share: number): Prediction {
  const first = (values: Float32Array) => (share === 1 ? values : values.slice(0, Math.round(values.length * share)));
  return {
    scores: first(scores),
    probabilities: first(probabilities),
    features: first(features),
    logits: logits && first(logits),
  };
}
