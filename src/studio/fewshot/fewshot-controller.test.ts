import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { relativeError } from '../../../test/relative-error.ts';
import { parseLearnerCard } from '../../fewshot/learner-card.ts';
import { LocalEngine } from '../../runtime/engine.ts';
import { readNpy } from '../../runtime/npy.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import { DEFAULTS, type Settings } from '../state.ts';
import { createSettings } from '../store.ts';
import { addClass, addExamples, removeClass } from './edit-episode.ts';
import type { FewShotSurroundings } from './fewshot-bench.ts';
import { createFewShot } from './fewshot-controller.ts';
import { episodeOf } from './fewshot-plan.ts';
import type { StudioPool } from './pool.ts';

const bytes = (path: string) => new Uint8Array(readFileSync(new URL(`../../../goldens/${path}`, import.meta.url)));
const json = (path: string) => JSON.parse(new TextDecoder().decode(bytes(path)));
const NAMES = ['fewshot-maml', 'fewshot-protonet'];
/** Adapted and predicted by PyTorch in double precision (training/fewshot/golden.py). */
const golden = json('fewshot-maml/golden.json') as { steps: { loss: number }[]; nodes: number };
const cards = NAMES.map((name) => parseLearnerCard(json(`${name}/card.json`), name));
const support = readNpy(bytes('fewshot-maml/support.npy')).data;
const query = readNpy(bytes('fewshot-maml/query.npy')).data;
const scores = readNpy(bytes('fewshot-maml/scores.npy')).data;

const SIDE = 28;
const SIZE = SIDE * SIDE;
/** With this seed the nodes stand in the golden's order. */
const GOLDEN_SHUFFLE = 4;
const GOLDEN: Partial<Settings> = {
  workspace: 'few-shot',
  learner: 'fewshot-maml',
  pool: 'golden',
  ways: 3,
  shots: 2,
  queries: 3,
  shuffle: GOLDEN_SHUFFLE,
};

/** A picture that stands for one of the golden's inputs. */
function picture(input: Float32Array): Pixels {
  const pixels = { width: SIDE, height: SIDE, channels: 3 as const, data: new Uint8Array(3 * SIZE) };
  inputs.set(pixels, input);
  return pixels;
}
const inputs = new WeakMap<Pixels, Float32Array>();

/** Three classes whose first episode is the golden's. */
function goldenPool(): StudioPool {
  const pool = {
    id: 'golden',
    title: 'Golden',
    domain: 'drawings' as const,
    classes: ['a', 'b', 'c'].map((name) => ({ name, size: 5 })),
    note: '',
  };
  const shape = { ways: 3, shots: 2, queries: 3, episode: 1 };
  const pictures = new Map<string, Pixels>();
  const { classes, support: given, query: asked } = episodeOf({ ...pool, picture: async () => picture(support) }, shape);
  classes.forEach((index, way) => {
    given[way]?.forEach((image, place) => {
      const at = way * 2 + place;
      pictures.set(`${index}/${image}`, picture(support.slice(at * SIZE, (at + 1) * SIZE)));
    });
    asked[way]?.forEach((image, place) => {
      const at = way * 3 + place;
      pictures.set(`${index}/${image}`, picture(query.slice(at * SIZE, (at + 1) * SIZE)));
    });
  });
  return { ...pool, picture: async (index, image) => pictures.get(`${index}/${image}`) ?? picture(support.slice(0, SIZE)) };
}

