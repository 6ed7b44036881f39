import { DEFAULTS, fromLink, fromLocal, type Restored, SETTING_KEYS, type Settings, STATE, toLink, toLocal } from './state.ts';
import type { SettingsStore } from './store.ts';

const STORAGE_KEY = 'heliograph-settings';
/** Browsers refuse more than about 100 changes of the address in 30 s, so a drag writes it once. Milliseconds. */
const LINK_DELAY = 250;

/** What of the browser this needs; a test gives its own. */
export interface Surroundings {
  readonly storage: Pick<Storage, 'getItem' | 'setItem'>;
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
  readHash: () => location.hash,
  writeHash: (hash) => history.replaceState(null, '', hash === '' ? location.pathname + location.search : `#${hash}`),
  onHashChange: (listener) => addEventListener('hashchange', listener),
  later: (task, milliseconds) => void setTimeout(task, milliseconds),
};

/** Settings as the link and this browser's storage have them; the link wins. */
export function restore({ storage, readHash }: Surroundings): { settings: Settings; problems: readonly string[] } {
  let local: Restored;
  try {
    local = fromLocal(storage.getItem(STORAGE_KEY));
  } catch {
    // Storage can be forbidden altogether (private windows, policies); the studio works without it.
    local = { settings: {}, problems: [] };
  }
  const link = fromLink(readHash());
  return { settings: { ...DEFAULTS, ...local.settings, ...link.settings }, problems: [...local.problems, ...link.problems] };
}

/**
 * Keeps the link and local storage in step with the settings, and the settings with a link typed into the address bar.
 * @param onProblem told in a sentence what could not be stored or restored
 */
export function persist(store: SettingsStore, around: Surroundings, onProblem: (problem: string) => void): void {
  let pending = false;
  let written = toLocal(store.get());
  let told = false;
  store.subscribe((settings) => {
    const local = toLocal(settings);
    if (local !== written) {
      written = local;
      try {
        around.storage.setItem(STORAGE_KEY, local);
      } catch {
        if (!told) onProblem('This browser’s storage is full or closed, so panels and theme are forgotten when you leave.');
        told = true;
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
    for (const problem of problems) onProblem(problem);
  });
}
