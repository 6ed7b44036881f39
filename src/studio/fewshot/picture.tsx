import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Pixels } from '../../runtime/preprocess.ts';
import { thumbnail } from '../pictures.ts';
import styles from './picture.module.css';
import type { StudioPool } from './pool.ts';

/** Begins to load this long before a picture scrolls into view. */
const AHEAD = '200px';

export interface PictureProps {
  readonly pixels: Pixels | null;
  /** Long side in CSS pixels. */
  readonly side: number;
  /** '' where words beside it say what it is. */
  readonly alt: string;
}

/** A small picture; an empty tile of the same size while there is none. */
export function Picture({ pixels, side, alt }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element || !pixels) return;
    const data = thumbnail(pixels, side * devicePixelRatio);
    element.width = data.width;
    element.height = data.height;
    element.getContext('2d')?.putImageData(data, 0, 0);
  }, [pixels, side]);
  return (
    <span className={styles.tile} style={{ width: side, height: side }}>
      {pixels && <canvas ref={canvas} {...(alt === '' ? { 'aria-hidden': true } : { role: 'img', 'aria-label': alt })} />}
    </span>
  );
}

export interface PoolPictureProps {
  readonly pool: StudioPool;
  readonly classIndex: number;
  readonly image: number;
  readonly side: number;
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
    <span ref={holder} className={styles.lazy}>
      <Picture pixels={loaded === 'failed' ? null : loaded} side={side} alt={alt} />
      {loaded === 'failed' && (
        <span className={styles.failed} title="This picture could not be read.">
          not read
        </span>
      )}
    </span>
  );
}
