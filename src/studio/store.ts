import { createStore, type StoreApi } from 'zustand/vanilla';
import { entryOf, type SettingKey, type Settings, same } from './state.ts';

/** Settings with their past and future, newest last in `past`, next first in `future`. */
export interface Timeline {
  readonly present: Settings;
  readonly past: readonly Settings[];
  readonly future: readonly Settings[];
}

/** Changes of the same keys within this time are one step of undo, so that dragging a slider is one. Milliseconds. */
const ONE_GESTURE = 700;
const LONGEST_PAST = 100;

export interface SettingsStore {
  readonly api: StoreApi<Timeline>;
  get(): Settings;
  /** Changes some settings; a change of any that undo brings back becomes a step of undo. */
  set(patch: Partial<Settings>): void;
  undo(): void;
  redo(): void;
  /** Calls back after every change of the settings. */
  subscribe(listener: (now: Settings, before: Settings) => void): () => void;
}

/** @param clock milliseconds, for telling one gesture from two */
export function createSettings(initial: Settings, clock: () => number = () => performance.now()): SettingsStore {
  const api = createStore<Timeline>(() => ({ present: initial, past: [], future: [] }));
  let gesture = { keys: '', at: Number.NEGATIVE_INFINITY };

  return {
    api,
    get: () => api.getState().present,
    set(patch) {
      const { present, past } = api.getState();
      const changed = (Object.keys(patch) as SettingKey[]).filter((key) => !same(patch[key], present[key]));
      if (changed.length === 0) return;
      const next = { ...present, ...patch };
      const undoable = changed.filter((key) => entryOf(key).undo);
      if (undoable.length === 0) {
        api.setState({ present: next });
        return;
      }
      const keys = undoable.join();
      const at = clock();
      const continues = keys === gesture.keys && at - gesture.at < ONE_GESTURE && !undoable.some((key) => entryOf(key).steps);
      gesture = { keys, at };
      api.setState({ present: next, past: continues ? past : [...past.slice(1 - LONGEST_PAST), present], future: [] });
    },
    undo() {
      const { present, past, future } = api.getState();
      const last = past.at(-1);
      if (!last) return;
      gesture = { keys: '', at: Number.NEGATIVE_INFINITY };
      api.setState({ present: travel(present, last), past: past.slice(0, -1), future: [present, ...future] });
    },
    redo() {
      const { present, past, future } = api.getState();
      const [next, ...rest] = future;
      if (!next) return;
      gesture = { keys: '', at: Number.NEGATIVE_INFINITY };
      api.setState({ present: travel(present, next), past: [...past, present], future: rest });
    },
    subscribe: (listener) =>
      api.subscribe((now, before) => {
        if (now.present !== before.present) listener(now.present, before.present);
      }),
  };
}

/** The undoable settings of `to`, all others as they are now. */
function travel(now: Settings, to: Settings): Settings {
  return Object.fromEntries(
    Object.entries(now).map(([key, value]) => [key, entryOf(key as SettingKey).undo ? to[key as SettingKey] : value]),
  ) as unknown as Settings;
}
