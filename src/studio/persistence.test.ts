import { describe, expect, test } from 'vitest';
import { persist, restore, type Surroundings } from './persistence.ts';
import { DEFAULTS } from './state.ts';
import { createSettings } from './store.ts';

function storageOf(items: Map<string, string>, full: boolean) {
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => {
      if (full) throw new DOMException('full', 'QuotaExceededError');
      items.set(key, value);
    },
    removeItem: (key: string) => void items.delete(key),
  };
}

/** A browser of which tests say when time passes and whether storage is full. */
function setUp({
  hash = '',
  stored = {},
  inTab = {},
  full = false,
}: {
  hash?: string;
  stored?: Record<string, string>;
  inTab?: Record<string, string>;
  full?: boolean;
} = {}) {
  const kept = new Map(Object.entries(stored));
  const tab = new Map(Object.entries(inTab));
  const tasks: (() => void)[] = [];
  const listeners: (() => void)[] = [];
  let address = hash;
  const around: Surroundings = {
    storage: storageOf(kept, full),
    tab: storageOf(tab, full),
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
    tab,
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
    const getItem = () => {
      throw new DOMException('no', 'SecurityError');
    };
    const forbidden = { ...around, storage: { ...around.storage, getItem }, tab: { ...around.tab, getItem } };
    expect(restore(forbidden)).toEqual({ settings: DEFAULTS, problems: [] });
  });
});

describe('the reader’s own classes', () => {
  const example = { image: 'data:image/png;base64,AAAA', origin: 'drawn' as const };
  const ownEpisode = { classes: [{ name: 'ring', examples: [example] }] };

  test('outlast a reload of the tab, until they are gone', () => {
    const browser = setUp();
    const settings = createSettings(DEFAULTS);
    persist(settings, browser.around, () => undefined);
    settings.set({ pool: null, ownEpisode });
    browser.passTime();
    expect(restore(browser.around).settings).toEqual({ ...DEFAULTS, pool: null, ownEpisode });
    expect([...browser.kept.values()].join()).not.toContain('ring');
    settings.undo();
    expect(browser.tab.size).toBe(0);
  });

  test('are left out with a sentence where what was kept is damaged', () => {
    const { around } = setUp({ inTab: { 'heliograph-ownEpisode': '{"classes":[', 'heliograph-ownQuery': '"no picture"' } });
    const { settings, problems } = restore(around);
    expect(settings).toEqual(DEFAULTS);
    expect(problems).toHaveLength(2);
    expect(problems.join(' ')).toMatch(/ownQuery.*is no picture.*ownEpisode” is damaged/s);
  });

  test('that are too many to be kept are said to be so, once', () => {
    const browser = setUp({ full: true });
    const settings = createSettings(DEFAULTS);
    const problems: string[] = [];
    persist(settings, browser.around, (problem) => problems.push(problem));
    settings.set({ ownEpisode });
    settings.set({ ownEpisode: { classes: [] } });
    expect(problems).toEqual([expect.stringContaining('Save the episode')]);
    expect(settings.get().ownEpisode).toEqual({ classes: [] });
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

  test('names everything in such a link that cannot be used, at once', () => {
    const browser = setUp();
    const problems: string[] = [];
    persist(createSettings(DEFAULTS), browser.around, (problem) => problems.push(problem));
    browser.visit('#opacity=7&ways=77&colour=red');
    expect(problems).toEqual([expect.stringMatching(/ways.*opacity.*colour|opacity.*ways.*colour/)]);
  });
});
