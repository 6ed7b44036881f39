import { expect, test } from 'vitest';
import { facesReader, reasonOf } from './camera-stream.ts';

test('a camera that gives nothing is said to, with what to do', () => {
  const reasons = ['NotAllowedError', 'NotFoundError', 'NotReadableError'].map((name) => reasonOf(new DOMException('', name)));
  expect(reasons).toEqual([
    expect.stringMatching(/not allowed.*Allow it/),
    'There is no camera.',
    expect.stringMatching(/Another program.*Close it/),
  ]);
  // A page without a secure address has no `mediaDevices`.
  expect(reasonOf(new TypeError('undefined'))).toMatch(/secure address/);
});

test('only a camera that says it looks away is not mirrored', () => {
  const stream = (facingMode?: string) =>
    ({ getVideoTracks: () => [{ getSettings: () => (facingMode ? { facingMode } : {}) }] }) as unknown as MediaStream;
  expect([facesReader(stream()), facesReader(stream('user')), facesReader(stream('environment'))]).toEqual([true, true, false]);
});
