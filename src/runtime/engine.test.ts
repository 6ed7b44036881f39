import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { GraphBuilder } from '../graph/builder.ts';
import { ints } from '../graph/graph.ts';
import { readModel } from '../graph/read.ts';
import { float32 } from '../graph/tensor.ts';
import { writeModel } from '../graph/write.ts';
import { LocalEngine } from './engine.ts';
import { readNpy } from './npy.ts';
import type { ExplainRequest, MapData, ModelSource, Progress } from './protocol.ts';

const golden = (file: string) => new Uint8Array(readFileSync(new URL(`../../goldens/basic/${file}`, import.meta.url)));
const source: ModelSource = { kind: 'files', name: 'basic', model: golden('model.onnx'), external: {} };
const input = readNpy(golden('x.npy')).data;
const expected = readNpy(golden('logits.npy')).data;

/** A linear classifier of two classes on a 2×2 picture, with the given weight in one place. */
function tinyModel(weight: number): Uint8Array {
  const builder = new GraphBuilder({
    name: 'tiny',
    opsets: new Map([['', 18]]),
    inputs: [],
    outputs: [],
    nodes: [],
    initializers: new Map(),
    values: new Map(),
    metadata: new Map([['names', "{0: 'dark', 1: 'bright'}"]]),
    types: new Map(),
  });
  const image = builder.input('image', 'float32', [1, 1, 2, 2]);
  const kernel = builder.add(float32([2, 1, 2, 2], [-1, -1, -1, -1, 1, 1, 1, weight]));
  const convolved = builder.emit('Conv', [image, kernel], { kernel_shape: ints([2, 2]) });
  return writeModel(builder.finish([{ value: builder.reshape(convolved, [1, 2]), name: 'scores' }]));
}

