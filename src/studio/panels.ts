import type { ComponentType } from 'react';

/** The page's parts, asked for at once when this module is; each is evaluated in a task of its own when it arrives. */
export const PANELS = {
  stage: import('./stage.tsx').then(({ Stage }) => Stage),
  sources: import('./sources.tsx').then(({ Sources }) => Sources),
  inspector: import('./inspector.tsx').then(({ Inspector }) => Inspector),
  strip: import('./strip.tsx').then(({ Strip }) => Strip),
} satisfies Record<string, Promise<ComponentType>>;