/** A workspace on the real engine, where pictures are data addresses by number. */
function setUp(settings: Partial<Settings> = {}) {
  const store = createSettings({ ...DEFAULTS, ...GOLDEN, ...settings });
  const engine = new LocalEngine('wasm');
  const stored: Pixels[] = [];
  const around: FewShotSurroundings = {
    engine: Object.assign(engine, {
      openLearner: (job: string, { card }: { card: (typeof cards)[number] }) =>
        LocalEngine.prototype.openLearner.call(engine, job, {
          card,
          model: { kind: 'files', name: card.name, model: bytes(`${card.name}/model.onnx`), external: {} },
        }),
    }),
    learners: { cards: async () => cards, model: ({ name }) => name },
    pool: vi.fn(async () => goldenPool()),
    folders: () => goldenPool(),
    read: async () => picture(support.slice(0, SIZE)),
    prepare: async (pictures) => {
      const batch = new Float32Array(pictures.length * SIZE);
      pictures.forEach((pixels, index) => {
        batch.set(inputs.get(pixels) ?? [], index * SIZE);
      });
      return batch;
    },
    encode: async (pixels) => `data:image/png;base64,${btoa(String(stored.push(pixels) - 1))}`,
    decode: async (address) => stored[Number(atob(address.split(',')[1] ?? ''))] ?? picture(support.slice(0, SIZE)),
    clock: () => performance.now(),
  };
  const adapt = vi.spyOn(engine, 'adapt');
  const predict = vi.spyOn(engine, 'predict');
  const fewshot = createFewShot(store, around);
  fewshot.start();
  const now = () => fewshot.status.getState();
  return { store, fewshot, around, adapt, predict, now };
}

