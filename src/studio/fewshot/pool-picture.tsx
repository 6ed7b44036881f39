import { useEffect, useRef, useState } from 'react';
import type { Pixels } from '../../runtime/preprocess.ts';
import { PictureCanvas } from './picture-canvas.tsx';
import type { StudioPool } from './pool.ts';
import styles from './pool-picture.module.css';

/** Begins to load this long before a picture scrolls into view. */
const AHEAD = '200px';

export interface PoolPictureProps {
  readonly pool: StudioPool;
  readonly classIndex: number;
  readonly image: number;
  /** In CSS pixels. */
  readonly side: number;
  /** '' where words beside it say what it is. */
  readonly alt: string;
}

/** A picture of a pool, asked for when it is about to be seen. */
export function PoolPicture({ pool, classIndex, image, side, alt }: PoolPictureProps) {
  const holder = useRef<HTMLSpanElement>(null);
  const [loaded, setLoaded] = useState<Pixels | 'failed' | null>(null);
  useEffect(() => {
    setLoaded(null);
    if (!holder.current) return;
    let gone = false;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return;
        observer.disconnect();
        pool.picture(classIndex, image).then(
          (pixels) => gone || setLoaded(pixels),
          () => gone || setLoaded('failed'),
        );
      },
      { rootMargin: AHEAD },
    );
    observer.observe(holder.current);
    return () => {
      gone = true;
      observer.disconnect();
    };
  }, [pool, classIndex, image]);
  return (
    <span ref={holder} className={styles.tile} style={{ width: side, height: side }}>
      {loaded === 'failed' ? (
        <span className={styles.failed}>not readable</span>
      ) : (
        loaded && <PictureCanvas pixels={loaded} side={side} alt={alt} />
      )}
    </span>
  );
}
