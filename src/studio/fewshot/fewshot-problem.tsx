import { useFewShot, useStudio } from '../context.ts';
import { Problem } from '../problem.tsx';
import type { FewShotPlace } from './fewshot-status.ts';

/** The problem of a place, if there is one. */
export function FewShotProblem({ place, retry = false }: { place: FewShotPlace; retry?: boolean }) {
  const { fewshot } = useStudio();
  const error = useFewShot(({ problems }) => problems[place]);
  if (!error) return null;
  return (
    <Problem
      error={error}
      {...(retry || error.code === 'cancelled' ? { onRetry: fewshot.retry } : {})}
      onDismiss={() => fewshot.report(place, null)}
    />
  );
}
