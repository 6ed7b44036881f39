import { compileApop } from '../explain/apop.ts';
import type { Classifier } from '../explain/classifier.ts';
import { explainers } from '../explain/registry.ts';
import { withTopClass } from '../explain/top-class.ts';
import { pruneGraph } from '../graph/builder.ts';
import { HeliographError } from '../graph/errors.ts';
import { type FloatTensor, float32 } from '../graph/tensor.ts';
import { writeModel } from '../graph/write.ts';
import { relevanceCurves } from './curves.ts';
import type { Device } from './device.ts';
import { download } from './download.ts';
import { bake, drive, requestFeeds } from './drive.ts';
import { Executor, type Job } from './executor.ts';
import { asHeliographError } from './failures.ts';
import type {
  AdaptRequest,
  AdaptResult,
  EmbedRequest,
  EmbedResult,
  EvaluateRequest,
  EvaluateResult,
  FewShotEngine,
  FreezeRequest,
  LearnerSource,
  LearnerSummary,
  LoadImages,
  OnEpisode,
  OnInnerStep,
  PredictRequest,
  PredictResult,
  WhyRequest,
  WhyResult,
} from './fewshot-protocol.ts';
import { Learners } from './learners.ts';
import { type OpenedModel, openModel } from './open-model.ts';
import type {
  ApopRequest,
  ApopResult,
  Backend,
  Classification,
  Curves,
  CurvesRequest,
  DeriveRequest,
  DeviceInfo,
  Engine,
  ExplainRequest,
  ExplainResult,
  ModelSource,
  ModelSummary,
  OnPartial,
  OnProgress,
  OpenOptions,
} from './protocol.ts';
import { cancelled } from './queue.ts';

/** A derived graph holds the model's weights and, for adjoints, about as many again. */
const WEIGHT_COPIES = 2;

const QUIET: OnProgress = () => undefined;

/**
 * The engine itself, to be used directly in Node; a page takes the one of `client.ts`, which keeps it in a worker.
 * Nothing of the runtime is loaded before the first call that needs it.
 */
export class LocalEngine implements Engine, FewShotEngine {
  readonly #executor: Executor;
  readonly #learners: Learners;
  readonly #models = new Map<string, OpenedModel>();
  readonly #jobs = new Map<string, Set<AbortController>>();
  #opened = 0;

  /** @param backend device to use until `setBackend` is called; 'auto' prefers WebGPU */
  constructor(backend: Backend | 'auto' = 'auto') {
    this.#executor = new Executor(backend);
    this.#learners = new Learners(this.#executor);
  }

  /** Number of sessions the runtime holds; bounded whatever the number of explanations. */
  get sessions(): number {
    return this.#executor.sessions;
  }

