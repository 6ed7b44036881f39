import { expect, test } from 'vitest';
import { withoutSharedStart } from './layer-names.ts';

test('a shared beginning is cut behind a separator', () => {
  expect(withoutSharedStart(['/net/features/features.1/Relu', '/net/features/features.18/Relu'])).toEqual([
    '…1/Relu',
    '…18/Relu',
  ]);
});

test('names that differ from the start, and a single one, stay whole', () => {
  expect(withoutSharedStart(['blocks.1.relu', 'top.relu'])).toEqual(['blocks.1.relu', 'top.relu']);
  expect(withoutSharedStart(['/net/only'])).toEqual(['/net/only']);
});
