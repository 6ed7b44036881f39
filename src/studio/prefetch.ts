import { askForPanels } from './panels.ts';
import { WORKSPACES } from './workspaces.ts';

/** Loads what the studio otherwise loads when it is first needed: from then on it needs no network. */
export async function prefetch(): Promise<void> {
  for (const workspace of WORKSPACES) askForPanels(workspace);
  await Promise.all([
    import('./palette.tsx'),
    import('./help.tsx'),
    import('./preprocessing-dialog.tsx'),
    import('./camera.tsx'),
    import('./compare.tsx'),
    import('./curves-panel.tsx'),
    import('./fewshot/compare-stage.tsx'),
    import('./fewshot/evaluate-stage.tsx'),
    import('./seeing/export-png.ts'),
    import('../runtime/npy.ts'),
  ]);
}
