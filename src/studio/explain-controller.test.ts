import { describe, expect, test, vi } from 'vitest';
import { HeliographError } from '../graph/errors.ts';
import { preprocess } from '../runtime/preprocess.ts';
import type { Library, ModelCard, Photograph } from './assets.ts';
import { createExplainController } from './explain-controller.ts';
import type { Pictures } from './picture-client.ts';
import { DEFAULTS, type Settings } from './state.ts';
import { createSettings } from './store.ts';
import { HandEngine, resultOf, SUMMARY } from './testing.ts';
import { mapOnScreen } from './view.ts';

const PIXELS = { width: 8, height: 8, channels: 4 as const, data: new Uint8ClampedArray(256).fill(128) };

const fitPicture: Pictures['fit'] = async (...args) => ({ ...preprocess(...args), seen: null });

const photograph = (id: string): Photograph => ({
  id,
  file: `${id}.jpg`,
  title: id,
  alt: '',
  attribution: '',
  source: '',
  licence: '',
});

const CARD = {
  title: 'Small',
  bytes: 1,
  input: { ...SUMMARY.preprocessing, scale: '0-1', resize: { short: 8 } },
} as unknown as ModelCard;

const library: Library = {
  card: async () => ({ card: CARD, url: 'model.onnx', labels: ['a', 'b', 'c'] }),
  gallery: async () => [photograph('cat'), photograph('dog')],
  photographUrl: ({ file }) => file,
  firstLook: () => Promise.reject(new Error('none')),
};

async function setUp(settings: Partial<Settings> = {}) {
  const engine = new HandEngine();
  const store = createSettings({ ...DEFAULTS, ...settings });
  const controller = createExplainController({
    engine,
    settings: store,
    library,
    loadPixels: async () => PIXELS,
    fitPicture,
    clock: () => 0,
  });
  controller.start();
  await vi.waitFor(() => expect(engine.explains).toHaveLength(1));
  const status = () => controller.status.getState();
  const waiting = (index: number) => {
    const entry = engine.explains[index];
    if (!entry) throw new RangeError(`No explanation ${index}.`);
    return entry;
  };
  const asked = (count: number) => vi.waitFor(() => expect(engine.explains).toHaveLength(count));
  return { engine, store, controller, status, waiting, asked };
}