  async device(): Promise<DeviceInfo> {
    return (await this.#executor.device()).info;
  }

  setBackend(backend: Backend | 'auto'): Promise<DeviceInfo> {
    return this.#executor.setBackend(backend);
  }

  openModel(name: string, source: ModelSource, options: OpenOptions = {}, onProgress: OnProgress = QUIET): Promise<ModelSummary> {
    return this.#job(name, onProgress, async ({ signal }) => {
      const { model, external } = await fetched(source, onProgress, signal);
      onProgress({ phase: 'read', done: 0, total: 1 });
      this.#opened += 1;
      const opened = openModel(`model ${this.#opened}`, source.name, model, external, options);
      this.#models.set(opened.summary.id, opened);
      onProgress({ phase: 'read', done: 1, total: 1 });
      return opened.summary;
    });
  }

  async closeModel(model: string): Promise<void> {
    this.#models.delete(model);
    await this.#executor.evict(`${model}/`);
  }

  classify(name: string, model: string, input: Float32Array, onProgress: OnProgress = QUIET): Promise<Classification> {
    return this.#onDevice(name, onProgress, async (device, job) => {
      const logits = await this.#logits(device, job, this.#model(model), input);
      return { logits, milliseconds: job.milliseconds, backend: device.info.backend };
    });
  }

  explain(name: string, request: ExplainRequest, onProgress: OnProgress = QUIET, onPartial?: OnPartial): Promise<ExplainResult> {
    return this.#onDevice(name, onProgress, (device, job) => this.#explain(device, job, request, onPartial));
  }

  async #explain(device: Device, job: Job, request: ExplainRequest, onPartial: OnPartial | undefined): Promise<ExplainResult> {
    const model = this.#model(request.model);
    const { classifier, summary } = model;
    assertImage(classifier, request.input);
    const compile = () => {
      const program = explainers[request.method].compile(classifier, request.options);
      return { graph: program.graph, program };
    };
    const key = `${summary.id}/${request.method}/${JSON.stringify(Object.entries(request.options).sort())}`;
    return this.#executor.with(device, job, key, summary.bytes * WEIGHT_COPIES, compile, async (loaded) => {
      const { program } = loaded;
      if (program === null) throw new RangeError('unreachable: explanations are compiled to programs');
      const { map, attribution, logits, score, relevance, norms } = await drive(
        program,
        classifier.image,
        request,
        (feeds) => this.#executor.run(device, job, loaded, feeds),
        () => this.#logits(device, job, model, request.input),
        {
          onStep: (done) => {
            if (loaded.warm) job.onProgress({ phase: 'steps', done, total: program.steps });
          },
          onPartial,
        },
      );
      const { milliseconds } = job;
      const error = await this.#completenessError(device, job, model, request, map.values, score);
      return {
        map,
        attribution: attribution?.data ?? null,
        logits,
        relevance,
        norms,
        completenessError: error,
        score,
        milliseconds,
        backend: device.info.backend,
        steps: program.steps,
      };
    });
  }

  /** How far the map's sum is from what the method promises; null where it promises nothing. */
  async #completenessError(
    device: Device,
    job: Job,
    model: OpenedModel,
    { method, options, target }: ExplainRequest,
    values: Float32Array,
    score: number,
  ): Promise<number | null> {
    let promised: number;
    if (method === 'srd' && (options.start ?? 'identity') === 'identity') {
      promised = score;
    } else if (method === 'integrated-gradients' && target !== undefined) {
      const baseline = await this.#logits(device, job, model, baselineOf(model));
      promised = score - (baseline[target.plus] ?? 0) + (target.minus === undefined ? 0 : (baseline[target.minus] ?? 0));
    } else {
      return null;
    }
    let sum = 0;
    for (const value of values) sum += value;
    return sum - promised;
  }

  curves(name: string, request: CurvesRequest, onProgress: OnProgress = QUIET): Promise<Curves> {
    return this.#onDevice(name, onProgress, async (device, job) => {
      const model = this.#model(request.model);
      assertImage(model.classifier, request.input);
      return relevanceCurves(
        request.input,
        model.classifier,
        request.map,
        request.target,
        request.points,
        (image) => this.#logits(device, job, model, image),
        (done, total) => onProgress({ phase: 'steps', done, total }),
      );
    });
  }

  apop(name: string, request: ApopRequest, onProgress: OnProgress = QUIET): Promise<ApopResult> {
    return this.#onDevice(name, onProgress, async (device, job) => {
      const { classifier, summary } = this.#model(request.model);
      assertImage(classifier, request.input);
      assertImage(classifier, request.carrier);
      const compile = () => ({ graph: compileApop(classifier), program: null });
      return this.#executor.with(device, job, `${summary.id}/apop`, summary.bytes * WEIGHT_COPIES, compile, async (loaded) => {
        const outputs = await this.#executor.run(device, job, loaded, {
          [classifier.image]: float32(summary.inputShape, request.input),
          carrier: float32(summary.inputShape, request.carrier),
        });
        return {
          logits: scoresOf(outputs.logits),
          carrierLogits: scoresOf(outputs.carrier_logits),
          patternLogits: scoresOf(outputs.pattern_logits),
          milliseconds: job.milliseconds,
        };
      });
    });
  }

  derive(name: string, { target, ...request }: DeriveRequest): Promise<Uint8Array> {
    return this.#job(name, QUIET, async () => {
      const { classifier } = this.#model(request.model);
      const graph = explainers[request.method].compile(classifier, request.options).standalone();
      if (target === 'top1') return writeModel(withTopClass(graph));
      return writeModel(bake(graph, requestFeeds(graph, { ...request, target })));
    });
  }

  openLearner(name: string, source: LearnerSource, onProgress: OnProgress = QUIET): Promise<LearnerSummary> {
    return this.#job(name, onProgress, async ({ signal }) => {
      const { model, external } = await fetched(source.model, onProgress, signal);
      onProgress({ phase: 'read', done: 0, total: 1 });
      const summary = this.#learners.open(source, model, external);
      onProgress({ phase: 'read', done: 1, total: 1 });
      return summary;
    });
  }

  closeLearner(learner: string): Promise<void> {
    return this.#learners.close(learner);
  }

  adapt(name: string, request: AdaptRequest, onProgress: OnProgress = QUIET, onStep?: OnInnerStep): Promise<AdaptResult> {
    return this.#onDevice(name, onProgress, (device, job) => this.#learners.adapt(device, job, request, onStep));
  }

  embed(name: string, request: EmbedRequest): Promise<EmbedResult> {
    return this.#onDevice(name, QUIET, (device, job) => this.#learners.embed(device, job, request));
  }

  predict(name: string, request: PredictRequest, onProgress: OnProgress = QUIET): Promise<PredictResult> {
    return this.#onDevice(name, onProgress, (device, job) => this.#learners.predict(device, job, request));
  }

  freeze(name: string, request: FreezeRequest): Promise<Uint8Array> {
    return this.#onDevice(name, QUIET, async (device, job) => writeModel(await this.#learners.freeze(device, job, request)));
  }

  why(name: string, request: WhyRequest, onProgress: OnProgress = QUIET): Promise<WhyResult> {
    return this.#onDevice(name, onProgress, (device, job) => this.#learners.why(device, job, request));
  }

  evaluate(
    name: string,
    request: EvaluateRequest,
    load: LoadImages,
    onProgress: OnProgress = QUIET,
    onEpisode?: OnEpisode,
  ): Promise<EvaluateResult> {
    return this.#onDevice(name, onProgress, (device, job) => this.#learners.evaluate(device, job, request, load, onEpisode));
  }

  async cancel(job: string): Promise<void> {
    for (const controller of this.#jobs.get(job) ?? []) controller.abort();
  }

  #model(id: string): OpenedModel {
    const model = this.#models.get(id);
    if (model === undefined) throw new HeliographError('bad-document', 'This model is not open any more.', 'Open it again.');
    return model;
  }

  #logits(device: Device, job: Job, { classifier, summary }: OpenedModel, input: Float32Array): Promise<Float32Array> {
    assertImage(classifier, input);
    const { graph, logits, classes } = classifier;
    const compile = () => ({
      graph: pruneGraph({ ...graph, outputs: [{ name: logits, type: 'float32' as const, dims: [1, classes] }] }),
      program: null,
    });
    return this.#executor.with(device, job, `${summary.id}/logits`, summary.bytes, compile, async (loaded) => {
      const outputs = await this.#executor.run(device, job, loaded, { [classifier.image]: float32(summary.inputShape, input) });
      return scoresOf(outputs[logits]);
    });
  }

  #onDevice<R>(name: string, onProgress: OnProgress, work: (device: Device, job: Job) => Promise<R>): Promise<R> {
    return this.#job(name, onProgress, (job) =>
      this.#executor.onDevice((device) => {
        // Work that begins again after a lost GPU is timed from its new beginning.
        job.milliseconds = 0;
        return work(device, job);
      }),
    );
  }

  async #job<R>(name: string, onProgress: OnProgress, work: (job: Job) => Promise<R>): Promise<R> {
    const controller = new AbortController();
    const running = this.#jobs.get(name) ?? new Set();
    this.#jobs.set(name, running.add(controller));
    try {
      return await work({ name, signal: controller.signal, onProgress, milliseconds: 0 });
    } catch (error) {
      throw asHeliographError(error, 'working on the model');
    } finally {
      running.delete(controller);
      if (running.size === 0) this.#jobs.delete(name);
    }
  }
}

