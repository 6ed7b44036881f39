import { type RefObject, useCallback, useEffect, useState } from 'react';
import { toPicture, WHOLE, zoomAt } from './zoom.ts';

/** Wheel units (pixels) that double the zoom. */
const WHEEL_DOUBLES_AT = 120;

/** Holds the crop; Ctrl or ⌘ with the wheel (a pinch on a trackpad) zooms around the pointer. */
export function useZoom(frame: RefObject<HTMLElement | null>) {
  const [crop, setCrop] = useState(WHOLE);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const place = { y: (event.clientY - box.top) / box.height, x: (event.clientX - box.left) / box.width };
      setCrop((old) => zoomAt(old, 2 ** (-event.deltaY / WHEEL_DOUBLES_AT), toPicture(old, place)));
    };
    // React's own wheel listeners are passive and could not keep the page from zooming.
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [frame]);
  return { crop, setCrop, reset: useCallback(() => setCrop(WHOLE), []) };
}
