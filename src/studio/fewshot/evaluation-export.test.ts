import { expect, it } from 'vitest';
import { confusionCsv, episodesCsv, evaluationJson } from './evaluation-export.ts';
import type { StudioEvaluation } from './fewshot-status.ts';

const EVALUATION = {
  learner: { name: 'drawings-anyway', title: 'Drawings', kind: 'maml' },
  pool: {
    title: 'Glyphs',
    classes: [
      { name: 'a, b', size: 20 },
      { name: 'c', size: 20 },
    ],
  },
  ways: 2,
  shots: 1,
  queries: 1,
  seed: 3,
  accuracies: [1, 1 / 3],
  interval: { mean: 2 / 3, halfWidth: 0.1 },
  assignments: 0,
  confusion: [
    { actual: 0, predicted: 0, queries: [{ episode: 0, image: 4 }] },
    { actual: 0, predicted: 1, queries: [{ episode: 1, image: 2 }] },
  ],
  milliseconds: 12,
} as unknown as StudioEvaluation;

it('writes a line an episode', () => {
  expect(episodesCsv(EVALUATION)).toBe('episode,accuracy\r\n0,1\r\n1,0.3333333\r\n');
});

it('writes a line a picture, names quoted where they must be', () => {
  expect(confusionCsv(EVALUATION)).toBe('actual,predicted,episode,picture\r\n"a, b","a, b",0,4\r\n"a, b",c,1,2\r\n');
});

it('has the fields of the command line’s document', () => {
  const document = JSON.parse(evaluationJson(EVALUATION));
  expect(document).toMatchObject({ learner: 'drawings-anyway', images: 'Glyphs', classes: 2, episodes: 2, assignments: null });
  expect(document.confusion).toEqual([
    { actual: 'a, b', predicted: 'a, b', count: 1 },
    { actual: 'a, b', predicted: 'c', count: 1, images: [{ episode: 1, image: 2 }] },
  ]);
});
