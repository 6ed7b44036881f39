import { formatPercent } from '../seeing/numbers.ts';
import { likeliest } from './board-words.ts';
import type { BoardClass } from './fewshot-status.ts';
import { PictureCanvas } from './picture-canvas.tsx';
import styles from './query.module.css';

export interface ProbabilitiesProps {
  readonly classes: readonly BoardClass[];
  /** By way; null while nothing is asked about: the rows keep their places. */
  readonly probabilities: Float32Array | null;
}

const THUMBNAIL = 28;

/** Every class of the episode with its probability, in the order of the board, so that nothing moves while one draws. */
export function Probabilities({ classes, probabilities }: ProbabilitiesProps) {
  const best = likeliest(probabilities);
  return (
    <ol className={styles.bars} aria-label="Probability of each class" data-many={classes.length > 10 || undefined}>
      {classes.map(({ name, examples: [first] }, way) => {
        const share = probabilities?.[way];
        const known = share !== undefined && Number.isFinite(share);
        return (
          <li key={way} className={styles.bar} data-best={way === best || undefined} title={name}>
            <span className={styles.face}>{first && <PictureCanvas pixels={first} side={THUMBNAIL} alt="" />}</span>
            <span className={styles.barName}>{name}</span>
            <span className={styles.share}>{known ? formatPercent(share, 1) : '–'}</span>
            <span className={styles.track} aria-hidden="true">
              <span className={styles.fill} style={{ width: `${known ? 100 * share : 0}%` }} />
            </span>
          </li>
        );
      })}
    </ol>
  );
}
