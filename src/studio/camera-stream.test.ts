import { expect, test } from 'vitest';
import { camerasOf, facesReader, noteOn, reasonOf } from './camera-stream.ts';

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

test('cameras are listed by name, or number, once the browser tells them apart', () => {
  const device = (kind: string, deviceId: string, label: string) => ({ kind, deviceId, label }) as MediaDeviceInfo;
  expect(camerasOf([device('videoinput', '', ''), device('videoinput', '', '')])).toEqual([]);
  expect(
    camerasOf([device('audioinput', 'm', 'Microphone'), device('videoinput', 'a', 'Front'), device('videoinput', 'b', '')]),
  ).toEqual([
    { id: 'a', name: 'Front' },
    { id: 'b', name: 'Camera 2' },
  ]);
});

test('a camera that takes the place of another one is said to', () => {
  expect([noteOn('a', 'a', null), noteOn('a', null, null), noteOn(null, 'b', null)]).toEqual([null, null, null]);
  expect(noteOn('a', 'b', null)).toMatch(/chosen before is not connected.*another/);
  expect([noteOn('a', 'b', 'b'), noteOn('a', null, 'b')]).toEqual(
    Array(2).fill('The camera was disconnected. This is another one.'),
  );
  // It is back.
  expect(noteOn('b', null, 'b')).toBeNull();
});
