import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { MapData } from '../../runtime/protocol.ts';
import { colourOf } from './colormap.ts';
import { MapCanvas } from './MapCanvas.tsx';
import { formatPercent, formatReading } from './numbers.ts';
import { cellAt, describeReading, extremePoint, type Point, readAt, stepPoint } from './reading.ts';
import styles from './seeing.module.css';
import type { Explained, MapLook, Picking, Reading, ViewStatus } from './types.ts';
import { useZoom } from './use-zoom.ts';
import { type Crop, pan, reveal, toPicture, ZOOM_STEP, zoomAt } from './zoom.ts';

export interface MapViewProps {
  /** The part of the photograph the model saw, at any resolution; the map covers it exactly. */
  readonly picture: ImageData | null;
  readonly map: MapData | null;
  readonly look: MapLook;
  /** End of the colour scale, > 0 (see `resolveLimit`). */
  readonly limit: number;
  /** Unit of the map's values, as the legend says it. */
  readonly unit: string;
  readonly explained: Explained | null;
  /** States the finding (see `finding`). */
  readonly alt: string;
  readonly status?: ViewStatus;
  readonly picking?: Picking | null;
  readonly onRead?: (reading: Reading | null) => void;
  /** Shown in place of the picture while there is none: what will appear, and the one thing to do. */
  readonly empty?: ReactNode;
}

/** Cells per arrow key with Shift held. */
const LONG_STEP = 10;
/** A held arrow key must not flood a screen reader. */
const ANNOUNCE_AFTER_MS = 400;
/** Finer grids are not drawn in full: their lines would cover the picture. */
const FINEST_GRID = 32;
/** A click that trembles is still a click. */
const DRAG_FROM_PX = 4;

const ARROWS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/**
 * The stage: a picture with a map over it, as large as its container allows. Pointer or arrow keys read the value under
 * a point; Home and End go to what speaks most for and against; in picking mode a click or Enter chooses a position.
 * Ctrl with the wheel, + and − zoom; dragging moves; 0 or a double click shows all.
 */
