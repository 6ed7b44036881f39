import { describe, expect, test } from 'vitest';
import { persist, restore, type Surroundings } from './persistence.ts';
import { DEFAULTS } from './state.ts';
import { createSettings } from './store.ts';

/** A browser of which tests say when time passes and whether storage is full. */
function setUp({
  hash = '',
  stored = {},
  full = false,
}: {
  hash?: string;
  stored?: Record<string, string>;
  full?: boolean;
} = {}) {
  const kept = new Map(Object.entries(stored));
  const tasks: (() => void)[] = [];
  const listeners: (() => void)[] = [];
  let address = hash;
  const around: Surroundings = {
    storage: {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => {
        if (full) throw new DOMException('full', 'QuotaExceededError');
        kept.set(key, value);
      },
    },
    readHash: () => address,
    writeHash: (next) => {
      address = next === '' ? '' : `#${next}`;
    },
    onHashChange: (listener) => listeners.push(listener),
    later: (task) => tasks.push(task),
  };
  return {
    around,
    kept,
    hash: () => address,
    passTime: () => {
      for (const task of tasks.splice(0)) task();
    },
    visit: (next: string) => {
      address = next;
      for (const listener of listeners) listener();
    },
  };
}

describe('restore', () => {
  test('takes the link before what is stored, and that before defaults', () => {
    const { around } = setUp({ hash: '#method=rise', stored: { 'heliograph-settings': '{"theme":"dark"}' } });
    expect(restore(around).settings).toEqual({ ...DEFAULTS, method: 'rise', theme: 'dark' });
  });

  test('works where storage is forbidden', () => {
    const { around } = setUp();
    const forbidden = {
      ...around,
      storage: {
        ...around.storage,
        getItem: () => {
          throw new DOMException('no', 'SecurityError');
        },
      },
    };
    expect(restore(forbidden)).toEqual({ settings: DEFAULTS, problems: [] });
  });
});

describe('persist', () => {
  test('writes the link once for many changes', () => {
    const browser = setUp();
    const settings = createSettings(DEFAULTS);
    persist(settings, browser.around, () => undefined);
    settings.set({ opacity: 0.4 });
    settings.set({ opacity: 0.5, method: 'rise' });
    expect(browser.hash()).toBe('');
    browser.passTime();
    expect(browser.hash()).toBe('#method=rise&opacity=0.5');
  });

  test('says once that storage is full, and goes on', () => {
    const browser = setUp({ full: true });
    const settings = createSettings(DEFAULTS);
    const problems: string[] = [];
    persist(settings, browser.around, (problem) => problems.push(problem));
    settings.set({ theme: 'dark' });
    settings.set({ theme: 'light' });
    expect(problems).toHaveLength(1);
    expect(settings.get().theme).toBe('light');
  });

  test('follows a link typed into the address bar, and keeps the panels', () => {
    const browser = setUp();
    const settings = createSettings({ ...DEFAULTS, method: 'rise', stripOpen: false });
    persist(settings, browser.around, () => undefined);
    browser.visit('#opacity=0.25');
    expect(settings.get()).toEqual({ ...DEFAULTS, opacity: 0.25, stripOpen: false });
  });
});
