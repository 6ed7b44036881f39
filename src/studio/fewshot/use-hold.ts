import { type KeyboardEvent, type MouseEvent, type PointerEvent, useEffect, useRef } from 'react';

/** Held so long, a button acts again and again. Milliseconds. */
const HELD_AFTER = 450;
const AGAIN_AFTER = 250;

/** A button that acts once when pressed and, while it is held by pointer, Enter or Space, again and again. */
export function useHold(act: () => void) {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  }, [act]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const stop = () => clearTimeout(timer.current);
  useEffect(() => () => clearTimeout(timer.current), []);

  function start(): void {
    stop();
    const again = (after: number) => {
      latest.current();
      timer.current = setTimeout(() => again(AGAIN_AFTER), after);
    };
    again(HELD_AFTER);
  }
  const presses = ({ key }: KeyboardEvent) => key === 'Enter' || key === ' ';

  return {
    onPointerDown: (event: PointerEvent) => event.button === 0 && start(),
    onPointerUp: stop,
    onPointerCancel: stop,
    onPointerLeave: stop,
    onKeyDown: (event: KeyboardEvent) => {
      if (!presses(event)) return;
      event.preventDefault();
      if (!event.repeat) start();
    },
    onKeyUp: (event: KeyboardEvent) => {
      if (!presses(event)) return;
      event.preventDefault();
      stop();
    },
    onBlur: stop,
    // A press that came by neither pointer nor key, as from a screen reader or a voice.
    onClick: (event: MouseEvent) => event.detail === 0 && latest.current(),
  };
}