/** A model's bytes: as given, or downloaded. */
async function fetched(
  source: ModelSource,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<{ model: Uint8Array; external: Readonly<Record<string, Uint8Array>> }> {
  if (source.kind === 'files') return source;
  const onBytes = (done: number, total: number | null) => onProgress({ phase: 'download', done, total });
  const model = await download(source.url, source.bytes ?? null, onBytes, signal);
  if (signal.aborted) throw cancelled();
  return { model, external: {} };
}

/** What integrated gradients start from: the input of zeros, the mean colour after normalisation. */
function baselineOf({ summary }: OpenedModel): Float32Array {
  return new Float32Array(summary.inputShape.reduce((size, dim) => size * dim, 1));
}

function assertImage({ channels, height, width }: Classifier, input: Float32Array): void {
  const size = channels * height * width;
  if (input.length !== size) {
    throw new HeliographError(
      'bad-array',
      `The input has ${input.length} values; the model takes ${channels} × ${height} × ${width} = ${size}.`,
      'Preprocess the image for this model.',
    );
  }
  if (input.some((value) => !Number.isFinite(value))) {
    throw new HeliographError(
      'bad-array',
      'The input holds values that are not finite numbers.',
      'Check mean and standard deviation.',
    );
  }
}

/** @throws HeliographError `bad-weights` where the scores are not numbers: every map would be empty */
function scoresOf(output: FloatTensor | undefined): Float32Array {
  if (output === undefined)
    throw new HeliographError('not-a-classifier', 'The model gave no class scores.', 'Choose an image classifier.');
  if (output.data.some(Number.isNaN)) {
    throw new HeliographError(
      'bad-weights',
      'The model’s class scores for this image are not numbers (NaN).',
      'Check the preprocessing; if it is right, the weights overflow.',
    );
  }
  return output.data;
}
