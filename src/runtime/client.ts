/** The page's end of the engine: starts the worker on first need, and a fresh one where it dies. */
import { proxy, type Remote, wrap } from 'comlink';
import { HeliographError } from '../graph/errors.ts';
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
import { fromMessage, type Outcome, type RemoteEngine } from './remote.ts';
import { until } from './until.ts';

/** One life of the worker. */
interface Life {
  readonly worker: Worker;
  readonly remote: Remote<RemoteEngine>;
  /** Rejects when the worker dies, and with it every call that is waiting. */
  readonly death: Promise<never>;
  readonly end: (error: HeliographError) => void;
}

/** What it takes to open a model again in a fresh worker. */
interface Recipe {
  readonly source: ModelSource;
  readonly options: OpenOptions | undefined;
  /** The worker's handle for it, and in which life of the worker it holds. */
  opened: { readonly life: Life; readonly id: Promise<string> };
}

/** An engine in a worker. Cheap to create: worker and runtime are loaded by the first call. */
export function createEngine(makeWorker: () => Worker = startWorker): Engine {
  return new WorkerEngine(makeWorker);
}

function startWorker(): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'heliograph' });
}

class WorkerEngine implements Engine {
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

  async openModel(job: string, source: ModelSource, options?: OpenOptions, onProgress?: OnProgress): Promise<ModelSummary> {
    // The worker's script lies elsewhere than the page, so a relative address means another file there.
    const absolute = source.kind === 'url' ? { ...source, url: new URL(source.url, globalThis.document?.baseURI).href } : source;
    const life = this.#alive();
    const summary = await this.#in(life, life.remote.openModel(job, absolute, options, shared(onProgress)));
    this.#opened += 1;
    const id = `model ${this.#opened}`;
    this.#recipes.set(id, { source: absolute, options, opened: { life, id: Promise.resolve(summary.id) } });
    return { ...summary, id };
  }

  async closeModel(model: string): Promise<void> {
    const recipe = this.#recipes.get(model);
    this.#recipes.delete(model);
    if (recipe === undefined || recipe.opened.life !== this.#life) return;
    const id = await recipe.opened.id;
    await this.#call(({ remote }) => remote.closeModel(id));
  }

  classify(job: string, model: string, input: Float32Array, onProgress?: OnProgress): Promise<Classification> {
    return this.#onModel(model, ({ remote }, id) => remote.classify(job, id, input, shared(onProgress)));
  }

  explain(job: string, request: ExplainRequest, onProgress?: OnProgress, onPartial?: OnPartial): Promise<ExplainResult> {
    return this.#onModel(request.model, ({ remote }, model) =>
      remote.explain(job, { ...request, model }, shared(onProgress), shared(onPartial)),
    );
  }

  curves(job: string, request: CurvesRequest, onProgress?: OnProgress): Promise<Curves> {
    return this.#onModel(request.model, ({ remote }, model) => remote.curves(job, { ...request, model }, shared(onProgress)));
  }

  apop(job: string, request: ApopRequest, onProgress?: OnProgress): Promise<ApopResult> {
    return this.#onModel(request.model, ({ remote }, model) => remote.apop(job, { ...request, model }, shared(onProgress)));
  }

  derive(job: string, request: DeriveRequest): Promise<Uint8Array> {
    return this.#onModel(request.model, ({ remote }, model) => remote.derive(job, { ...request, model }));
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

  async #onModel<R>(model: string, invoke: (life: Life, id: string) => Promise<Outcome<R>>): Promise<R> {
    const recipe = this.#recipes.get(model);
    if (recipe === undefined) throw new HeliographError('bad-document', 'This model is not open any more.', 'Open it again.');
    const life = this.#alive();
    if (recipe.opened.life !== life) {
      const reopened = this.#in(life, life.remote.openModel(`reopen ${model}`, recipe.source, recipe.options));
      recipe.opened = { life, id: reopened.then((summary) => summary.id) };
    }
    return this.#in(life, invoke(life, await recipe.opened.id));
  }
}

/** A callback the worker can call. */
function shared<F extends OnProgress | OnPartial>(callback: F | undefined) {
  return callback === undefined ? undefined : proxy(callback);
}

function crashed(reason: string): HeliographError {
  return new HeliographError(
    'out-of-memory',
    `The computation stopped, most often because memory ran out${reason === '' ? '' : ` (${reason})`}. It was started afresh.`,
    'Run it again; if it stops again, use a smaller model or input size.',
  );
}
