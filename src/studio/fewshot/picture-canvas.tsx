import { memo, useEffect, useRef } from 'react';
import type { Pixels } from '../../runtime/preprocess.ts';
import { thumbnail } from '../pictures.ts';
import styles from './picture.module.css';

export interface PictureCanvasProps {
  readonly pixels: Pixels;
  /** Longest side it is shown at, in CSS pixels. */
  readonly side: number;
  /** '' where an element around it says what it is. */
  readonly alt: string;
}

/** A picture as it is, filling a square; small ones keep their pixels. */
export const PictureCanvas = memo(function PictureCanvas({ pixels, side, alt }: PictureCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const small = thumbnail(pixels, side * devicePixelRatio);
    context.canvas.width = small.width;
    context.canvas.height = small.height;
    context.putImageData(small, 0, 0);
  }, [pixels, side]);
  const naming = alt === '' ? { 'aria-hidden': true } : { role: 'img', 'aria-label': alt };
  return (
    <canvas
      ref={canvas}
      className={styles.picture}
      data-enlarged={Math.max(pixels.width, pixels.height) < side || undefined}
      {...naming}
    />
  );
});
