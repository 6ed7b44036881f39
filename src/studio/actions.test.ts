import { expect, test } from 'vitest';
import { ACTIONS, action, actionsOf, isSingleKey, writeKeys } from './actions.ts';
import { WORKSPACES } from './workspaces.ts';

test('no two actions have the same id', () => {
  const ids = ACTIONS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each(WORKSPACES)('no two actions of the workspace %s have the same key', (workspace) => {
  const keys = actionsOf(workspace)
    .flatMap((entry) => entry.keys)
    .map((key) => key.toLowerCase());
  expect(new Set(keys).size).toBe(keys.length);
});

test('every action can be found by its words', () => {
  for (const { label, keywords } of ACTIONS) {
    expect(label).not.toBe('');
    expect(keywords).not.toBe('');
  }
});

test('an id that is not there is an error', () => {
  expect(() => action('fly')).toThrow(RangeError);
});

test('keys of a single character are told from the others', () => {
  expect(['G', 'shift+M', 'shift+?', '0'].every(isSingleKey)).toBe(true);
  expect(['mod+K', 'Escape', 'mod+shift+Z'].some(isSingleKey)).toBe(false);
});

test('keys are written as the machine knows them', () => {
  expect(writeKeys('mod+shift+Z', false)).toBe('Ctrl + Shift + Z');
  expect(writeKeys('mod+shift+Z', true)).toBe('⌘⇧Z');
  expect(writeKeys('shift+?', false)).toBe('?');
});
