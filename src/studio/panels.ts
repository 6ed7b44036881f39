import type { ComponentType } from 'react';
import type { Workspace } from './workspaces.ts';

/** The parts of a workspace's page. */
export type Place = 'stage' | 'sources' | 'inspector' | 'strip';

const PANELS: Readonly<Record<Workspace, Readonly<Record<Place, () => Promise<ComponentType>>>>> = {
  explain: {
    stage: () => import('./stage.tsx').then(({ Stage }) => Stage),
    sources: () => import('./sources.tsx').then(({ Sources }) => Sources),
    inspector: () => import('./inspector.tsx').then(({ Inspector }) => Inspector),
    strip: () => import('./strip.tsx').then(({ Strip }) => Strip),
  },
  'few-shot': {
    stage: () => import('./fewshot/fewshot-stage.tsx').then(({ FewShotStage }) => FewShotStage),
    sources: () => import('./fewshot/episode-panel.tsx').then(({ EpisodePanel }) => EpisodePanel),
    inspector: () => import('./fewshot/learner-panel.tsx').then(({ LearnerPanel }) => LearnerPanel),
    strip: () => import('./fewshot/steps-strip.tsx').then(({ StepsStrip }) => StepsStrip),
  },
  relight: {
    stage: () => import('./relight/relight-stage.tsx').then(({ RelightStage }) => RelightStage),
    sources: () => import('./relight/scene-panel.tsx').then(({ ScenePanel }) => ScenePanel),
    inspector: () => import('./relight/sun-panel.tsx').then(({ SunPanel }) => SunPanel),
    strip: () => import('./relight/day-strip.tsx').then(({ DayStrip }) => DayStrip),
  },
};

/** A part of a workspace; each is evaluated in a task of its own when it arrives. */
export function panel(workspace: Workspace, place: Place): Promise<ComponentType> {
  return PANELS[workspace][place]();
}

/** What the few-shot workspace works with; the others do without. */
export function fewShotCode() {
  return Promise.all([import('./fewshot/fewshot-controller.ts'), import('./fewshot/browser-fewshot.ts')]);
}

/** Asks for all of a workspace's parts at once. */
export function askForPanels(workspace: Workspace): void {
  const parts: (() => Promise<unknown>)[] = Object.values(PANELS[workspace]);
  if (workspace === 'few-shot') parts.push(fewShotCode);
  // Who needs them says so where one does not come.
  for (const load of parts) load().catch(() => undefined);
}
