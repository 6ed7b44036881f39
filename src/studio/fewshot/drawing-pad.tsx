import { ActionIcon, Button, SegmentedControl, Tooltip, VisuallyHidden } from '@mantine/core';
import { IconArrowBackUp, IconEraser, IconFocusCentered, IconTrash } from '@tabler/icons-react';
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import type { Pixels } from '../../runtime/preprocess.ts';
import type { Point } from '../seeing/reading.ts';
import styles from './capture.module.css';
import {
  BLANK,
  type Brush,
  begin,
  CHARACTER_SIDE,
  centre,
  clear,
  type Drawing,
  extend,
  pathOf,
  picture,
  redo,
  undo,
} from './strokes.ts';

export interface DrawingPadProps {
  /** Names the pad: “An example of Georgian/ani”. */
  readonly label: string;
  /** Stands on the empty sheet. */
  readonly hint?: string;
  /** With each screen frame in which the drawing changed; null for an empty sheet. */
  readonly onDraw?: (pixels: Pixels | null) => void;
  /** Present: the drawing is handed over by a button or Enter, and the sheet is empty for the next. */
  readonly onDone?: (pixels: Pixels) => void;
  readonly doneLabel?: string;
}

const BRUSH_OPTIONS = (['thin', 'medium', 'thick'] as const).map((value) => ({
  value,
  label: (
    <>
      <span className={styles.brush} data-brush={value} />
      <VisuallyHidden>{value}</VisuallyHidden>
    </>
  ),
}));

/** What an arrow key moves the pen by, and with Shift, in fractions of the sheet. */
const KEY_STEP = 1 / 56;
const LONG_KEY_STEP = 1 / 14;
const ARROWS: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** The bit of `buttons` that a pen turned upside down sets. */
const PEN_ERASER = 32;

/**
 * A sheet to draw on with mouse, pen, finger or keys. What is drawn stays where it was drawn; a faint frame shows the size that
 * characters have in the learner's training, and a button brings a drawing to it.
 */
