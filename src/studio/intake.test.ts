import { describe, expect, test } from 'vitest';
import { HeliographError } from '../graph/errors.ts';
import { sortFiles } from './intake.ts';
import { labelOf, readLabels } from './labels.ts';

describe('files', () => {
  test('are sorted by what they are', () => {
    const file = (name: string, type = '') => ({ name, type });
    const sorted = sortFiles([
      file('Net.ONNX'),
      file('net.onnx.data'),
      file('cat.png', 'image/png'),
      file('labels.txt', 'text/plain'),
      file('session.json', 'application/json'),
      file('weights'),
    ]);
    const names = (files: readonly { name: string }[]) => files.map(({ name }) => name);
    expect(names(sorted.models)).toEqual(['Net.ONNX']);
    expect(names(sorted.pictures)).toEqual(['cat.png']);
    expect(names(sorted.texts)).toEqual(['labels.txt', 'session.json']);
    expect(names(sorted.weights)).toEqual(['net.onnx.data', 'weights']);
  });
});

describe('labels', () => {
  test.each(['cat\ndog\n', '["cat","dog"]', '{"0":"cat","1":"dog"}', '{"0":["n1","cat"],"1":["n2","dog"]}'])(
    'are read from %j',
    (file) => {
      expect(readLabels(file, 2)).toEqual(['cat', 'dog']);
    },
  );

  test('of another number than the classes are refused', () => {
    expect(() => readLabels('cat\ndog', 3)).toThrow(HeliographError);
  });

  test('are shortened to their first name; unnamed classes have their number', () => {
    expect(labelOf(['tench, Tinca tinca'], 0)).toBe('tench');
    expect(labelOf(null, 4)).toBe('class 4');
  });
});
