import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { conv4, mamlCard, protoNetCard } from './conv4.ts';
import { joinLearner } from './learner.ts';
import { parseLearnerCard } from './learner-card.ts';

const SHAPE = { channels: 1, side: 16, filters: 4, nodes: 6 } as const;
const card = mamlCard(SHAPE);

/** A file of the committed learners, parsed. */
const bundled = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../public/learners/${path}`, import.meta.url), 'utf8'));
const index = bundled('index.json') as { learners: string[] };

describe('a learner’s card', () => {
  it('is read as it was written', () => {
    for (const each of [card, protoNetCard(SHAPE)]) {
      expect(parseLearnerCard(JSON.parse(JSON.stringify(each)), 'card.json')).toEqual(each);
    }
  });

  it.each(index.learners)('of the bundled %s is one', (name) => {
    expect(parseLearnerCard(bundled(`${name}/card.json`), name).name).toBe(name);
  });

  it('may leave out what only people read', () => {
    const { training, metrics, ...least } = protoNetCard(SHAPE);
    const { resize, ...input } = least.input;
    const parsed = parseLearnerCard({ ...least, input, nodes: null, inner: null, parameters: [] }, 'card.json');
    expect(parsed).toEqual({ ...least, training, metrics, input: { ...input, resize } });
  });

  it('older than the choice of the inner loss means the sum over the assignments', () => {
    const { loss: _, ...inner } = card.inner;
    expect(parseLearnerCard({ ...card, inner }, 'card.json')).toMatchObject({ inner: { ...inner, loss: 'sum' } });
    expect(parseLearnerCard({ ...card, inner: { ...inner, loss: 'mean' } }, 'card.json')).toMatchObject({
      inner: { loss: 'mean' },
    });
  });

  it.each([
    ['something else', { hello: 1 }, 'is not the card of a few-shot learner'],
    ['no object', 'card', 'is not the card'],
    ['nothing', null, 'is not the card'],
    ['another version', { ...card, version: 2 }, 'has format version 2'],
    ['another kind', { ...card, kind: 'reptile' }, 'kind'],
    ['a path out of the folder’s reach', { ...card, file: '/etc/passwd' }, 'file: not a relative path'],
    ['an address', { ...card, file: 'https://example.org/model.onnx' }, 'file: not a relative path'],
    ['no inner loop', { ...card, inner: null }, 'inner'],
    ['another loss', { ...card, inner: { ...card.inner, loss: 'hinge' } }, 'inner.loss'],
    ['a learning rate of the nodes of 0', { ...card, inner: { ...card.inner, headLearningRate: 0 } }, 'inner.headLearningRate'],
    ['a learning rate of 0', { ...card, inner: { learningRate: 0, steps: 3 } }, 'inner.learningRate'],
    ['too few means', { ...card, input: { ...card.input, mean: [] } }, 'one number a channel'],
    ['ink in colour', { ...card, input: { ...card.input, channels: 3, mean: [0, 0, 0], std: [1, 1, 1] } }, 'ink has one channel'],
    ['a centre of another length', { ...card, kind: 'simpleshot', tensor: 't', centre: [1] }, 'one number a feature'],
  ])('is refused with %s', (_, value, message) => {
    expect(() => parseLearnerCard(value, 'card.json')).toThrow(message);
    expect(() => parseLearnerCard(value, 'card.json')).toThrow('card.json');
  });
});

describe('a card and its model', () => {
  const graph = conv4(SHAPE, 1);
  it.each([
    [
      'a parameter the model lacks',
      { ...card, parameters: ['blocks.9.conv.weight'] },
      'no float32 parameter “blocks.9.conv.weight”',
    ],
    ['another number of nodes', { ...card, nodes: 7 }, '[1,6] where its card says [1, 7]'],
    ['another length of features', { ...card, features: 5 }, 'gives 4 features where its card says 5'],
  ])('do not go together with %s', (_, wrong, message) => {
    expect(() => joinLearner(wrong, graph)).toThrow(message);
  });

  it('do not go together with images of another size', () => {
    expect(() => joinLearner({ ...card, input: { ...card.input, height: 20 } }, graph)).toThrow();
  });
});