export function DrawingPad({ label, hint = 'Draw here', onDraw, onDone, doneLabel = 'Use it' }: DrawingPadProps) {
  const [drawing, setDrawing] = useState(BLANK);
  const [brush, setBrush] = useState<Brush>('medium');
  const [erasing, setErasing] = useState(false);
  /** Where the keys have the pen, and whether it is on the sheet; null while a pointer draws. */
  const [pen, setPen] = useState<(Point & { readonly down: boolean }) | null>(null);
  const [said, setSaid] = useState('');
  const sheet = useRef<HTMLDivElement>(null);
  const drawingPointer = useRef<number>(null);
  const keys = useId();
  useDrawn(drawing, onDraw);
  useEffect(() => {
    // Two quick strokes of a finger are no double tap, after which a browser would swallow the tap on a button.
    const noGesture = (event: TouchEvent) => event.preventDefault();
    const pad = sheet.current;
    pad?.addEventListener('touchstart', noGesture, { passive: false });
    return () => pad?.removeEventListener('touchstart', noGesture);
  }, []);

  const blank = drawing.strokes.length === 0;
  const change = (next: (drawing: Drawing) => Drawing, words: string) => {
    setDrawing(next);
    setSaid(words);
  };

  function done(): void {
    const pixels = picture(drawing.strokes);
    if (!pixels || !onDone) return;
    onDone(pixels);
    setDrawing(BLANK);
    setPen((last) => last && { ...last, down: false });
    setSaid('Taken. The sheet is empty again.');
  }

  function pointsOf(event: PointerEvent): Point[] {
    const box = sheet.current?.getBoundingClientRect();
    if (!box) return [];
    // Browsers tell of fast moves once a frame; the moves between are what makes a curve round.
    const moves = event.nativeEvent.getCoalescedEvents?.() ?? [];
    return (moves.length > 0 ? moves : [event]).map(({ clientX, clientY }) => ({
      x: (clientX - box.left) / box.width,
      y: (clientY - box.top) / box.height,
    }));
  }

  function onPointerDown(event: PointerEvent<HTMLDivElement>): void {
    // One stroke at a time: a palm laid down beside the pen draws nothing.
    if (drawingPointer.current !== null || (event.pointerType === 'mouse' && event.button !== 0)) return;
    const [point] = pointsOf(event);
    if (!point) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drawingPointer.current = event.pointerId;
    setPen(null);
    setDrawing((old) => begin(old, point, brush, erasing || (event.buttons & PEN_ERASER) !== 0));
  }

  function onPointerMove(event: PointerEvent): void {
    if (event.pointerId !== drawingPointer.current) return;
    const points = pointsOf(event);
    setDrawing((old) => extend(old, points));
  }

  function onPointerEnd(event: PointerEvent): void {
    if (event.pointerId === drawingPointer.current) drawingPointer.current = null;
  }

  function movePen(dx: number, dy: number): void {
    const from = pen ?? { x: 0.5, y: 0.5, down: false };
    const within = (value: number) => Math.min(1, Math.max(0, value));
    const to = { x: within(from.x + dx), y: within(from.y + dy), down: from.down };
    setPen(to);
    if (to.down) setDrawing((old) => extend(old, [to]));
  }

  function putPen(): void {
    const at = pen ?? { x: 0.5, y: 0.5, down: false };
    setPen({ ...at, down: !at.down });
    if (!at.down) setDrawing((old) => begin(old, at, brush, erasing));
    setSaid(at.down ? 'Pen up' : 'Pen down');
  }

  function onKeyDown(event: KeyboardEvent): void {
    const control = event.ctrlKey || event.metaKey;
    const pressed = event.key.toLowerCase();
    const handled = () => {
      event.preventDefault();
      // The page's own shortcuts would take the same keys.
      event.stopPropagation();
    };
    if (control && pressed === 'z' && !event.shiftKey && drawing.past.length > 0) {
      handled();
      change(undo, 'Taken back');
    } else if (control && (pressed === 'y' || (pressed === 'z' && event.shiftKey)) && drawing.future.length > 0) {
      handled();
      change(redo, 'Drawn again');
    }
    const arrow = ARROWS[event.key];
    if (event.target !== sheet.current || control || event.altKey) return;
    const step = event.shiftKey ? LONG_KEY_STEP : KEY_STEP;
    if (arrow) movePen(arrow[0] * step, arrow[1] * step);
    else if (event.key === ' ') putPen();
    else if (event.key === 'Enter' && onDone) done();
    else if (event.key === 'Delete' && !blank) change(clear, 'The sheet is empty');
    else if (event.key === 'Escape' && pen?.down) setPen({ ...pen, down: false });
    else return;
    handled();
  }

  const frame = { x: (1 - CHARACTER_SIDE) / 2, y: (1 - CHARACTER_SIDE) / 2, width: CHARACTER_SIDE, height: CHARACTER_SIDE };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: undo works wherever the focus is in the pad
    <div className={styles.capture} onKeyDown={onKeyDown}>
      <div
        ref={sheet}
        className={styles.sheet}
        data-erasing={erasing || undefined}
        role="application"
        aria-roledescription="drawing pad"
        aria-label={label}
        aria-describedby={keys}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes the keyboard
        tabIndex={0}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerEnd}
        onPointerCancel={onPointerEnd}
        onBlur={() => setPen(null)}
      >
        <svg viewBox="0 0 1 1" aria-hidden="true">
          <rect className={styles.guide} {...frame} />
          {drawing.strokes.map((stroke, i) => (
            <path
              key={i}
              className={styles.stroke}
              data-erases={stroke.erases || undefined}
              strokeWidth={stroke.width}
              d={pathOf(stroke)}
            />
          ))}
          {pen && <circle className={styles.pen} data-down={pen.down || undefined} cx={pen.x} cy={pen.y} r={0.025} />}
        </svg>
        {blank && !pen && <span className={styles.hint}>{hint}</span>}
      </div>
      <VisuallyHidden id={keys}>
        Arrow keys move the pen, with Shift faster; Space puts it on the sheet and lifts it; Delete clears the sheet
        {onDone ? '; Enter takes the drawing.' : '.'}
      </VisuallyHidden>
      <div className={styles.tools} role="toolbar" aria-label="Drawing tools">
        <SegmentedControl
          className={styles.brushes}
          size="xs"
          aria-label="Brush"
          data={BRUSH_OPTIONS}
          value={brush}
          onChange={(value) => setBrush(value as Brush)}
        />
        <Tool label="Eraser" pressed={erasing} onClick={() => setErasing(!erasing)}>
          <IconEraser size={18} />
        </Tool>
        <Tool label="Undo the last stroke" disabled={drawing.past.length === 0} onClick={() => change(undo, 'Taken back')}>
          <IconArrowBackUp size={18} />
        </Tool>
        <Tool label="Bring the drawing to the middle" disabled={blank} onClick={() => change(centre, 'Centred')}>
          <IconFocusCentered size={18} />
        </Tool>
        <Tool label="Clear the sheet" disabled={blank} onClick={() => change(clear, 'The sheet is empty')}>
          <IconTrash size={18} />
        </Tool>
        {onDone && (
          <Button className={styles.done} size="sm" disabled={blank} onClick={done}>
            {doneLabel}
          </Button>
        )}
      </div>
      <VisuallyHidden role="status">{said}</VisuallyHidden>
    </div>
  );
}

interface ToolProps {
  readonly label: string;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

function Tool({ label, pressed, disabled, onClick, children }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        className={styles.tool}
        variant="subtle"
        color="gray"
        size={32}
        aria-label={label}
        aria-pressed={pressed}
        data-pressed={pressed || undefined}
        disabled={disabled ?? false}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

/** Tells of a changed drawing once a frame, however often it changed. */
function useDrawn({ strokes }: Drawing, onDraw: DrawingPadProps['onDraw']): void {
  const latest = useRef({ strokes, onDraw });
  const told = useRef(strokes);
  const frame = useRef(0);
  useEffect(() => {
    latest.current = { strokes, onDraw };
    if (told.current === strokes || frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      told.current = latest.current.strokes;
      latest.current.onDraw?.(picture(told.current));
    });
  }, [strokes, onDraw]);
  useEffect(
    () => () => {
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    },
    [],
  );
}
