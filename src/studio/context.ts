import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { Action, ActionContext } from './actions.ts';
import type { Library } from './assets.ts';
import type { Status } from './explain-status.ts';
import type { Intake } from './intake.ts';
import { DEFAULTS, type SettingKey, type Settings } from './state.ts';
import type { Ui } from './ui.ts';

/** Everything the interface is bound to, made once in `main.tsx`. */
export interface Studio extends ActionContext {
  readonly library: Library;
  readonly intake: Intake;
}

export const StudioContext = createContext<Studio | null>(null);

export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error('useStudio needs a StudioContext around it.');
  return studio;
}

/** Some of the settings; renders again when one of them changes. */
export function useSettings<T>(select: (settings: Settings) => T): T {
  return useStore(
    useStudio().settings.api,
    useShallow(({ present }) => select(present)),
  );
}

/** A part of what the controller knows; renders again when it changes. */
export function useStatus<T>(select: (status: Status) => T): T {
  return useStore(useStudio().controller.status, useShallow(select));
}

export function useUi<T>(select: (ui: Ui) => T): T {
  return useStore(useStudio().ui, select);
}

/** Performs an action if it is possible now. */
export function usePerform(): (action: Action) => void {
  const studio = useStudio();
  return (action) => {
    if (action.when(studio)) action.perform(studio);
  };
}

/** Labels in force: the user's, else the model's. */
export function useLabels(): readonly string[] | null {
  const own = useSettings(({ labels }) => labels);
  const models = useStatus(({ model }) => model?.labels ?? null);
  return own ?? models;
}

/** Resets one setting to its default: what a double-click does. */
export function useReset(): (key: SettingKey) => void {
  const { settings } = useStudio();
  return (key) => settings.set({ [key]: DEFAULTS[key] });
}
