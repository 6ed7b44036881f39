import { expose } from 'comlink';
import { afterEach, describe, expect, it } from 'vitest';
import { mamlCard } from '../fewshot/conv4.ts';
import { HeliographError } from '../graph/errors.ts';
import { createEngine } from './client.ts';
import type { EvaluateRequest, LearnerSource, LearnerSummary, LoadImages } from './fewshot-protocol.ts';
import type { Classification, ModelSource, ModelSummary, OnProgress } from './protocol.ts';
import { buffersIn, type Outcome, type RemoteLoad, toMessage } from './remote.ts';

/** A worker without a thread: comlink's messages go through a channel, and tests decide when it dies. */
class FakeWorker extends EventTarget {
  readonly #near: MessagePort;
  readonly #far: MessagePort;
  readonly opened: string[] = [];
  terminated = false;

  constructor(classify: (model: string, onProgress?: OnProgress) => Promise<Outcome<Classification>>) {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#near = port1;
    this.#far = port2;
    port1.onmessage = ({ data, ports }) => this.dispatchEvent(new MessageEvent('message', { data, ports: [...ports] }));
    const remote = {
      openModel: async (_: string, source: ModelSource): Promise<Outcome<Pick<ModelSummary, 'id'>>> => {
        this.opened.push(source.name);
        return { ok: true, value: { id: `inner ${this.opened.length}` } };
      },
      classify: (_: string, model: string, __: Float32Array, onProgress?: OnProgress) => classify(model, onProgress),
      openLearner: async (_: string, { model }: LearnerSource): Promise<Outcome<Pick<LearnerSummary, 'id'>>> => {
        this.opened.push(model.name);
        return { ok: true, value: { id: `inner ${this.opened.length}` } };
      },
      /** Asks for images of class 2 and tells what it got. */
      evaluate: async (_: string, { learner }: EvaluateRequest, load: RemoteLoad) => {
        const images = await load(2, [0, 1]);
        return images.ok ? { ok: true, value: { learner, images: images.value } } : images;
      },
    };
    expose(remote, port2);
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.#near.postMessage(message, transfer);
  }

  terminate(): void {
    this.terminated = true;
    this.#near.close();
    this.#far.close();
  }

  die(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error'), { message }));
  }
}

const SOURCE: ModelSource = { kind: 'files', name: 'net', model: Uint8Array.of(1), external: {} };
const INPUT = Float32Array.of(1);
const answer = (logit: number): Outcome<Classification> => ({
  ok: true,
  value: { logits: Float32Array.of(logit), milliseconds: 1, backend: 'wasm' },
});

