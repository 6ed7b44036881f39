import { ActionIcon, Tooltip } from '@mantine/core';
import { IconPlayerSkipBack, IconPlayerTrackNext, IconPlayerTrackPrev, IconRepeat } from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { action, writeKeys } from '../actions.ts';
import { useFewShot, usePerform, useSettings, useStudio } from '../context.ts';
import { IS_MAC } from '../platform.ts';
import { stepsWanted } from './fewshot-plan.ts';
import { StepsPlot } from './steps-plot.tsx';
import styles from './strip.module.css';

const BUTTONS: readonly { readonly id: string; readonly icon: ComponentType<{ size: number }> }[] = [
  { id: 'first-step', icon: IconPlayerSkipBack },
  { id: 'previous-step', icon: IconPlayerTrackPrev },
  { id: 'next-step', icon: IconPlayerTrackNext },
  { id: 'all-steps', icon: IconRepeat },
];

/** The inner loop: what each step did to loss and accuracy, and the step that is shown. */
export function StepsStrip() {
  const { settings } = useStudio();
  const perform = usePerform();
  const { states, learner } = useFewShot(({ states, learner }) => ({ states, learner }));
  const innerSteps = useSettings(({ innerSteps }) => innerSteps);
  const wanted = learner ? stepsWanted(learner.card, { innerSteps }) : 0;
  const usual = learner?.card.kind === 'maml' ? learner.card.inner.steps : 0;
  return (
    <div className={styles.strip}>
      {usual > 0 && (
        <div className={styles.buttons} role="toolbar" aria-label="Inner steps">
          {BUTTONS.map(({ id, icon: Icon }) => {
            const { label, keys } = action(id);
            return (
              <Tooltip key={id} label={`${label} (${writeKeys(keys[0] ?? '', IS_MAC)})`}>
                <ActionIcon size="lg" variant="default" aria-label={label} onClick={() => perform(action(id))}>
                  <Icon size={18} />
                </ActionIcon>
              </Tooltip>
            );
          })}
        </div>
      )}
      <div className={styles.plot}>
        <StepsPlot
          points={states}
          planned={Math.max(usual, wanted, states.length - 1)}
          current={Math.min(wanted, Math.max(0, states.length - 1))}
          onStep={(steps) => settings.set({ innerSteps: steps === usual ? null : steps })}
        />
      </div>
    </div>
  );
}
