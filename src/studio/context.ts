import { createContext, startTransition, useContext, useEffect, useEffectEvent, useState } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { shallow } from 'zustand/shallow';
import type { Action, ActionContext } from './actions.ts';
import type { Library } from './assets.ts';
import type { Status } from './explain-status.ts';
import type { FewShotStatus } from './fewshot/fewshot-status.ts';
import type { Intake } from './intake.ts';
import type { RelightStatus } from './relight/relight-controller.ts';
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

/**
 * A part of what the controller knows; renders again when it changes, in slices between which the page answers: a result
 * changes most panels, and rendered at once they would hold the page. So what is seen may be a moment old.
 * @param select must mean the same in every render
 */
export function useStatus<T extends object | string | number | boolean | null | undefined>(select: (status: Status) => T): T {
  const { status } = useStudio().controller;
  const [part, setPart] = useState(() => select(status.getState()));
  const follow = useEffectEvent((now: Status) => {
    startTransition(() =>
      setPart((before) => {
        const next = select(now);
        return shallow(before, next) ? before : next;
      }),
    );
  });
  useEffect(() => {
    follow(status.getState());
    return status.subscribe((now) => follow(now));
  }, [status]);
  return part;
}

/** A part of what the relighting workspace knows; renders again when it changes. */
export function useRelight<T>(select: (status: RelightStatus) => T): T {
  return useStore(useStudio().relight.status, useShallow(select));
}

/** A part of what the few-shot workspace knows; renders again when it changes. */
export function useFewShot<T>(select: (status: FewShotStatus) => T): T {
  return useStore(useStudio().fewshot.status, useShallow(select));
}

/** Whether something runs in the present workspace, or its outcome is still on its way to the screen. */
export function useBusy(): boolean {
  const workspace = useSettings(({ workspace }) => workspace);
  const running = useStore(useStudio().controller.status, isBusy);
  const seen = useStatus(isBusy);
  const relighting = useRelight(({ loading, preparing, drawing }) => loading !== null || preparing || drawing);
  const learning = useFewShot(isBusy);
  if (workspace === 'relight') return relighting;
  return workspace === 'few-shot' ? learning : running || seen;
}

function isBusy({ activities }: { readonly activities: object }): boolean {
  return Object.keys(activities).length > 0;
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
