/** The page's end of the engine: starts the worker on first need, and a fresh one where it dies. */
import { proxy, type Remote, wrap } from 'comlink';
import { HeliographError } from '../graph/errors.ts';
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
  PredictRequest,
  PredictResult,
  WhyRequest,
  WhyResult,
} from './fewshot-protocol.ts';
import type {
  ApopRequest,
  ApopResult,
  Backend,
  Classification,
  Curves,
  CurvesRequest,
  DeriveRequest,
  DeviceInfo,
  ExplainRequest,
  ExplainResult,
  ModelSource,
  ModelSummary,
  OnPartial,
  OnProgress,
  OpenOptions,
} from './protocol.ts';
import { fromMessage, type Outcome, outcomeOf, type RemoteEngine, type WholeEngine } from './remote.ts';
import { until } from './until.ts';

/** One life of the worker. */
interface Life {
  readonly worker: Worker;
  readonly remote: Remote<RemoteEngine>;
  /** Rejects when the worker dies, and with it every call that is waiting. */
  readonly death: Promise<never>;
  readonly end: (error: HeliographError) => void;
}

/** A model or learner that is open. */
interface Recipe {
  /** Opens it again in a fresh worker and gives the worker's handle for it. */
  readonly reopen: (life: Life) => Promise<string>;
  /** The worker's handle for it, and in which life of the worker it holds. */
  opened: { readonly life: Life; readonly id: Promise<string> };
}

/** An engine in a worker. Cheap to create: worker and runtime are loaded by the first call. */
export function createEngine(makeWorker: () => Worker = startWorker): WholeEngine {
  return new WorkerEngine(makeWorker);
}

function startWorker(): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'heliograph' });
}

class WorkerEngine implements WholeEngine {
  readonly #makeWorker: () => Worker;
  readonly #recipes = new Map<string, Recipe>();
  #life: Life | null = null;
  #choice: Backend | 'auto' = 'auto';
  #opened = 0;

  constructor(makeWorker: () => Worker) {
    this.#makeWorker = makeWorker;
  }

  device(): Promise<DeviceInfo> {
    return this.#call(({ remote }) => remote.device());
  }

  async setBackend(backend: Backend | 'auto'): Promise<DeviceInfo> {
    const info = await this.#call(({ remote }) => remote.setBackend(backend));
    this.#choice = backend;
    return info;
  }

