import { describe, expect, test } from 'vitest';
import { DEFAULTS } from './state.ts';
import { createSettings } from './store.ts';

function setUp() {
  let now = 0;
  const settings = createSettings(DEFAULTS, () => now);
  return { settings, wait: (milliseconds: number) => (now += milliseconds) };
}

describe('undo', () => {
  test('goes back and forth through changes', () => {
    const { settings, wait } = setUp();
    settings.set({ method: 'rise' });
    wait(1000);
    settings.set({ opacity: 0.2, method: 'gradient' });
    settings.undo();
    expect(settings.get()).toMatchObject({ method: 'rise', opacity: DEFAULTS.opacity });
    settings.undo();
    expect(settings.get()).toEqual(DEFAULTS);
    settings.undo();
    settings.redo();
    settings.redo();
    expect(settings.get()).toMatchObject({ method: 'gradient', opacity: 0.2 });
  });

  test('takes a drag as one step, and two drags as two', () => {
    const { settings, wait } = setUp();
    for (const opacity of [0.8, 0.7, 0.6]) {
      settings.set({ opacity });
      wait(50);
    }
    wait(1000);
    settings.set({ opacity: 0.1 });
    settings.undo();
    expect(settings.get().opacity).toBe(0.6);
    settings.undo();
    expect(settings.get().opacity).toBe(DEFAULTS.opacity);
  });

  test('leaves alone what it should not bring back', () => {
    const { settings } = setUp();
    settings.set({ method: 'rise' });
    settings.set({ theme: 'dark', device: 'wasm' });
    settings.undo();
    expect(settings.get()).toMatchObject({ method: 'srd', theme: 'dark', device: 'wasm' });
  });

  test('forgets the future after a new change', () => {
    const { settings, wait } = setUp();
    settings.set({ method: 'rise' });
    settings.undo();
    wait(1000);
    settings.set({ method: 'gradient' });
    settings.redo();
    expect(settings.get().method).toBe('gradient');
  });
});

test('setting what is already so tells nobody', () => {
  const { settings } = setUp();
  let calls = 0;
  settings.subscribe(() => {
    calls += 1;
  });
  settings.set({ method: 'srd', contours: [] });
  expect(calls).toBe(0);
  expect(settings.api.getState().past).toEqual([]);
});
