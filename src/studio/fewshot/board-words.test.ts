import { expect, test } from 'vitest';
import type { Pixels } from '../../runtime/preprocess.ts';
import { answerSentence, countRecognised, likeliest, pictureName, predictionsOf } from './board-words.ts';
import type { Board } from './fewshot-status.ts';

const dot: Pixels = { width: 1, height: 1, channels: 3, data: Uint8Array.of(0, 0, 0) };
const board: Board = {
  key: '',
  own: false,
  classes: [
    { name: 'Georgian/ani', examples: [dot, dot, dot] },
    { name: 'Thai/ko', examples: [dot] },
  ],
  queries: [[dot], [dot, dot]],
};

test('a picture is called by its place, and by what it is taken for', () => {
  expect(pictureName('Example', board, 0, 2, null)).toBe('Example 3 of Georgian/ani');
  expect(pictureName('Example', board, 0, 2, 1)).toBe('Example 3 of Georgian/ani, taken for Thai/ko');
  expect(pictureName('Query', board, 1, 0, 1)).toBe('Query 1 of Thai/ko, recognised');
});

test('predictions of uneven classes fall to the right ones', () => {
  const examples = board.classes.map((entry) => entry.examples);
  expect(predictionsOf([0, 1, 0, 1], examples, 0)).toEqual([0, 1, 0]);
  expect(predictionsOf([0, 1, 0, 1], examples, 1)).toEqual([1]);
  expect(predictionsOf(null, examples, 0)).toEqual([null, null, null]);
  expect(countRecognised([0, 1, 0, 1], examples)).toEqual({ right: 3, of: 4 });
  expect(countRecognised(null, examples)).toBeNull();
});

test('an answer is the likeliest class with its probability, and says whether it is right', () => {
  expect(answerSentence(board, Float32Array.of(0.93, 0.07), null)).toBe('Georgian/ani, 93 %');
  expect(answerSentence(board, Float32Array.of(0.93, 0.07), 0)).toBe('Georgian/ani, 93 %, which is right');
  expect(answerSentence(board, Float32Array.of(0.93, 0.07), 1)).toBe('Georgian/ani, 93 %; it is Thai/ko');
  expect(answerSentence(board, null, 1)).toBe('');
});

test('numbers that are none are no answer', () => {
  expect(likeliest([Number.NaN, 0.2, 0.2])).toBe(1);
  expect(likeliest([Number.NaN])).toBeNull();
});
