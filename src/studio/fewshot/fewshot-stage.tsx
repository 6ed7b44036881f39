import { SegmentedControl } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useFewShot, useSettings, useStudio } from '../context.ts';
import { firstActivity } from '../jobs.ts';
import { SettingsProblems } from '../problem.tsx';
import { Running, useLasting } from '../running.tsx';
import stageStyles from '../stage.module.css';
import type { Settings } from '../state.ts';
import { TakeAwayMenu } from '../take-away-menu.tsx';
import { AdaptProblem, FewShotProblem } from './fewshot-problem.tsx';
import { FEWSHOT_LANES } from './fewshot-status.ts';
import { TeachView } from './teach-view.tsx';

const CompareStage = lazy(() => import('./compare-stage.tsx'));
const EvaluateStage = lazy(() => import('./evaluate-stage.tsx'));

/** The episode, its learners beside one another, or many episodes. */
export function FewShotStage() {
  const view = useSettings(({ fewView }) => fewView);
  return (
    <>
      <Toolbar />
      <div className={stageStyles.problems}>
        <SettingsProblems />
        <FewShotProblem place="board" retry />
        <AdaptProblem />
        <FewShotProblem place="query" retry />
      </div>
      {view === 'teach' ? (
        <TeachView />
      ) : (
        <Suspense fallback={null}>{view === 'compare' ? <CompareStage /> : <EvaluateStage />}</Suspense>
      )}
    </>
  );
}

const VIEWS = [
  { value: 'teach', label: 'Teach' },
  { value: 'compare', label: 'Compare' },
  { value: 'evaluate', label: 'Evaluate' },
];
const TAKE_AWAY = ['save-episode', 'save-adapted', 'save-session', 'copy-link', 'open-episode', 'open-session'] as const;

function Toolbar() {
  const { settings, fewshot } = useStudio();
  const view = useSettings(({ fewView }) => fewView);
  // An evaluation has its own progress where it is shown.
  const lanes = view === 'evaluate' ? FEWSHOT_LANES.filter((lane) => lane !== 'evaluate') : FEWSHOT_LANES;
  const running = useLasting(useFewShot(({ activities }) => firstActivity(activities, lanes)));
  // Renders again when there is something to take along.
  useFewShot(({ answer, board }) => answer !== null || board !== null);
  return (
    <div className={stageStyles.toolbar} role="toolbar" aria-label="View">
      <SegmentedControl
        size="xs"
        data={VIEWS}
        value={view}
        onChange={(value) => settings.set({ fewView: value as Settings['fewView'] })}
        aria-label="View"
      />
      <span className={stageStyles.spacer} />
      {running && <Running activity={running.activity} onStop={fewshot.cancel} />}
      <TakeAwayMenu actions={TAKE_AWAY} />
    </div>
  );
}
