import { createStore, type StoreApi } from 'zustand/vanilla';
import type { FirstLook } from './assets.ts';

export type DialogName = 'help' | 'palette' | 'preprocessing' | 'camera';

/** What is open at the moment. Nothing here is worth keeping. */
export interface Ui {
  readonly dialog: DialogName | null;
  /** The inspector as a drawer, where the window is too narrow for it to stand beside the stage. */
  readonly drawer: boolean;
  /** The stored result shown until the engine has its own, and its photograph. */
  readonly firstLook: { readonly look: FirstLook; readonly picture: ImageData } | null;
  /** A short confirmation, shown for a while and read out. */
  readonly notice: string;
}

export function createUi(): StoreApi<Ui> {
  return createStore<Ui>(() => ({ dialog: null, drawer: false, firstLook: null, notice: '' }));
}
