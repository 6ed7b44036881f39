import { useFewShot, useSettings } from '../context.ts';
import { stepsWanted } from './fewshot-plan.ts';
import type { LearnerState } from './fewshot-status.ts';

/** The state that is shown: after as many inner steps as are wanted, or as there are so far. */
export function useShownState(): LearnerState | null {
  const { states, learner } = useFewShot(({ states, learner }) => ({ states, learner }));
  const innerSteps = useSettings(({ innerSteps }) => innerSteps);
  if (!learner) return null;
  return states[Math.min(states.length - 1, stepsWanted(learner.card, { innerSteps }))] ?? null;
}