  openModel(job: string, source: ModelSource, options?: OpenOptions, onProgress?: OnProgress): Promise<ModelSummary> {
    const absolute = absoluteSource(source);
    const open = (life: Life, name: string, progress?: OnProgress) =>
      this.#in(life, life.remote.openModel(name, absolute, options, shared(progress)));
    return this.#open(
      'model',
      (life) => open(life, job, onProgress),
      (life, id) => open(life, `reopen ${id}`),
    );
  }

  closeModel(model: string): Promise<void> {
    return this.#close(model, ({ remote }, id) => remote.closeModel(id));
  }

  classify(job: string, model: string, input: Float32Array, onProgress?: OnProgress): Promise<Classification> {
    return this.#onOpen(model, ({ remote }, id) => remote.classify(job, id, input, shared(onProgress)));
  }

  explain(job: string, request: ExplainRequest, onProgress?: OnProgress, onPartial?: OnPartial): Promise<ExplainResult> {
    return this.#onOpen(request.model, ({ remote }, model) =>
      remote.explain(job, { ...request, model }, shared(onProgress), shared(onPartial)),
    );
  }

  curves(job: string, request: CurvesRequest, onProgress?: OnProgress): Promise<Curves> {
    return this.#onOpen(request.model, ({ remote }, model) => remote.curves(job, { ...request, model }, shared(onProgress)));
  }

  apop(job: string, request: ApopRequest, onProgress?: OnProgress): Promise<ApopResult> {
    return this.#onOpen(request.model, ({ remote }, model) => remote.apop(job, { ...request, model }, shared(onProgress)));
  }

  derive(job: string, request: DeriveRequest): Promise<Uint8Array> {
    return this.#onOpen(request.model, ({ remote }, model) => remote.derive(job, { ...request, model }));
  }

  openLearner(job: string, { card, model }: LearnerSource, onProgress?: OnProgress): Promise<LearnerSummary> {
    const source = { card, model: absoluteSource(model) };
    const open = (life: Life, name: string, progress?: OnProgress) =>
      this.#in(life, life.remote.openLearner(name, source, shared(progress)));
    return this.#open(
      'learner',
      (life) => open(life, job, onProgress),
      (life, id) => open(life, `reopen ${id}`),
    );
  }

  closeLearner(learner: string): Promise<void> {
    return this.#close(learner, ({ remote }, id) => remote.closeLearner(id));
  }

  adapt(job: string, request: AdaptRequest, onProgress?: OnProgress, onStep?: OnInnerStep): Promise<AdaptResult> {
    return this.#onOpen(request.learner, ({ remote }, learner) =>
      remote.adapt(job, { ...request, learner }, shared(onProgress), shared(onStep)),
    );
  }

  embed(job: string, request: EmbedRequest): Promise<EmbedResult> {
    return this.#onOpen(request.learner, ({ remote }, learner) => remote.embed(job, { ...request, learner }));
  }

  predict(job: string, request: PredictRequest, onProgress?: OnProgress): Promise<PredictResult> {
    return this.#onOpen(request.learner, ({ remote }, learner) =>
      remote.predict(job, { ...request, learner }, shared(onProgress)),
    );
  }

  freeze(job: string, request: FreezeRequest): Promise<Uint8Array> {
    return this.#onOpen(request.learner, ({ remote }, learner) => remote.freeze(job, { ...request, learner }));
  }

  why(job: string, request: WhyRequest, onProgress?: OnProgress): Promise<WhyResult> {
    return this.#onOpen(request.learner, ({ remote }, learner) => remote.why(job, { ...request, learner }, shared(onProgress)));
  }

  evaluate(
    job: string,
    request: EvaluateRequest,
    load: LoadImages,
    onProgress?: OnProgress,
    onEpisode?: OnEpisode,
  ): Promise<EvaluateResult> {
    // A copy crosses to the worker, never the page's own buffer: it will be asked for the image again.
    const answer = (...which: Parameters<LoadImages>) => outcomeOf(() => load(...which));
    return this.#onOpen(request.learner, ({ remote }, learner) =>
      remote.evaluate(job, { ...request, learner }, proxy(answer), shared(onProgress), shared(onEpisode)),
    );
  }

  async cancel(job: string): Promise<void> {
    if (this.#life !== null) await this.#call(({ remote }) => remote.cancel(job));
  }

  #alive(): Life {
    if (this.#life !== null) return this.#life;
    const worker = this.#makeWorker();
    let reject: (error: HeliographError) => void = () => undefined;
    const death = new Promise<never>((_, refuse) => {
      reject = refuse;
    });
    // Nobody need be waiting when the worker dies.
    death.catch(() => undefined);
    const life: Life = {
      worker,
      remote: wrap<RemoteEngine>(worker),
      death,
      end: (error) => {
        if (this.#life === life) this.#life = null;
        worker.terminate();
        reject(error);
      },
    };
    worker.addEventListener('error', (event) => life.end(crashed(event.message)));
    worker.addEventListener('messageerror', () => life.end(crashed('')));
    this.#life = life;
    // What the user chose holds for the next life too; a failure shows in the first call that needs the device.
    if (this.#choice !== 'auto') void life.remote.setBackend(this.#choice);
    return life;
  }

  #call<R>(invoke: (life: Life) => Promise<Outcome<R>>): Promise<R> {
    const life = this.#alive();
    return this.#in(life, invoke(life));
  }

  async #in<R>(life: Life, answer: Promise<Outcome<R>>): Promise<R> {
    const outcome = await until(life.death, answer);
    if (outcome.ok) return outcome.value;
    const error = fromMessage(outcome.error);
    // The heap of a wasm runtime never shrinks: only a fresh worker has memory again.
    if (error.code === 'out-of-memory') life.end(error);
    throw error;
  }

  /** Opens something in the living worker and remembers how to open it again. */
  async #open<S extends { readonly id: string }>(
    kind: 'model' | 'learner',
    open: (life: Life) => Promise<S>,
    again: (life: Life, id: string) => Promise<S>,
  ): Promise<S> {
    const life = this.#alive();
    const summary = await open(life);
    this.#opened += 1;
    const id = `${kind} ${this.#opened}`;
    const reopen = async (next: Life) => (await again(next, id)).id;
    this.#recipes.set(id, { reopen, opened: { life, id: Promise.resolve(summary.id) } });
    return { ...summary, id };
  }

  async #close(id: string, close: (life: Life, inner: string) => Promise<Outcome<void>>): Promise<void> {
    const recipe = this.#recipes.get(id);
    this.#recipes.delete(id);
    if (recipe === undefined || recipe.opened.life !== this.#life) return;
    const inner = await recipe.opened.id;
    await this.#call((life) => close(life, inner));
  }

  async #onOpen<R>(id: string, invoke: (life: Life, inner: string) => Promise<Outcome<R>>): Promise<R> {
    const recipe = this.#recipes.get(id);
    if (recipe === undefined) {
      throw new HeliographError('bad-document', `This ${id.replace(/ .*/, '')} is not open any more.`, 'Open it again.');
    }
    const life = this.#alive();
    if (recipe.opened.life !== life) recipe.opened = { life, id: recipe.reopen(life) };
    return this.#in(life, invoke(life, await recipe.opened.id));
  }
}

/** The worker's script lies elsewhere than the page, so a relative address means another file there. */
function absoluteSource(source: ModelSource): ModelSource {
  return source.kind === 'url' ? { ...source, url: new URL(source.url, globalThis.document?.baseURI).href } : source;
}

/** A callback the worker can call. */
function shared<F extends OnProgress | OnPartial | OnInnerStep | OnEpisode>(callback: F | undefined) {
  return callback === undefined ? undefined : proxy(callback);
}

function crashed(reason: string): HeliographError {
  return new HeliographError(
    'out-of-memory',
    `The computation stopped, most often because memory ran out${reason === '' ? '' : ` (${reason})`}. It was started afresh.`,
    'Run it again; if it stops again, use a smaller model or input size.',
  );
}
