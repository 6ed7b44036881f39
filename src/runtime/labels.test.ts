import { describe, expect, it } from 'vitest';
import { labelsIn, parseLabels } from './labels.ts';

describe('parseLabels', () => {
  it.each([
    ['a JSON list', '["cat", "dog"]'],
    ['a JSON object by index', '{"1": "dog", "0": "cat"}'],
    ['ImageNet index pairs', '{"0": ["n01", "cat"], "1": ["n02", "dog"]}'],
    ['a Python dictionary', "{0: 'cat', 1: 'dog'}"],
    ['lines', 'cat\r\ndog\n'],
  ])('reads %s', (_, text) => {
    expect(parseLabels(text)).toEqual(['cat', 'dog']);
  });

  it('reads quotes inside a Python dictionary', () => {
    expect(parseLabels(`{0: "cat's", 1: 'd\\'og'}`)).toEqual(["cat's", "d'og"]);
  });
});

describe('labelsIn', () => {
  it('takes labels only if there is one for each class', () => {
    const metadata = new Map([['names', "{0: 'cat', 1: 'dog'}"]]);
    expect(labelsIn(metadata, 2)).toEqual(['cat', 'dog']);
    expect(labelsIn(metadata, 3)).toBeNull();
    expect(labelsIn(new Map(), 2)).toBeNull();
  });
});
