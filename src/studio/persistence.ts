import {
  DEFAULTS,
  fromLink,
  fromLocal,
  fromTab,
  SETTING_KEYS,
  type SettingKey,
  type Settings,
  STATE,
  TAB_KEYS,
  toLink,
  toLocal,
} from './state.ts';
import type { SettingsStore } from './store.ts';

const STORAGE_KEY = 'heliograph-settings';
/** A name of its own in the tab's storage for each setting, so that a picture asked about does not write all examples again. */
const tabKey = (key: SettingKey) => `heliograph-${key}`;
/** Browsers refuse more than about 100 changes of the address in 30 s, so a drag writes it once. Milliseconds. */
const LINK_DELAY = 250;

/** What of the browser this needs; a test gives its own. */
export interface Surroundings {
  readonly storage: Pick<Storage, 'getItem' | 'setItem'>;
  /** What outlasts a reload and leaves with the tab. */
  readonly tab: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly readHash: () => string;
  readonly writeHash: (hash: string) => void;
  readonly onHashChange: (listener: () => void) => void;
  readonly later: (task: () => void, milliseconds: number) => void;
}

export const browserSurroundings: Surroundings = {
  storage: {
    getItem: (key) => localStorage.getItem(key),
    setItem: (key, value) => localStorage.setItem(key, value),
  },
  tab: {
    getItem: (key) => sessionStorage.getItem(key),
    setItem: (key, value) => sessionStorage.setItem(key, value),
    removeItem: (key) => sessionStorage.removeItem(key),
  },
  readHash: () => location.hash,
  writeHash: (hash) => history.replaceState(null, '', hash === '' ? location.pathname + location.search : `#${hash}`),
  onHashChange: (listener) => addEventListener('hashchange', listener),
  later: (task, milliseconds) => void setTimeout(task, milliseconds),
};

/** Settings as the link and this browser's storage have them; the link wins. */
export function restore({ storage, tab, readHash }: Surroundings): { settings: Settings; problems: readonly string[] } {
  const local = fromLocal(stored(storage, STORAGE_KEY));
  const own = fromTab((key) => stored(tab, tabKey(key)));
  const link = fromLink(readHash());
  return {
    settings: { ...DEFAULTS, ...local.settings, ...own.settings, ...link.settings },
    problems: [local, own, link].flatMap(({ problems }) => problems),
  };
}

function stored(storage: Pick<Storage, 'getItem'>, key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    // Storage can be forbidden altogether (private windows, policies); the studio works without it.
    return null;
  }
}

/**
 * Keeps the link and the browser's storage in step with the settings, and the settings with a link typed into the address bar.
 * @param onProblem told in a sentence what could not be stored or restored
 */
export function persist(store: SettingsStore, around: Surroundings, onProblem: (problem: string) => void): void {
  let pending = false;
  let written = toLocal(store.get());
  const told = new Set<string>();
  const tellOnce = (problem: string) => {
    if (!told.has(problem)) onProblem(problem);
    told.add(problem);
  };
  store.subscribe((settings, before) => {
    const local = toLocal(settings);
    if (local !== written) {
      written = local;
      try {
        around.storage.setItem(STORAGE_KEY, local);
      } catch {
        tellOnce('This browser’s storage is full or closed, so panels and theme are forgotten when you leave.');
      }
    }
    for (const key of TAB_KEYS) {
      if (settings[key] === before[key]) continue;
      try {
        if (settings[key] === DEFAULTS[key]) around.tab.removeItem(tabKey(key));
        else around.tab.setItem(tabKey(key), JSON.stringify(settings[key]));
      } catch {
        tellOnce(
          'Your classes are more than this browser keeps for a tab. Save the episode before you leave or reload the page.',
        );
      }
    }
    if (pending) return;
    pending = true;
    around.later(() => {
      pending = false;
      const hash = toLink(store.get());
      if (hash !== around.readHash().replace(/^#/, '')) around.writeHash(hash);
    }, LINK_DELAY);
  });
  around.onHashChange(() => {
    const { settings, problems } = fromLink(around.readHash());
    const linked = SETTING_KEYS.filter((key) => STATE[key].home === 'url');
    store.set(Object.fromEntries(linked.map((key) => [key, settings[key] ?? DEFAULTS[key]])));
    // One sentence after another: a place shows the last thing it was told.
    if (problems.length > 0) onProblem(problems.join(' '));
  });
}