export function MapView(props: MapViewProps) {
  const { picture, map, look, limit, unit, explained, alt, picking, onRead, empty } = props;
  const status = props.status ?? { kind: 'ready' };
  const [point, setPoint] = useState<Point | null>(null);
  const [byKeyboard, setByKeyboard] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const { crop, setCrop, reset } = useZoom(frame);
  const drag = useRef<{ y: number; x: number; moved: boolean }>(null);
  const reading = useMemo(() => (point ? readAt(point, map, picture) : null), [point, map, picture]);
  const spoken = useSettled(byKeyboard && reading ? describeReading(reading, limit) : '', ANNOUNCE_AFTER_MS);

  const report = useRef(onRead);
  useEffect(() => {
    report.current = onRead;
  }, [onRead]);
  useEffect(() => report.current?.(reading), [reading]);

  // Another photograph is seen whole first; another map of the same one stays where the reader was looking.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the picture is what the effect waits for
  useEffect(reset, [picture, reset]);

  const ratio = picture ? picture.width / picture.height : map ? map.width / map.height : 1;
  const grid = picking ?? map ?? picture;

  function pick(at: Point): void {
    picking?.onPick(cellAt(at.y, picking.height), cellAt(at.x, picking.width));
  }

  function placeOf(event: PointerEvent | MouseEvent): Point {
    const box = frame.current?.getBoundingClientRect();
    return box ? { y: (event.clientY - box.top) / box.height, x: (event.clientX - box.left) / box.width } : { y: 0.5, x: 0.5 };
  }

  function onPointerDown(event: PointerEvent<HTMLDivElement>): void {
    drag.current = { y: event.clientY, x: event.clientX, moved: false };
    onPointerMove(event);
  }

  function onPointerMove(event: PointerEvent<HTMLDivElement>): void {
    const start = drag.current;
    let seen = crop;
    if (start && event.buttons !== 0 && crop.side < 1) {
      const dy = event.clientY - start.y;
      const dx = event.clientX - start.x;
      if (start.moved || Math.hypot(dy, dx) >= DRAG_FROM_PX) {
        const box = event.currentTarget.getBoundingClientRect();
        drag.current = { y: event.clientY, x: event.clientX, moved: true };
        seen = pan(crop, (-dy / box.height) * crop.side, (-dx / box.width) * crop.side);
        setCrop(seen);
      }
    }
    setByKeyboard(false);
    setPoint(toPicture(seen, placeOf(event)));
  }

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    if (!grid || event.altKey || event.ctrlKey || event.metaKey || event.target !== event.currentTarget) return;
    const here = point ?? startOf(picking);
    const arrow = ARROWS[event.key];
    let next: Point | null = null;
    if (arrow) {
      const cells = event.shiftKey ? LONG_STEP : 1;
      next = stepPoint(here, arrow[0] * cells, arrow[1] * cells, grid.height, grid.width);
    } else if (map && (event.key === 'Home' || event.key === 'End')) {
      next = extremePoint(map, event.key === 'Home' ? 1 : -1);
    } else if (picking && (event.key === 'Enter' || event.key === ' ')) {
      pick(here);
    } else if (event.key === '+' || event.key === '=') {
      setCrop((old) => zoomAt(old, ZOOM_STEP, here));
    } else if (event.key === '-') {
      setCrop((old) => zoomAt(old, 1 / ZOOM_STEP, here));
    } else if (event.key === '0') {
      reset();
    } else if (event.key === 'Escape' && point) {
      setPoint(null);
    } else {
      return;
    }
    event.preventDefault();
    if (!next) return;
    const target = next;
    setByKeyboard(true);
    setPoint(target);
    setCrop((old) => reveal(old, target));
  }

  return (
    <figure className={styles.view} data-stage>
      <div className={styles.stage}>
        <div
          ref={frame}
          className={styles.frame}
          style={{ '--ratio': ratio } as CSSProperties}
          role="application"
          aria-roledescription="explained picture"
          aria-label={
            picking ? `${picking.label}. Arrow keys move, Enter picks.` : 'Read values: arrow keys move the reading point.'
          }
          aria-busy={status.kind === 'running'}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes the keyboard
          tabIndex={0}
          data-picking={picking ? true : undefined}
          onPointerMove={onPointerMove}
          onPointerDown={onPointerDown}
          onPointerLeave={() => setPoint(null)}
          onClick={(event) => {
            if (!drag.current?.moved) pick(toPicture(crop, placeOf(event)));
          }}
          onDoubleClick={picking ? undefined : reset}
          onKeyDown={onKeyDown}
          onBlur={() => setPoint(null)}
        >
          <MapCanvas
            className={styles.canvas}
            crop={crop.side === 1 ? undefined : crop}
            picture={picture}
            map={map}
            look={look}
            limit={limit}
            alt={alt || 'Nothing to show yet'}
          />
          {!picture && !map && <div className={styles.empty}>{empty}</div>}
          <div className={styles.world} style={worldStyle(crop)}>
            {picking && <PickGrid picking={picking} point={point} />}
            {point && <Crosshair point={point} />}
          </div>
          <Veil status={status} />
        </div>
        {crop.side < 1 && (
          <button type="button" className={styles.zoom} onClick={reset} title="Show all (0, or double-click)">
            {(1 / crop.side).toFixed(1)}×
          </button>
        )}
      </div>
      <figcaption className={styles.caption}>
        <Caption explained={explained} />
        <Readout reading={reading} map={map} look={look} limit={limit} unit={unit} />
      </figcaption>
      <div className={styles.spoken} aria-live="polite">
        {spoken}
      </div>
    </figure>
  );
}

/** Where the keyboard's reading point starts: at the chosen position, else in the middle. */
function startOf(picking: Picking | null | undefined): Point {
  if (!picking?.current) return { y: 0.5, x: 0.5 };
  return { y: (picking.current[0] + 0.5) / picking.height, x: (picking.current[1] + 0.5) / picking.width };
}

