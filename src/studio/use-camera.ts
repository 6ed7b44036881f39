import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { endStream, facesReader, openCamera, reasonOf, UNPLUGGED } from './camera-stream.ts';

export type CameraState =
  | { readonly kind: 'off' | 'starting' }
  | { readonly kind: 'on'; readonly mirrored: boolean }
  | { readonly kind: 'failed'; readonly problem: string };

export interface UsedCamera {
  readonly state: CameraState;
  /** For the element it is seen in, which stays whatever the state. */
  readonly place: RefObject<HTMLDivElement | null>;
  /** For the element that shows it, which stays too. */
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly retry: () => void;
}

const OFF: CameraState = { kind: 'off' };

/**
 * The camera while it is wanted and can be seen: its stream ends when its place goes, is hidden, or the page is in the
 * background, and begins again when that is over.
 */
export function useCamera(wanted: boolean): UsedCamera {
  const place = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState(OFF);
  const [attempt, setAttempt] = useState(0);
  const seen = useSeen(place);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks again
  useEffect(() => {
    if (!wanted || !seen) return;
    let closed = false;
    let stream: MediaStream | null = null;
    const shown = video.current;
    const fail = (problem: string) => {
      endStream(stream);
      if (!closed) setState({ kind: 'failed', problem });
    };
    const begin = async () => {
      stream = await openCamera();
      if (closed || !shown) {
        endStream(stream);
        return;
      }
      const mirrored = facesReader(stream);
      for (const track of stream.getVideoTracks()) track.onended = () => fail(UNPLUGGED);
      shown.onplaying = () => !closed && setState({ kind: 'on', mirrored });
      shown.srcObject = stream;
    };
    setState({ kind: 'starting' });
    begin().catch((error: unknown) => fail(reasonOf(error)));
    return () => {
      closed = true;
      endStream(stream);
      if (shown) {
        shown.onplaying = null;
        shown.srcObject = null;
      }
      setState(OFF);
    };
  }, [wanted, seen, attempt]);
  return { state, place, video, retry: useCallback(() => setAttempt((last) => last + 1), []) };
}

/** Whether an element has a place on a page that is in front. */
function useSeen(element: RefObject<HTMLElement | null>): boolean {
  const [placed, setPlaced] = useState(false);
  const [front, setFront] = useState(!document.hidden);
  useEffect(() => {
    const follow = () => setFront(!document.hidden);
    document.addEventListener('visibilitychange', follow);
    // Within something hidden, elements have no size.
    const observer = new ResizeObserver(([entry]) => setPlaced((entry?.contentRect.width ?? 0) > 0));
    if (element.current) observer.observe(element.current);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      observer.disconnect();
    };
  }, [element]);
  return placed && front;
}
