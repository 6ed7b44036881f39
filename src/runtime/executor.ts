/** Runs graphs on the chosen device: sessions made on demand, one operation at a time, a lost GPU replaced by wasm. */
import type { Feeds, Program } from '../explain/explainer.ts';
import { HeliographError } from '../graph/errors.ts';
import type { StaticGraph } from '../graph/graph.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { writeModel } from '../graph/write.ts';
import { type Device, openDevice, wasmDevice } from './device.ts';
import { asHeliographError } from './failures.ts';
import { availableThreads, type OrtTensor, type Session } from './ort.ts';
import type { Backend, DeviceInfo, OnProgress } from './protocol.ts';
import { OperationQueue } from './queue.ts';
import { SessionCache } from './sessions.ts';
import { until } from './until.ts';
import { withSafeChannels } from './webgpu-channels.ts';

/** One call of the engine while it runs. */
export interface Job {
  /** Jobs of different names take turns on the device. */
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  /** Time spent in runs so far, waiting for other jobs excluded. */
  milliseconds: number;
}

/** A graph to run, with the program it belongs to where a driver needs it. */
export interface Compiled {
  readonly graph: StaticGraph;
  readonly program: Program | null;
}

export interface Loaded {
  readonly session: Session;
  readonly program: Program | null;
  /** Whether it has run: shaders compile in the first run, not at creation. */
  warm: boolean;
}

export type Outputs = Readonly<Record<string, FloatTensor>>;

export class Executor {
  readonly #queue = new OperationQueue();
  readonly #sessions = new SessionCache<Loaded>(({ session }) => this.#queue.run('sessions', () => session.release()));
  readonly #numbers = new WeakMap<Device, number>();
  #count = 0;
  #device: Promise<Device> | null = null;
  #choice: Backend | 'auto';
  readonly #openDevice: typeof openDevice;

  /** @param open finds a device; tests give one that gets lost */
  constructor(choice: Backend | 'auto', open = openDevice) {
    this.#choice = choice;
    this.#openDevice = open;
  }

  /** Number of sessions alive. */
  get sessions(): number {
    return this.#sessions.size;
  }

  device(): Promise<Device> {
    this.#device ??= this.#open(() => this.#openDevice(this.#choice));
    return this.#device;
  }

  /** Opens another device; the sessions of the one before are released. It stays where the new one cannot be had. */
  async setBackend(backend: Backend | 'auto'): Promise<DeviceInfo> {
    const device = await this.#open(() => this.#openDevice(backend));
    this.#choice = backend;
    this.#device = Promise.resolve(device);
    await this.#sessions.evict(() => true);
    return device.info;
  }

  /** Opening a device runs a self-test, so it waits its turn like every other operation. */
  #open(open: () => Promise<Device>): Promise<Device> {
    const opening = this.#queue.run('device', open);
    // A failure is not remembered: the next call tries again.
    opening.catch(() => {
      if (this.#device === opening) this.#device = null;
    });
    return opening;
  }

  /** Does work on the device. If the GPU goes away meanwhile, the work is done again, once, on wasm. */
  async onDevice<R>(work: (device: Device) => Promise<R>): Promise<R> {
    const device = await this.device();
    try {
      return await work(device);
    } catch (error) {
      if (!(error instanceof HeliographError) || error.code !== 'device-lost') throw error;
      return await work(await this.#substitute(device));
    }
  }

  /** wasm instead of a lost GPU, until the user chooses again: what lost it once is likely to lose it again. */
  async #substitute(lost: Device): Promise<Device> {
    const current = await this.device();
    // Another job may have met the same loss before this one.
    if (current !== lost) return current;
    this.#sessions.abandon();
    const why = `The GPU was lost (${lost.lossReason() ?? 'no reason given'}), so wasm took over.`;
    this.#device = this.#open(async () => wasmDevice(await availableThreads(), why));
    return this.#device;
  }

  /**
   * Calls `use` with the session of a derived graph, compiled where the cache does not have it.
   *
   * @param key names the graph; the same key must always stand for the same graph
   * @param bytes about how much memory its weights take
   */
  with<R>(
    device: Device,
    job: Job,
    key: string,
    bytes: number,
    compile: () => Compiled,
    use: (loaded: Loaded) => Promise<R>,
  ): Promise<R> {
    const create = async (): Promise<Loaded> => {
      job.onProgress({ phase: 'compile', done: 0, total: 1 });
      const { graph, program } = compile();
      const session = await this.#create(device, job, graph);
      job.onProgress({ phase: 'compile', done: 1, total: 1 });
      return { session, program, warm: device.info.backend === 'wasm' };
    };
    return this.#sessions.use(`${this.#numberOf(device)} ${key}`, bytes, create, use);
  }

  /** Releases the sessions whose key begins so. */
  evict(prefix: string): Promise<void> {
    return this.#sessions.evict((key) => key.slice(key.indexOf(' ') + 1).startsWith(prefix));
  }

  #numberOf(device: Device): number {
    let number = this.#numbers.get(device);
    if (number === undefined) {
      number = this.#count;
      this.#count += 1;
      this.#numbers.set(device, number);
    }
    return number;
  }

  #create(device: Device, job: Job, graph: StaticGraph): Promise<Session> {
    const bytes = writeModel(device.info.backend === 'webgpu' ? withSafeChannels(graph) : graph);
    return this.#guarded(device, job, 'preparing the graph', () =>
      device.runtime.InferenceSession.create(bytes, {
        executionProviders: device.providers,
        graphOptimizationLevel: 'all',
        // Left alone, the runtime replaces some of a quantised model's operators by integer kernels that round otherwise, and not the
        // same ones in every derived graph: the scores would differ from one explanation to the next.
        extra: { session: { disable_quant_qdq: '1' } },
        // The runtime's warnings about where nodes are placed are no news to anybody.
        logSeverityLevel: 3,
      }),
    );
  }

  /** Runs a graph once: float32 feeds in, float32 outputs out. */
  async run(device: Device, job: Job, loaded: Loaded, feeds: Feeds): Promise<Outputs> {
    const { Tensor } = device.runtime;
    const tensors: Record<string, OrtTensor> = {};
    for (const [name, { dims, data }] of Object.entries(feeds)) tensors[name] = new Tensor('float32', data, dims);
    if (!loaded.warm) job.onProgress({ phase: 'warm-up', done: 0, total: 1 });
    const outputs = await this.#guarded(device, job, 'running the model', async () => {
      const start = performance.now();
      const result = await loaded.session.run(tensors);
      job.milliseconds += performance.now() - start;
      return result;
    });
    if (!loaded.warm) job.onProgress({ phase: 'warm-up', done: 1, total: 1 });
    loaded.warm = true;
    const floats: Record<string, FloatTensor> = {};
    for (const [name, { dims, data }] of Object.entries(outputs)) {
      if (data instanceof Float32Array) floats[name] = { type: 'float32', dims, data };
    }
    return floats;
  }

  /** One operation of the runtime: in its turn, given up when the GPU goes away, its failure made readable. */
  #guarded<T>(device: Device, job: Job, doing: string, operation: () => Promise<T>): Promise<T> {
    return this.#queue.run(
      job.name,
      async () => {
        // A session of a lost device hangs the whole thread when it is touched (onnxruntime-web 1.30).
        if (device.lossReason() !== null) return device.lost;
        try {
          return await until(device.lost, operation());
        } catch (error) {
          throw asHeliographError(error, doing);
        }
      },
      job.signal,
    );
  }
}