describe('the few-shot workspace', () => {
  test('adapts and answers as PyTorch does', async () => {
    const { now } = setUp();
    await vi.waitFor(() => expect(now().states).toHaveLength(4), 20_000);
    const { states } = now();
    states.slice(0, 3).forEach(({ loss }, step) => {
      expect(loss).toBeCloseTo(golden.steps[step]?.loss ?? Number.NaN, 4);
    });
    expect(relativeError(states[3]?.queries?.scores ?? [], scores)).toBeLessThan(1e-3);
    // The first query is asked about, and its answer is the golden's first row.
    await vi.waitFor(() => expect(now().answer?.actual).toBe(0));
    expect(relativeError(now().answer?.prediction.scores ?? [], scores.slice(0, 3))).toBeLessThan(1e-3);
  });

  test('says why by relevance that adds up to the score of the predicted class', async () => {
    const { now, store } = setUp();
    await vi.waitFor(() => expect(now().why?.kind).toBe('srd'), 20_000);
    const why = now().why;
    if (why?.kind !== 'srd') throw new Error('unreachable');
    const sum = why.map.values.reduce((total, value) => total + value, 0);
    expect(sum).toBeCloseTo(why.score, 3);
    store.set({ reason: 'nearest' });
    await vi.waitFor(() => expect(now().why?.kind).toBe('nearest'));
  });

  test('says why for the class that is asked about, which follows its name through changes of the episode', async () => {
    const { now, store, fewshot } = setUp();
    const explained = () => {
      const { why, answer } = now();
      return why?.kind === 'srd' ? { way: why.way, score: why.score, its: answer?.prediction.scores[why.way] } : null;
    };
    await vi.waitFor(() => expect(now().why?.kind).toBe('srd'), 20_000);
    const others = [0, 1, 2].filter((way) => way !== explained()?.way);
    for (const way of others) {
      store.set({ forClass: way });
      await vi.waitFor(() => expect(explained()?.way).toBe(way), 20_000);
      const { score, its } = explained() ?? {};
      // A score of the adapted MAML is its assignments' sum, the map's their mean.
      expect(score).toBeCloseTo((its ?? Number.NaN) / 2, 3);
    }
    store.set({ forClass: 2 });
    await fewshot.edit((episode) => removeClass(episode, 0));
    expect(store.get().forClass).toBe(1);
    await fewshot.edit((episode) => removeClass(episode, 1));
    expect(store.get().forClass).toBeNull();
    store.undo();
    expect(store.get().forClass).toBe(1);
  });

  test('goes back and forth between steps without taking them again', async () => {
    const { now, store, adapt } = setUp();
    await vi.waitFor(() => expect(now().states).toHaveLength(4), 20_000);
    await vi.waitFor(() => expect(now().activities).toEqual({}), 20_000);
    const taken = adapt.mock.calls.length;
    const last = now().answer?.prediction.scores;
    store.set({ innerSteps: 0 });
    await vi.waitFor(() => expect(now().answer?.prediction.scores).not.toEqual(last));
    store.set({ innerSteps: null });
    await vi.waitFor(() => expect(now().answer?.prediction.scores).toEqual(last));
    expect(adapt.mock.calls.length).toBe(taken);
    store.set({ innerSteps: 4 });
    await vi.waitFor(() => expect(now().states).toHaveLength(5));
    expect(adapt.mock.calls.length).toBe(taken + 1);
  });

  test('counts which predictions hold when the nodes are shuffled', async () => {
    const { now, store } = setUp();
    await vi.waitFor(() => expect(now().states).toHaveLength(4), 20_000);
    const before = now().states[3]?.queries;
    store.set({ shuffle: 5 });
    await vi.waitFor(() => expect(now().held).not.toBeNull(), 20_000);
    const after = now().states[3]?.queries;
    const best = (values: Float32Array | undefined, row: number) => {
      const own = [...(values ?? []).slice(row * 3, row * 3 + 3)];
      return own.indexOf(Math.max(...own));
    };
    const same = [...Array(9).keys()].filter((row) => best(before?.scores, row) === best(after?.scores, row)).length;
    expect(now().held).toEqual({ same, of: 9 });
  });

  test('refuses more classes than nodes, offers another learner, and goes on with that', async () => {
    const classes = Array.from({ length: 9 }, (_, index) => ({
      name: `class ${index}`,
      examples: [{ image: `data:image/png;base64,${btoa('0')}`, origin: 'drawn' as const }],
    }));
    const { now, store } = setUp({ pool: null, query: null, ownEpisode: { classes } });
    await vi.waitFor(() => expect(now().problems.adapt).toBeDefined(), 20_000);
    expect(now().problems.adapt?.message).toContain('8 output nodes, too few for 9 classes');
    expect(now().problems.adapt?.remedy).toContain('ProtoNet');
    expect(store.get().ownEpisode?.classes).toHaveLength(9);
    store.set({ learner: 'fewshot-protonet' });
    await vi.waitFor(() => expect(now().states).toHaveLength(1), 20_000);
    expect(now().problems.adapt).toBeUndefined();
  });

  test('waits quietly for an episode in the making', async () => {
    const { now, fewshot, store } = setUp({ pool: null, query: null });
    await fewshot.edit((episode) => addClass(episode));
    await vi.waitFor(() => expect(now().board?.classes).toHaveLength(1));
    const example = { image: `data:image/png;base64,${btoa('0')}`, origin: 'drawn' as const };
    await fewshot.edit((episode) => addExamples(addClass(episode), 0, [example]));
    await vi.waitFor(() => expect(now().board?.classes[0]?.examples).toHaveLength(1));
    expect(now().states).toEqual([]);
    expect(now().problems).toEqual({});
    await fewshot.edit((episode) => addExamples(episode, 1, [example]));
    await vi.waitFor(() => expect(now().states.length).toBeGreaterThan(0), 20_000);
    store.undo();
    await vi.waitFor(() => expect(now().states).toEqual([]));
  });

  test('makes a drawn episode the reader’s own when it is changed, and undo draws it again', async () => {
    const { now, fewshot, store } = setUp();
    await vi.waitFor(() => expect(now().board).not.toBeNull());
    await fewshot.edit((episode) => addClass(episode, 'Another'));
    expect(store.get().pool).toBeNull();
    await vi.waitFor(() => expect(now().board?.own).toBe(true));
    expect(now().board?.classes.map(({ name, examples }) => [name, examples.length])).toContainEqual(['Another', 0]);
    expect(now().board?.classes).toHaveLength(4);
    store.undo();
    await vi.waitFor(() => expect(now().board?.own).toBe(false));
  });

  test('keeps what was computed when it is stopped, and goes on from there', async () => {
    const { now, fewshot, adapt, store } = setUp({ innerSteps: 20 });
    await vi.waitFor(() => expect(now().states.length).toBeGreaterThan(2), 20_000);
    fewshot.cancel();
    const { length } = now().states;
    expect(length).toBeLessThan(21);
    expect(now().problems.adapt?.code).toBe('cancelled');
    const taken = adapt.mock.calls.length;
    store.set({ innerSteps: length });
    fewshot.retry();
    await vi.waitFor(() => expect(now().states).toHaveLength(length + 1), 20_000);
    // The step that was stopped in its course is the only one taken twice.
    expect(adapt.mock.calls.length).toBeLessThanOrEqual(taken + 1);
  });

  test('compares learners, and says of one that cannot serve the episode why', async () => {
    const { now } = setUp({ ...GOLDEN, fewView: 'compare', compared: ['fewshot-protonet', 'unheard-of'] });
    await vi.waitFor(
      () => expect(now().comparison.map(({ name, state }) => [name, state])).toEqual(NAMES.map((name) => [name, 'done'])),
      20_000,
    );
    const [maml, protonet] = now().comparison;
    expect(maml?.probabilities).toHaveLength(3);
    expect(protonet?.queryAccuracy).toBeGreaterThanOrEqual(0);
  });

  test('times compared learners by how long their networks ran, not by what they waited for', async () => {
    const { now, adapt, predict } = setUp({ ...GOLDEN, fewView: 'compare', compared: ['fewshot-protonet'] });
    adapt.mockImplementation(async function (this: LocalEngine, ...request) {
      return { ...(await LocalEngine.prototype.adapt.apply(this, request)), milliseconds: 1000 };
    });
    predict.mockImplementation(async function (this: LocalEngine, ...request) {
      return { ...(await LocalEngine.prototype.predict.apply(this, request)), milliseconds: 10 };
    });
    // All inner steps at once, then the examples and the queries.
    await vi.waitFor(() => expect(now().comparison.map(({ milliseconds }) => milliseconds)).toEqual([1020, 1020]), 20_000);
    // They end where the steps one by one do.
    expect(now().comparison[0]?.queryAccuracy).toBe(now().states[3]?.queryAccuracy);
  });

  test('compares once the chosen learner has learned, so that none is timed on a runtime that has just begun', async () => {
    const { now, fewshot } = setUp({ ...GOLDEN, fewView: 'compare', compared: ['fewshot-protonet'] });
    const learned: number[] = [];
    fewshot.status.subscribe(({ comparison, states }) => {
      if (comparison.some(({ state }) => state === 'running')) learned.push(states.length);
    });
    await vi.waitFor(() => expect(now().comparison.map(({ state }) => state)).toEqual(['done', 'done']), 20_000);
    expect(learned[0]).toBe(4);
  });

  test('evaluates as a link asks, and keeps the episodes when it is stopped', async () => {
    const { now, fewshot, store } = setUp({
      fewView: 'evaluate',
      evaluating: true,
      evalEpisodes: 2000,
      evalQueries: 2,
      learner: 'fewshot-protonet',
    });
    await vi.waitFor(() => expect(now().evaluation?.done).toBeGreaterThan(3), 20_000);
    fewshot.cancel();
    const stopped = now().evaluation;
    expect(stopped?.state).toBe('stopped');
    expect(stopped?.accuracies).toHaveLength(stopped?.done ?? -1);
    store.set({ evalEpisodes: 3 });
    fewshot.evaluate();
    await vi.waitFor(() => expect(now().evaluation?.state).toBe('done'), 20_000);
    expect(now().evaluation?.accuracies).toHaveLength(3);
    expect(now().evaluation?.interval?.mean).toBeCloseTo(
      (now().evaluation?.accuracies ?? []).reduce((sum, value) => sum + value, 0) / 3,
      12,
    );
  });

  test('writes an episode that opens as it was', async () => {
    const { now, fewshot, store } = setUp();
    await vi.waitFor(() => expect(now().answer).not.toBeNull(), 20_000);
    const file = await fewshot.episodeFile();
    const names = now().board?.classes.map(({ name }) => name);
    store.set({ pool: null, ownEpisode: null });
    await fewshot.openEpisode(file ?? '');
    await vi.waitFor(() => expect(now().board?.classes.map(({ name }) => name)).toEqual(names));
    expect(store.get().shuffle).toBe(GOLDEN_SHUFFLE);
    await fewshot.openEpisode('{');
    expect(now().problems.file?.message).toContain('not JSON');
    expect(now().board?.classes.map(({ name }) => name)).toEqual(names);
  });
});