describe('the engine of a page', () => {
  const workers: FakeWorker[] = [];

  function engineOf(classify: ConstructorParameters<typeof FakeWorker>[0]) {
    return createEngine(() => {
      const worker = new FakeWorker(classify);
      workers.push(worker);
      return worker as unknown as Worker;
    });
  }

  afterEach(() => {
    for (const worker of workers.splice(0)) worker.terminate();
  });

  it('starts no worker before the first call', async () => {
    const engine = engineOf(async () => answer(1));
    expect(workers.length).toBe(0);
    await engine.openModel('open', SOURCE);
    expect(workers.length).toBe(1);
  });

  it('hands on results and progress', async () => {
    const engine = engineOf(async (_, onProgress) => {
      await onProgress?.({ phase: 'steps', done: 1, total: 2 });
      return answer(7);
    });
    const { id } = await engine.openModel('open', SOURCE);
    const seen: number[] = [];
    const { logits } = await engine.classify('job', id, INPUT, ({ done }) => seen.push(done));
    expect([...logits]).toEqual([7]);
    expect(seen).toEqual([1]);
  });

  it('turns a message back into the error it was', async () => {
    const error = toMessage(new HeliographError('shape-mismatch', 'what happened', 'what to do'));
    const engine = engineOf(async () => ({ ok: false, error }));
    const { id } = await engine.openModel('open', SOURCE);
    const failing = engine.classify('job', id, INPUT);
    await expect(failing).rejects.toBeInstanceOf(HeliographError);
    await expect(failing).rejects.toMatchObject({ code: 'shape-mismatch', message: 'what happened', remedy: 'what to do' });
    expect(workers[0]?.terminated).toBe(false);
  });

  it('rejects waiting calls when the worker dies, and opens the model again in a fresh one', async () => {
    const engine = engineOf(() => (workers.length === 1 ? new Promise(() => undefined) : Promise.resolve(answer(2))));
    const { id } = await engine.openModel('open', SOURCE);
    const waiting = [engine.classify('a', id, INPUT), engine.classify('b', id, INPUT)];
    workers[0]?.die('crash');
    for (const call of waiting) await expect(call).rejects.toMatchObject({ code: 'out-of-memory' });
    const { logits } = await engine.classify('c', id, INPUT);
    expect([...logits]).toEqual([2]);
    expect(workers.length).toBe(2);
    expect(workers[1]?.opened).toEqual(['net']);
  });

  it('leaves a worker whose memory ran out', async () => {
    const error = toMessage(new HeliographError('out-of-memory', 'Memory ran out.'));
    const engine = engineOf(async () => (workers.length === 1 ? { ok: false, error } : answer(3)));
    const { id } = await engine.openModel('open', SOURCE);
    await expect(engine.classify('a', id, INPUT)).rejects.toMatchObject({ code: 'out-of-memory' });
    expect(workers[0]?.terminated).toBe(true);
    await expect(engine.classify('b', id, INPUT)).resolves.toMatchObject({ backend: 'wasm' });
  });

  it('refuses a model it does not know', async () => {
    await expect(engineOf(async () => answer(1)).classify('a', 'model 9', INPUT)).rejects.toMatchObject({ code: 'bad-document' });
  });
});

describe('few-shot learners of a page', () => {
  const card = mamlCard({ channels: 1, side: 16, filters: 4, nodes: 6 });
  const request = { classes: [], options: { ways: 2, shots: 1, queries: 1, episodes: 1, seed: 1 } };

  /** Evaluates on the fake worker, which answers with the learner it was asked for and the images it was given. */
  async function evaluate(load: LoadImages, dies = false) {
    const workers: FakeWorker[] = [];
    const engine = createEngine(() => {
      const worker = new FakeWorker(async () => answer(1));
      workers.push(worker);
      return worker as unknown as Worker;
    });
    try {
      const { id } = await engine.openLearner('open', { card, model: SOURCE });
      if (dies) workers[0]?.die('crash');
      const result = await engine.evaluate('job', { ...request, learner: id }, load);
      return { id, workers: workers.length, result };
    } finally {
      for (const worker of workers) worker.terminate();
    }
  }

  it('give the worker copies of the images it asks for', async () => {
    const own = Float32Array.of(1, 2, 3);
    const asked: unknown[] = [];
    const { id, result } = await evaluate(async (...which) => {
      asked.push(which);
      return own;
    });
    expect(id).toBe('learner 1');
    expect(asked).toEqual([[2, [0, 1]]]);
    expect(result).toEqual({ learner: 'inner 1', images: own });
    expect(own.length).toBe(3);
  });

  it('keep the reason why an image could not be given', async () => {
    const load = () => Promise.reject(new HeliographError('bad-image', 'what is wrong', 'what to do'));
    await expect(evaluate(load)).rejects.toMatchObject({ code: 'bad-image', message: 'what is wrong', remedy: 'what to do' });
  });

  it('are opened again in a fresh worker', async () => {
    const { workers, result } = await evaluate(async () => Float32Array.of(1), true);
    expect(workers).toBe(2);
    expect(result).toMatchObject({ learner: 'inner 1' });
  });
});

describe('buffersIn', () => {
  it('finds every buffer once', () => {
    const shared = new Float32Array(4);
    const value = { a: shared, b: [{ c: shared.subarray(1) }, Float32Array.of(1)], d: null, e: 'text' };
    expect(buffersIn(value).size).toBe(2);
  });
});
