import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { ErrorMessage } from '../runtime/protocol.ts';
import { useStatus, useStudio } from './context.ts';
import type { Place } from './explain-status.ts';
import styles from './panels.module.css';

interface ProblemProps {
  readonly error: ErrorMessage;
  readonly onRetry?: () => void;
  readonly onDismiss?: () => void;
  /** Another way on, as a button. */
  readonly children?: ReactNode;
}

/** An error where the trouble is: what happened, what to do, and a way on. */
export function Problem({ error, onRetry, onDismiss, children }: ProblemProps) {
  const calm = error.code === 'cancelled';
  return (
    <div className={styles.problem} data-calm={calm || undefined} role={calm ? 'status' : 'alert'}>
      {!calm && <IconAlertTriangle size={16} aria-hidden="true" />}
      <p>
        {error.message} {error.remedy}
      </p>
      <span className={styles.problemButtons}>
        {children}
        {onRetry && (
          <Button size="compact-xs" variant="default" onClick={onRetry}>
            {calm ? 'Go on' : 'Try again'}
          </Button>
        )}
        {onDismiss && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={onDismiss}>
            Dismiss
          </Button>
        )}
      </span>
    </div>
  );
}

/** The problem of a place, if there is one. */
export function ProblemOf({ place, retry = false }: { place: Place; retry?: boolean }) {
  const { controller } = useStudio();
  const error = useStatus(({ problems }) => problems[place]);
  if (!error) return null;
  return (
    <Problem
      error={error}
      {...(retry || error.code === 'cancelled' ? { onRetry: controller.retry } : {})}
      onDismiss={() => controller.report(place, null)}
    />
  );
}

/** What was wrong with settings that came from outside, or could not be kept: the same in every workspace. */
export function SettingsProblems() {
  return (
    <>
      <ProblemOf place="link" />
      <ProblemOf place="session" />
      <ProblemOf place="storage" />
    </>
  );
}
