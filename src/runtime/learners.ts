/** Few-shot learners on the engine's device. */
import type { Classifier } from '../explain/classifier.ts';
import type { Program } from '../explain/explainer.ts';
import { srd } from '../explain/srd/srd.ts';
import { evaluate } from '../fewshot/evaluation.ts';
import { affineNetwork, freeze, type PredictedImage } from '../fewshot/frozen.ts';
import { concatenated, imageBatch, joinLearner, type Learner, type Prediction, type RunGraph } from '../fewshot/learner.ts';
import { adapt, featuresOf, predict } from '../fewshot/learners.ts';
import { HeliographError } from '../graph/errors.ts';
import type { StaticGraph } from '../graph/graph.ts';
import { readModel } from '../graph/read.ts';
import { checkWeights } from './check-weights.ts';
import type { Device } from './device.ts';
import { drive } from './drive.ts';
import type { Executor, Job } from './executor.ts';
import type {
  AdaptRequest,
  AdaptResult,
  EmbedRequest,
  EmbedResult,
  EvaluateRequest,
  EvaluateResult,
  FreezeRequest,
  LearnerSource,
  LearnerSummary,
  LoadImages,
  OnEpisode,
  OnInnerStep,
  PredictedImageRequest,
  PredictRequest,
  PredictResult,
  WhyRequest,
  WhyResult,
} from './fewshot-protocol.ts';

/** An inner step holds each parameter, its gradient and its update. */
const PARAMETER_COPIES = 3;

/** What else tells why, where SRD does not. */
const OTHERWISE = 'Its nearest examples can still be shown.';

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
  #explained = 0;

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

  async embed(device: Device, job: Job, { learner: id, images }: EmbedRequest): Promise<EmbedResult> {
    const opened = this.#get(id);
    const features = await featuresOf(opened.learner, images, this.#runner(device, job, opened));
    return { features, milliseconds: job.milliseconds, backend: device.info.backend };
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

  freeze(device: Device, job: Job, request: FreezeRequest): Promise<StaticGraph> {
    const opened = this.#get(request.learner);
    return freeze(predictedImage(opened, request), this.#runner(device, job, opened), request.labels);
  }

  async why(device: Device, job: Job, request: WhyRequest): Promise<WhyResult> {
    const opened = this.#get(request.learner);
    const { learner, bytes } = opened;
    const network = await affineNetwork(predictedImage(opened, request), this.#runner(device, job, opened));
    this.#explained += 1;
    const key = `${opened.id}/why/${network.key ?? `once ${this.#explained}`}`;
    const compile = () => {
      const program = compileSrd(learner, network.compile());
      return { graph: program.graph, program };
    };
    const explain = this.#executor.with(device, job, key, bytes * PARAMETER_COPIES, compile, (loaded) => {
      const { program } = loaded;
      if (program === null) throw new RangeError('unreachable: explanations are compiled to programs');
      const target = { plus: request.way };
      return drive(
        program,
        learner.image,
        { input: request.image, target },
        (feeds) => this.#executor.run(device, job, loaded, { ...feeds, ...network.feeds }),
        () => Promise.reject(new RangeError('unreachable: SRD runs once and gives the scores itself')),
        { onStep: (done) => job.onProgress({ phase: 'steps', done, total: program.steps }) },
      );
    });
    // A graph of this image alone would only push others out of the cache.
    const { map, score, logits } = await explain.finally(() => (network.key === null ? this.#executor.evict(key) : undefined));
    return { map, score, scores: logits, milliseconds: job.milliseconds, backend: device.info.backend };
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

function predictedImage({ learner }: OpenedLearner, { adapted, image, company }: PredictedImageRequest): PredictedImage {
  return { learner, adapted, image, company: company ?? null };
}

/** SRD from the scores of an adapted network to the pixels of its image. @throws HeliographError saying what else can be done */
function compileSrd({ card, image }: Learner, graph: StaticGraph): Program {
  const [scores] = graph.outputs;
  if (scores === undefined) throw new RangeError('unreachable: an adapted network gives scores');
  const { channels, height, width } = card.input;
  const classes = Number(scores.dims?.[1]);
  const model: Classifier = { graph, image, layout: 'NCHW', height, width, channels, logits: scores.name, classes, opaque: null };
  try {
    return srd.compile(model);
  } catch (error) {
    if (!(error instanceof HeliographError)) throw error;
    throw new HeliographError(error.code, error.message, OTHERWISE, { cause: error });
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
