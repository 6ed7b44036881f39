import { ActionIcon } from '@mantine/core';
import { IconMinus, IconPlus } from '@tabler/icons-react';
import { formatNumber, formatPercent } from './numbers.ts';
import styles from './plots.module.css';

export interface ProbabilityEntry {
  /** Class index. */
  readonly index: number;
  readonly label: string;
  readonly probability: number;
  readonly logit: number;
}

export interface ProbabilityBarsProps {
  /** Most probable first. */
  readonly entries: readonly ProbabilityEntry[];
  /** The explained class. */
  readonly plus: number;
  /** Class subtracted from it, null for none. */
  readonly minus: number | null;
  readonly onPlus: (index: number) => void;
  /** null takes the subtraction off. */
  readonly onMinus: (index: number | null) => void;
  /** Names the list for a screen reader, “Top 5 classes”. */
  readonly label: string;
}

/** Classes with their probabilities; each can be the explained class or the one subtracted from it. */
export function ProbabilityBars({ entries, plus, minus, onPlus, onMinus, label }: ProbabilityBarsProps) {
  return (
    <ol className={styles.bars} aria-label={label}>
      {entries.map((entry) => {
        const role = entry.index === plus ? 'plus' : entry.index === minus ? 'minus' : undefined;
        return (
          <li
            key={entry.index}
            className={styles.barRow}
            data-role={role}
            title={`${entry.label} · class ${entry.index} · logit ${formatNumber(entry.logit)}`}
          >
            <span className={styles.barLabel}>{entry.label}</span>
            <span className={styles.barNumber}>{formatPercent(entry.probability, 1)}</span>
            <span className={styles.barTrack} aria-hidden="true">
              <span className={styles.barFill} style={{ width: `${100 * entry.probability}%` }} />
            </span>
            <span className={styles.barButtons}>
              <ActionIcon
                size="sm"
                variant={role === 'plus' ? 'filled' : 'subtle'}
                color={role === 'plus' ? 'red.9' : 'gray'}
                aria-pressed={role === 'plus'}
                aria-label={`Explain ${entry.label}`}
                onClick={() => onPlus(entry.index)}
              >
                <IconPlus size={14} />
              </ActionIcon>
              <ActionIcon
                size="sm"
                variant={role === 'minus' ? 'filled' : 'subtle'}
                color={role === 'minus' ? 'blue.9' : 'gray'}
                aria-pressed={role === 'minus'}
                aria-label={`Subtract ${entry.label}`}
                disabled={role === 'plus'}
                onClick={() => onMinus(role === 'minus' ? null : entry.index)}
              >
                <IconMinus size={14} />
              </ActionIcon>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
