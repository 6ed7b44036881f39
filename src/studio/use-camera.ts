import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import {
  type CameraDevice,
  cameraOf,
  camerasOf,
  endStream,
  facesReader,
  noteOn,
  openCamera,
  reasonOf,
  UNPLUGGED,
} from './camera-stream.ts';
import { useSettings, useStudio } from './context.ts';

export type CameraState =
  | { readonly kind: 'off' | 'starting' }
  | { readonly kind: 'on'; readonly mirrored: boolean; readonly note: string | null }
  | { readonly kind: 'failed'; readonly problem: string };

export interface UsedCamera {
  readonly state: CameraState;
  /** For the element it is seen in, which stays whatever the state. */
  readonly place: RefObject<HTMLDivElement | null>;
  /** For the element that shows it, which stays too. */
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly retry: () => void;
  /** Which camera is used, or is being started, and of which it can be told apart. */
  readonly choice: CameraChoice;
}

export interface CameraChoice {
  readonly cameras: readonly CameraDevice[];
  readonly used: string | null;
  readonly choose: (id: string) => void;
}

const OFF: CameraState = { kind: 'off' };

/**
 * The camera while it is wanted and can be seen: its stream ends when its place goes, is hidden, or the page is in the
 * background, and begins again when that is over.
 */
export function useCamera(wanted: boolean): UsedCamera {
  const { settings } = useStudio();
  const chosen = useSettings(({ camera }) => camera);
  const place = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState(OFF);
  const [attempt, setAttempt] = useState(0);
  const [cameras, setCameras] = useState<readonly CameraDevice[]>([]);
  const [used, setUsed] = useState(chosen);
  /** The camera whose stream ended by itself. */
  const lost = useRef<string | null>(null);
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
    const list = async () => {
      const known = camerasOf(await navigator.mediaDevices.enumerateDevices());
      if (!closed) setCameras(known);
      return known;
    };
    const goOn = async (gone: string | null) => {
      const others = (await list()).filter(({ id }) => id !== gone);
      if (closed) return;
      // Cameras that end one after another would take turns for ever.
      if (others.length === 0 || lost.current !== null) return fail(UNPLUGGED);
      lost.current = gone;
      setAttempt((last) => last + 1);
    };
    const begin = async () => {
      stream = await openCamera(chosen);
      if (closed || !shown) {
        endStream(stream);
        return;
      }
      const mirrored = facesReader(stream);
      const id = cameraOf(stream);
      const note = noteOn(id, chosen, lost.current);
      for (const track of stream.getVideoTracks()) track.onended = () => void goOn(id);
      shown.onplaying = () => {
        if (closed) return;
        setUsed(id);
        setState({ kind: 'on', mirrored, note });
      };
      shown.srcObject = stream;
      await list();
    };
    const relist = () => void list();
    setState({ kind: 'starting' });
    begin().catch((error: unknown) => {
      fail(reasonOf(error));
      // Where one cannot be used, another may be chosen.
      list().catch(() => undefined);
    });
    navigator.mediaDevices?.addEventListener('devicechange', relist);
    return () => {
      closed = true;
      navigator.mediaDevices?.removeEventListener('devicechange', relist);
      endStream(stream);
      if (shown) {
        shown.onplaying = null;
        shown.srcObject = null;
      }
      setState(OFF);
    };
  }, [wanted, seen, attempt, chosen]);
  const retry = useCallback(() => {
    lost.current = null;
    setAttempt((last) => last + 1);
  }, []);
  const choose = (id: string) => {
    setUsed(id);
    settings.set({ camera: id });
    // The one chosen before may be back.
    retry();
  };
  return { state, place, video, retry, choice: { cameras, used, choose } };
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