describe('LocalEngine on wasm', () => {
  const engine = new LocalEngine('wasm');
  const opened = engine.openModel('open', source);
  const request = async (part: Partial<ExplainRequest> = {}): Promise<ExplainRequest> => ({
    model: (await opened).id,
    method: 'gradient',
    options: {},
    input,
    target: { plus: 0 },
    ...part,
  });

  afterAll(async () => engine.closeModel((await opened).id));

  it('says what it found in the model', async () => {
    const summary = await opened;
    expect(summary).toMatchObject({ inputName: 'image', inputShape: [1, 3, 40, 48], classes: 10, opset: 17 });
    expect(summary.methods.every(({ obstacle }) => obstacle === null)).toBe(true);
    expect(summary.layers.some(({ tensor, stage }) => tensor === 'blocks.1.relu' && stage)).toBe(true);
    expect(summary.operators.Conv).toBeGreaterThan(3);
  });

  it('classifies, and says where and in how many milliseconds', async () => {
    const result = await engine.classify('classify', (await opened).id, input);
    expected.forEach((value, index) => {
      expect(result.logits[index]).toBeCloseTo(value, 4);
    });
    expect(result.backend).toBe('wasm');
    expect(result.milliseconds).toBeGreaterThan(0);
  });

  it('runs two jobs at once without mixing them up', async () => {
    const [first, second, third] = await Promise.all([
      engine.explain('a', await request({ target: { plus: 0 } })),
      engine.explain('b', await request({ target: { plus: 1 } })),
      engine.explain('c', await request({ target: { plus: 0, minus: 1 } })),
    ]);
    expect(first.score).toBeCloseTo(expected[0] ?? 0, 4);
    expect(second.score).toBeCloseTo(expected[1] ?? 0, 4);
    third.map.values.forEach((value, index) => {
      expect(value).toBeCloseTo((first.map.values[index] ?? 0) - (second.map.values[index] ?? 0), 4);
    });
  });

  it('reports steps in order and shows sums on the way to the map', async () => {
    const progress: Progress[] = [];
    const partial: MapData[] = [];
    const result = await engine.explain(
      'rise',
      await request({ method: 'rise', options: { steps: 300 } }),
      (now) => progress.push(now),
      (map) => partial.push(map),
    );
    const steps = progress.filter(({ phase }) => phase === 'steps').map(({ done }) => done);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps.at(-1)).toBe(result.steps);
    expect(progress.some(({ phase }) => phase === 'compile')).toBe(true);
    for (const map of partial) expect(map.values.length).toBe(result.map.values.length);
  });

  it('stops between steps when cancelled, and works on', async () => {
    const job = engine.explain(
      'long',
      await request({ method: 'integrated-gradients', options: { steps: 5000 } }),
      ({ phase, done }) => {
        if (phase === 'steps' && done === 2) void engine.cancel('long');
      },
    );
    await expect(job).rejects.toMatchObject({ code: 'cancelled' });
    await expect(engine.classify('after', (await opened).id, input)).resolves.toMatchObject({ backend: 'wasm' });
  });

  it('measures completeness', async () => {
    const srd = await engine.explain('srd', await request({ method: 'srd', options: { start: 'identity' } }));
    expect(Math.abs(srd.completenessError ?? 1)).toBeLessThan(1e-3);
    const path = await engine.explain('ig', await request({ method: 'integrated-gradients', options: { steps: 20 } }));
    // Captum's convergence delta on the same model, image, baseline and rule (goldens/basic/golden.json).
    expect(path.completenessError).toBeCloseTo(0.037772, 4);
    expect((await engine.explain('gradient', await request())).completenessError).toBeNull();
  });

  it('bounds sessions and memory over 200 explanations', async () => {
    const layers = (await opened).layers.map(({ tensor }) => tensor);
    const explain = async (run: number) =>
      engine.explain('soak', await request({ method: 'grad-cam', options: { layer: layers[run % layers.length] ?? '' } }));
    for (let run = 0; run < 40; run += 1) await explain(run);
    const before = process.memoryUsage().arrayBuffers;
    for (let run = 0; run < 200; run += 1) await explain(run);
    expect(engine.sessions).toBeLessThanOrEqual(8);
    // The wasm heap is one of these buffers: it must not have grown by a model per explanation.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20);
  });

  it('makes curves whose ends are the image and nothing', async () => {
    const { map, logits } = await engine.explain('map', await request({ method: 'srd' }));
    const curves = await engine.curves('curves', { model: (await opened).id, input, target: { plus: 0 }, map, points: 8 });
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
    const whole = Math.exp(logits[0] ?? 0) / sum;
    expect(curves.insertion.at(-1)).toBeCloseTo(whole, 5);
    expect(curves.deletion[0]).toBeCloseTo(whole, 5);
  });

  it('derives a model with the target baked in that needs the image alone', async () => {
    const { model, method, options, target } = await request({ method: 'srd' });
    const bytes = await engine.derive('derive', { model, method, options, target });
    const graph = readModel(bytes);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['image']);
    expect(graph.initializers.get('target')?.data).toEqual(
      Float32Array.from({ length: 10 }, (_, index) => (index === 0 ? 1 : 0)),
    );
  });

  it.each([
    ['an input of the wrong length', { input: new Float32Array(7) }, 'bad-array'],
    ['an input that is not finite', { input: new Float32Array(input.length).fill(Number.NaN) }, 'bad-array'],
    ['a class that does not exist', { target: { plus: 10 } }, 'bad-array'],
    ['no class', { target: undefined }, 'bad-array'],
    ['a position outside the layer', { method: 'erf', options: { layer: 'blocks.1.relu' }, at: [9, 0] }, 'bad-array'],
    ['a layer that does not exist', { method: 'srd', options: { layer: 'nowhere' } }, 'unknown-tensor'],
    ['a model that is closed', { model: 'model 99' }, 'bad-document'],
  ] as const)('refuses %s', async (_, part, code) => {
    await expect(engine.explain('bad', await request(part))).rejects.toMatchObject({ code });
  });

  it('reads labels and works after a model with NaN weights was refused', async () => {
    const tiny = (weight: number): ModelSource => ({ kind: 'files', name: 'tiny', model: tinyModel(weight), external: {} });
    await expect(engine.openModel('nan', tiny(Number.NaN))).rejects.toMatchObject({ code: 'bad-weights' });
    const summary = await engine.openModel('tiny', tiny(3));
    expect(summary.labels).toEqual(['dark', 'bright']);
    const { logits } = await engine.classify('tiny', summary.id, Float32Array.of(1, 2, 3, 4));
    expect([...logits]).toEqual([-10, 18]);
  });
});
