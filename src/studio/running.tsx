import { Button } from '@mantine/core';
import { IconPlayerStop } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { Activity } from './jobs.ts';
import styles from './stage.module.css';
import { activityLabel } from './view.ts';

/** Shorter waits are not worth a progress bar. Milliseconds. */
const PATIENCE = 300;

/** What runs, once it has run for a moment, and only then. */
export function useLasting<T extends { readonly activity: Activity }>(running: T | null): T | null {
  const [, tick] = useState(0);
  const since = running?.activity.since ?? Number.POSITIVE_INFINITY;
  useEffect(() => {
    if (!Number.isFinite(since)) return;
    const timer = setTimeout(() => tick((count) => count + 1), Math.max(0, PATIENCE - (performance.now() - since)) + 1);
    return () => clearTimeout(timer);
  }, [since]);
  return running && performance.now() - since >= PATIENCE ? running : null;
}

/** What runs, and a button that ends it. */
export function Running({ activity, onStop }: { activity: Activity; onStop: () => void }) {
  return (
    <span className={styles.running}>
      <span className={styles.runningLabel}>{activityLabel(activity)}</span>
      <Button size="compact-xs" variant="default" leftSection={<IconPlayerStop size={12} />} onClick={onStop}>
        Stop
      </Button>
    </span>
  );
}
