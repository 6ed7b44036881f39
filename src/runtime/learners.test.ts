import { describe, expect, it } from 'vitest';
import { relativeError } from '../../test/relative-error.ts';
import { conv4, mamlCard, protoNetCard } from '../fewshot/conv4.ts';
import { softmaxRows } from '../fewshot/learner.ts';
import { writeModel } from '../graph/write.ts';
import { uniform } from '../random.ts';
import { LocalEngine } from './engine.ts';
import type { LearnerSource } from './fewshot-protocol.ts';
import type { Progress } from './protocol.ts';

const SHAPE = { channels: 1, side: 16, filters: 4, nodes: 6 } as const;
const PIXELS = 256;
const model = { kind: 'files', name: 'conv4', model: writeModel(conv4(SHAPE, 1)), external: {} } as const;
const maml: LearnerSource = { card: mamlCard(SHAPE), model };
const protoNet: LearnerSource = { card: protoNetCard(SHAPE), model };
const draw = uniform(2);
const images = (count: number) => Float32Array.from({ length: count * PIXELS }, () => draw());
const support = { images: images(6), labels: [0, 0, 1, 1, 2, 2], ways: 3 };
const classes = Array.from({ length: 4 }, (_, index) => ({ name: `${index}`, size: 6 }));
const options = { ways: 2, shots: 2, queries: 2, episodes: 5, seed: 1 };
const load = async (_: number, chosen: readonly number[]) => images(chosen.length);