/** Places the whole picture's area so that the crop fills the frame. */
function worldStyle({ y, x, side }: Crop): CSSProperties {
  return { top: `${(-100 * y) / side}%`, left: `${(-100 * x) / side}%`, width: `${100 / side}%`, height: `${100 / side}%` };
}

/** The value once it has not changed for a while. */
function useSettled(value: string, milliseconds: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}

function Crosshair({ point }: { readonly point: Point }) {
  const x = 100 * point.x;
  const y = 100 * point.y;
  return (
    <>
      <svg className={styles.overlay} viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
        {(['edge', 'line'] as const).map((part) => (
          <path key={part} className={styles[part]} d={`M${x} 0V100M0 ${y}H100`} />
        ))}
      </svg>
      <span className={styles.point} style={{ left: `${x}%`, top: `${y}%` }} />
    </>
  );
}

/** The layer's positions, the one under the point, and the chosen one. */
function PickGrid({ picking, point }: { readonly picking: Picking; readonly point: Point | null }) {
  const { height, width, current } = picking;
  const full = Math.max(height, width) <= FINEST_GRID;
  const lines = full
    ? [
        ...Array.from({ length: height - 1 }, (_, i) => `M0 ${i + 1}H${width}`),
        ...Array.from({ length: width - 1 }, (_, i) => `M${i + 1} 0V${height}`),
      ]
    : [];
  return (
    <svg className={styles.overlay} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path className={styles.grid} d={lines.join('')} />
      {point && <rect className={styles.cellHover} x={cellAt(point.x, width)} y={cellAt(point.y, height)} width={1} height={1} />}
      {current && <rect className={styles.cellCurrentEdge} x={current[1]} y={current[0]} width={1} height={1} />}
      {current && <rect className={styles.cellCurrent} x={current[1]} y={current[0]} width={1} height={1} />}
    </svg>
  );
}

function Veil({ status }: { readonly status: ViewStatus }) {
  const running = status.kind === 'running' ? status : null;
  return (
    <div className={styles.veil} data-on={status.kind !== 'ready' || undefined}>
      {running && (
        <>
          <progress
            className={styles.progress}
            aria-label={running.label}
            {...(running.fraction === null ? {} : { value: running.fraction })}
          />
          <span className={styles.chip}>
            {running.label}
            {running.fraction !== null && ` · ${formatPercent(running.fraction)}`}
          </span>
        </>
      )}
      {status.kind === 'stale' && <span className={styles.chip}>Out of date</span>}
    </div>
  );
}

function Caption({ explained }: { readonly explained: Explained | null }) {
  if (!explained) return <span className={styles.explained} />;
  const { method, target, layer, start, model } = explained;
  const details = [layer ?? 'input', start, model].filter((part) => part !== null && part !== '');
  return (
    <span className={styles.explained}>
      <strong>{[method, target].filter((part) => part !== '').join(', ')}</strong>{' '}
      <span className={styles.quiet}>{details.join(' · ')}</span>
    </span>
  );
}

interface ReadoutProps {
  readonly reading: Reading | null;
  readonly map: MapData | null;
  readonly look: MapLook;
  readonly limit: number;
  readonly unit: string;
}

function Readout({ reading, map, look, limit, unit }: ReadoutProps) {
  if (!reading) {
    return <span className={`${styles.readout} ${styles.quiet}`}>{map ? 'Point at the picture to read values' : ''}</span>;
  }
  const swatch = (rgb: readonly number[]) => <span className={styles.swatch} style={{ background: `rgb(${rgb.join(' ')})` }} />;
  return (
    <span className={styles.readout}>
      <span className={styles.quiet}>
        x {formatPercent(reading.x)}, y {formatPercent(reading.y)}
      </span>
      {map && (
        <span title={unit}>
          {swatch(colourOf(reading.value, limit, look.mode))}
          <strong>{formatReading(reading.value, limit)}</strong>
        </span>
      )}
      {reading.rgb && (
        <span title="Red, green and blue of the picture, 0 to 255">
          {swatch(reading.rgb)}
          {reading.rgb.join(' ')}
        </span>
      )}
    </span>
  );
}
