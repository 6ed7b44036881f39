import { UnstyledButton } from '@mantine/core';
import { formatPercent } from '../seeing/numbers.ts';
import { likeliest } from './board-words.ts';
import type { BoardClass } from './fewshot-status.ts';
import { PictureCanvas } from './picture-canvas.tsx';
import styles from './query.module.css';

export interface ProbabilitiesProps {
  readonly classes: readonly BoardClass[];
  /** By way; null while nothing is asked about: the rows keep their places. */
  readonly probabilities: Float32Array | null;
  /** The class a reason is shown for; null where none is. */
  readonly shown: number | null;
  /** Asks why, or why not, this class. */
  readonly onPress: (way: number) => void;
}

const THUMBNAIL = 28;

/** Every class of the episode with its probability, in the order of the board, so that nothing moves while one draws. Each can be asked about. */
export function Probabilities({ classes, probabilities, shown, onPress }: ProbabilitiesProps) {
  const best = likeliest(probabilities);
  return (
    <ol className={styles.bars} aria-label="Probability of each class" data-many={classes.length > 10 || undefined}>
      {classes.map(({ name, examples: [first] }, way) => {
        const share = probabilities?.[way];
        const known = share !== undefined && Number.isFinite(share);
        return (
          <li key={way}>
            <UnstyledButton
              className={styles.bar}
              data-best={way === best || undefined}
              title={`${name}\nWhy this class, or why not?`}
              aria-pressed={known && way === shown}
              disabled={!known}
              onClick={() => onPress(way)}
            >
              <span className={styles.face}>{first && <PictureCanvas pixels={first} side={THUMBNAIL} alt="" />}</span>
              <span className={styles.barName}>{name}</span>
              <span className={styles.share}>{known ? formatPercent(share, 1) : '–'}</span>
              <span className={styles.track} aria-hidden="true">
                <span className={styles.fill} style={{ width: `${known ? 100 * share : 0}%` }} />
              </span>
            </UnstyledButton>
          </li>
        );
      })}
    </ol>
  );
}