describe('the controller', () => {
  test('opens, classifies and explains the first choice without being asked', async () => {
    const { status, waiting } = await setUp();
    expect(waiting(0).request).toMatchObject({ method: 'srd', target: { plus: 1 }, options: { strip: ['early', 'late'] } });
    expect(status().verdict?.ranked).toEqual([1, 2, 0]);
    waiting(0).answer(resultOf(1));
    await vi.waitFor(() => expect(status().shown).not.toBeNull());
    expect(status().shown?.explained).toMatchObject({ method: 'SRD', target: 'b' });
    expect(status().lastRun).toBe(7);
    expect(status().activities).toEqual({});
  });

  test('drops a result that nobody waits for any more, and cancels its job', async () => {
    const { engine, store, status, waiting, asked } = await setUp({ stripOpen: false });
    store.set({ method: 'gradient' });
    await asked(2);
    expect(engine.cancelled).toContain(waiting(0).job);
    waiting(0).answer(resultOf(1));
    waiting(1).answer(resultOf(2));
    await vi.waitFor(() => expect(status().shown?.explained.method).toBe('Gradient'));
    expect(status().shown?.result.map.values[0]).toBe(2);
    expect(status().results.size).toBe(1);
  });

  test('keeps the last map on screen while the next is computed, and says it is not current', async () => {
    const { store, status, waiting, asked } = await setUp();
    waiting(0).answer(resultOf(1));
    await vi.waitFor(() => expect(status().shown).not.toBeNull());
    store.set({ method: 'gradient' });
    await asked(2);
    const onScreen = mapOnScreen(status(), store.get());
    expect(onScreen).toMatchObject({ current: false, explained: { method: 'SRD' } });
  });

  test('never shows a map over another picture', async () => {
    const { store, status, waiting, asked } = await setUp();
    waiting(0).answer(resultOf(1));
    await vi.waitFor(() => expect(status().shown).not.toBeNull());
    store.set({ image: 'dog' });
    await asked(2);
    expect(mapOnScreen(status(), store.get())).toBeNull();
  });

  test('shows sums so far', async () => {
    const { store, status, waiting } = await setUp({ method: 'rise', stripOpen: false });
    waiting(0).partial?.({ height: 1, width: 1, values: Float32Array.of(5) }, 2, 4);
    expect(mapOnScreen(status(), store.get())).toMatchObject({ current: false, map: { height: 1 } });
    waiting(0).answer(resultOf(1));
    await vi.waitFor(() => expect(status().partial).toBeNull());
  });

  test('going back costs no run', async () => {
    const { engine, store, status, waiting, asked } = await setUp({ stripOpen: false });
    waiting(0).answer(resultOf(1));
    await vi.waitFor(() => expect(status().shown).not.toBeNull());
    store.set({ method: 'gradient' });
    await asked(2);
    waiting(1).answer(resultOf(2));
    await vi.waitFor(() => expect(status().shown?.explained.method).toBe('Gradient'));
    store.undo();
    expect(status().shown?.explained.method).toBe('SRD');
    expect(engine.explains).toHaveLength(2);
  });

  test('stops on request, loses nothing, and goes on when asked', async () => {
    const { engine, controller, status, waiting, asked } = await setUp();
    controller.cancel();
    expect(engine.cancelled).toContain(waiting(0).job);
    expect([...status().failures.values()].every(({ code }) => code === 'cancelled')).toBe(true);
    expect(status().activities).toEqual({});
    expect(status().verdict).not.toBeNull();
    controller.retry();
    await asked(2);
    expect(status().failures.size).toBe(0);
  });

  test('says why a map failed and does not try again by itself', async () => {
    const { engine, store, status, waiting } = await setUp({ stripOpen: false });
    waiting(0).fail(new HeliographError('runtime-failed', 'It broke.', 'Mend it.'));
    await vi.waitFor(() => expect(status().failures.size).toBe(1));
    store.set({ opacity: 0.1 });
    expect(engine.explains).toHaveLength(1);
  });

  test('goes on with wasm when the graphics device is lost', async () => {
    const { engine, store, status, waiting, asked } = await setUp();
    waiting(0).fail(new HeliographError('device-lost', 'The device was lost.'));
    await asked(2);
    expect(engine.backends).toEqual(['wasm']);
    expect(store.get().device).toBe('wasm');
    expect(status().problems.device?.message).toContain('lost');
  });

  test('points at the longest feature vector until a position is chosen', async () => {
    const { store, waiting, asked } = await setUp({ method: 'erf' });
    expect(waiting(0).request.method).toBe('srd');
    const norms = [{ tensor: 'late', height: 2, width: 2, values: Float32Array.of(0, 1, 7, 2) }];
    waiting(0).answer({ ...resultOf(1), norms });
    await asked(2);
    expect(waiting(1).request).toMatchObject({ method: 'erf', options: { layer: 'late' }, at: [1, 0] });
    store.set({ at: [0, 1] });
    await asked(3);
    expect(waiting(2).request.at).toEqual([0, 1]);
  });

  test('fills the compare grid cell by cell', async () => {
    const { status, waiting, asked } = await setUp({
      view: 'compare',
      compareMethods: ['gradient', 'rise'],
      compareClasses: [0, 2],
      stripOpen: false,
    });
    for (let cell = 0; cell < 4; cell += 1) {
      await asked(cell + 1);
      waiting(cell).answer(resultOf(cell));
    }
    await vi.waitFor(() => expect(status().results.size).toBe(4));
    const order = [0, 1, 2, 3].map((cell) => [waiting(cell).request.method, waiting(cell).request.target?.plus]);
    expect(order).toEqual([
      ['gradient', 0],
      ['gradient', 2],
      ['rise', 0],
      ['rise', 2],
    ]);
  });
});

describe('own models', () => {
  const source = { kind: 'files', name: 'mine', model: new Uint8Array(1), external: {} } as const;

  test('replace the bundled one and forget what belonged to it', async () => {
    const { engine, store, controller, status } = await setUp({ plus: 2, layer: 'early' });
    engine.open = () => ({ ...SUMMARY, id: 'm2', name: 'mine' });
    expect(await controller.openOwnModel(source)).toBe(true);
    expect(status().model).toMatchObject({ own: true, summary: { name: 'mine' } });
    expect(store.get()).toMatchObject({ model: null, plus: null, layer: null });
  });

  test('that cannot be read leave the present one in place', async () => {
    const { engine, controller, status } = await setUp();
    engine.open = () => {
      throw new HeliographError('not-onnx', 'This is text.', 'Choose an .onnx file.');
    };
    expect(await controller.openOwnModel(source)).toBe(false);
    expect(status().model?.own).toBe(false);
    expect(status().problems.model?.code).toBe('not-onnx');
  });
});

test('a picture the gallery has not is named', async () => {
  const engine = new HandEngine();
  const store = createSettings({ ...DEFAULTS, image: 'unicorn' });
  const controller = createExplainController({ engine, settings: store, library, loadPixels: async () => PIXELS, fitPicture });
  controller.start();
  await vi.waitFor(() => expect(controller.status.getState().problems.image?.message).toContain('unicorn'));
});
