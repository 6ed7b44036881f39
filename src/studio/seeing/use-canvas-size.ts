import { type RefObject, useLayoutEffect, useState } from 'react';

export interface CanvasSize {
  /** Device pixels. */
  readonly height: number;
  readonly width: number;
}

/** Size of an element in whole device pixels; null before the first layout. */
export function useCanvasSize(element: RefObject<HTMLElement | null>): CanvasSize | null {
  const [size, setSize] = useState<CanvasSize | null>(null);
  useLayoutEffect(() => {
    const observed = element.current;
    if (!observed) return;
    const store = (width: number, height: number) =>
      setSize((old) => (old?.width === width && old.height === height ? old : { width, height }));
    const observer = new ResizeObserver(([entry]) => {
      const exact = entry?.devicePixelContentBoxSize?.[0];
      if (exact) store(exact.inlineSize, exact.blockSize);
      else if (entry) {
        // Safari has no device-pixel box (checked with 18).
        store(Math.round(entry.contentRect.width * devicePixelRatio), Math.round(entry.contentRect.height * devicePixelRatio));
      }
    });
    try {
      observer.observe(observed, { box: 'device-pixel-content-box' });
    } catch {
      observer.observe(observed);
    }
    return () => observer.disconnect();
  }, [element]);
  return size;
}