describe('few-shot learners of the engine', () => {
  const engine = new LocalEngine('wasm');
  const opened = engine.openLearner('open', maml);

  it('say what they adapt', async () => {
    const { card, adaptedNumbers } = await opened;
    expect(card).toEqual(maml.card);
    // Four blocks of convolution, scale and shift; head of 4 features and 6 nodes.
    expect(adaptedNumbers).toBe(4 * 9 * (1 + 3 * 4) + 4 * 8 + 6 * 5);
    expect((await engine.openLearner('open', protoNet)).adaptedNumbers).toBe(0);
  });

  it('adapt with progress, and predict each image alike in another batch of the same statistics', async () => {
    const { id } = await opened;
    const progress: Progress[] = [];
    const losses: number[] = [];
    const request = { learner: id, support, options: {} };
    const { adapted, backend } = await engine.adapt(
      'adapt',
      request,
      (now) => progress.push(now),
      ({ loss }) => losses.push(loss),
    );
    expect(backend).toBe('wasm');
    expect(losses.length).toBe(3);
    expect(losses[2]).toBeLessThan(losses[0] ?? 0);
    const steps = progress.filter(({ phase }) => phase === 'steps');
    expect(steps.map(({ done, total }) => [done, total])).toEqual([1, 2, 3].map((done) => [done, 3]));

    const query = images(1);
    const alone = await engine.predict('predict', { learner: id, adapted, images: query, company: support.images });
    expect([alone.scores, alone.probabilities, alone.features, alone.logits].map((row) => row?.length)).toEqual([3, 3, 4, 6]);
    expect(alone.probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    const batch = Float32Array.from([...query, ...support.images]);
    const whole = await engine.predict('predict', { learner: id, adapted, images: batch });
    expect(relativeError(whole.scores.slice(0, 3), alone.scores)).toBeLessThan(1e-6);
  });

  it('say why an image is taken for a class: relevance that sums to its score', async () => {
    for (const source of [maml, protoNet]) {
      const { id } = await engine.openLearner('open', source);
      const { adapted } = await engine.adapt('adapt', { learner: id, support, options: {} });
      const request = { learner: id, adapted, images: images(1), company: support.images };
      const { probabilities } = await engine.predict('predict', request);
      const asked = { ...request, image: request.images };
      const sessions = engine.sessions;
      for (let way = 0; way < 3; way += 1) {
        const { map, score, scores, milliseconds } = await engine.why('why', { ...asked, way });
        expect([map.height, map.width, scores.length]).toEqual([16, 16, 3]);
        expect(score).toBe(scores[way]);
        expect(relativeError(softmaxRows(scores, 3), probabilities)).toBeLessThan(1e-5);
        const magnitude = map.values.reduce((sum, value) => sum + Math.abs(value), 0);
        expect(Math.abs(map.values.reduce((sum, value) => sum + value, 0) - score)).toBeLessThan(1e-4 * magnitude);
        expect(milliseconds).toBeGreaterThan(0);
      }
      // The statistics' session stays, those of single images do not.
      expect(engine.sessions).toBeLessThanOrEqual(sessions + 1);
      await expect(engine.why('why', { ...asked, way: 3 })).rejects.toThrow('there is no class 3');
      await engine.closeLearner(id);
    }
  });

  it('give the adapted network as a file that opens like any classifier', async () => {
    const { id } = await opened;
    const { adapted } = await engine.adapt('adapt', { learner: id, support, options: {} });
    const image = images(1);
    const request = { learner: id, adapted, image, company: support.images };
    const file = await engine.freeze('freeze', { ...request, labels: ['a', 'b', 'c'] });
    const source = { kind: 'files', name: 'adapted', model: file, external: {} } as const;
    const { id: network, labels, methods } = await engine.openModel('open', source);
    expect(labels).toEqual(['a', 'b', 'c']);
    expect(methods.filter(({ obstacle }) => obstacle !== null)).toEqual([]);
    const { scores, map } = await engine.why('why', { ...request, way: 1 });
    const { logits } = await engine.classify('classify', network, image);
    expect(relativeError(logits, scores)).toBeLessThan(1e-6);
    const explained = await engine.explain('explain', {
      model: network,
      method: 'srd',
      options: {},
      input: image,
      target: { plus: 1 },
    });
    expect(relativeError(explained.map.values, map.values)).toBeLessThan(1e-5);
    await engine.closeModel(network);
  });

  it('evaluate episode by episode', async () => {
    const { id } = await opened;
    const numbers: number[] = [];
    const counted: number[] = [];
    const result = await engine.evaluate(
      'evaluate',
      { learner: id, classes, options },
      load,
      ({ phase, done }) => phase === 'steps' && counted.push(done),
      ({ number }) => numbers.push(number),
    );
    expect(numbers).toEqual([0, 1, 2, 3, 4]);
    expect(counted).toEqual([1, 2, 3, 4, 5]);
    expect(result.episodes.length).toBe(5);
    expect(result.milliseconds).toBeGreaterThan(0);
  });

  it('stop between steps when cancelled, lose nothing, and work on', async () => {
    const { id } = await opened;
    const begun = await engine.adapt('short', { learner: id, support, options: { steps: 1 } });
    const long = engine.adapt(
      'long',
      { learner: id, support, options: { steps: 500, learningRate: 0.001 } },
      undefined,
      ({ step }) => {
        if (step === 2) void engine.cancel('long');
      },
    );
    await expect(long).rejects.toMatchObject({ code: 'cancelled' });
    const endless = engine.evaluate(
      'endless',
      { learner: id, classes, options: { ...options, episodes: 5000 } },
      load,
      undefined,
      ({ number }) => {
        if (number === 1) void engine.cancel('endless');
      },
    );
    await expect(endless).rejects.toMatchObject({ code: 'cancelled' });
    if (begun.adapted.kind !== 'parameters') throw new Error('MAML adapts parameters');
    const ended = await engine.adapt('on', { learner: id, support, options: { steps: 2, from: begun.adapted } });
    expect(ended.adapted).toMatchObject({ steps: 3 });
  });

  it('hand on why images could not be loaded', async () => {
    const { id } = await opened;
    const broken = () => Promise.reject(new Error('no such picture'));
    await expect(engine.evaluate('load', { learner: id, classes, options }, broken)).rejects.toThrow('no such picture');
  });

  it('bound the sessions, whatever the sizes of the batches', async () => {
    const { id } = await opened;
    for (let count = 1; count <= 5; count += 1) {
      const { adapted } = await engine.adapt('many', {
        learner: id,
        support: { images: images(2 * count), labels: Array.from({ length: 2 * count }, (_, index) => index % 2), ways: 2 },
        options: { steps: 1 },
      });
      await engine.predict('many', { learner: id, adapted, images: images(count) });
    }
    expect(engine.sessions).toBeLessThanOrEqual(8);
  });

  it('are refused once closed, and where model and card disagree', async () => {
    const { id } = await engine.openLearner('open', protoNet);
    await engine.closeLearner(id);
    await expect(engine.adapt('closed', { learner: id, support, options: {} })).rejects.toMatchObject({ code: 'bad-document' });
    const wrong = { ...maml, card: { ...mamlCard(SHAPE), nodes: 9 } };
    await expect(engine.openLearner('wrong', wrong)).rejects.toMatchObject({ code: 'invalid-model' });
    const damaged = { ...maml, model: { ...model, model: model.model.slice(0, 100) } };
    await expect(engine.openLearner('damaged', damaged)).rejects.toMatchObject({
      code: expect.stringMatching(/truncated|not-onnx|invalid/),
    });
  });
});
