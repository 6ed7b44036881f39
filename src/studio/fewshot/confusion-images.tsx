import { Button, CloseButton } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { ConfusionCell } from '../../fewshot/evaluation.ts';
import styles from './confusion.module.css';
import type { StudioPool } from './pool.ts';
import { PoolPicture } from './pool-picture.tsx';

/** Pictures shown at first, and added at each asking. */
const BATCH = 24;
const SIDE = 56;

export interface ConfusionImagesProps {
  readonly title: string;
  readonly cells: readonly ConfusionCell[];
  readonly pool: StudioPool;
  readonly onClose: () => void;
}

/** The pictures behind a cell of the matrix, pair of classes by pair, each beside one of the class it was taken for. */
export function ConfusionImages({ title, cells, pool, onClose }: ConfusionImagesProps) {
  const [shown, setShown] = useState(BATCH);
  const section = useRef<HTMLElement>(null);
  // The cell that was asked about may stand a screen higher.
  useEffect(() => {
    section.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  const total = cells.reduce((sum, { queries }) => sum + queries.length, 0);
  let room = shown;
  const parts = cells.flatMap((cell) => {
    const queries = cell.queries.slice(0, Math.max(0, room));
    room -= queries.length;
    return queries.length === 0 ? [] : [{ ...cell, queries }];
  });
  const nameOf = (index: number) => pool.classes[index]?.name ?? '';
  return (
    <section ref={section} className={styles.images} aria-label={title}>
      <div className={styles.imagesHead}>
        <h3>
          {title} <small>{total === 1 ? '1 picture' : `${total} pictures`}</small>
        </h3>
        <CloseButton size="sm" aria-label="Close the pictures" onClick={onClose} />
      </div>
      {parts.map(({ actual, predicted, queries }) => (
        <div key={`${actual} ${predicted}`} className={styles.part}>
          {actual !== predicted && (
            <figure className={styles.taken}>
              <PoolPicture pool={pool} classIndex={predicted} image={0} side={SIDE} alt="" />
              <figcaption>
                for <strong>{nameOf(predicted)}</strong>, which looks like this
              </figcaption>
            </figure>
          )}
          <ul className={styles.pictures} aria-label={`${nameOf(actual)} taken for ${nameOf(predicted)}`}>
            {queries.map(({ episode, image }) => (
              <li key={`${episode} ${image}`}>
                <PoolPicture
                  pool={pool}
                  classIndex={actual}
                  image={image}
                  side={SIDE}
                  alt={`${nameOf(actual)}, picture ${image + 1}`}
                />
                <small>
                  episode {episode + 1}
                  <br />
                  picture {image + 1}
                </small>
              </li>
            ))}
          </ul>
        </div>
      ))}
      {total > shown && (
        <Button size="compact-sm" variant="default" onClick={() => setShown(shown + BATCH)}>
          Show {Math.min(BATCH, total - shown)} more of {total - shown}
        </Button>
      )}
    </section>
  );
}
