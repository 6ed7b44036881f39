import { type KeyboardEvent, type PointerEvent, useMemo, useRef } from 'react';
import { degrees, type Radians, radians, toDegrees } from '../../relight/angle.ts';
import { sunPath } from '../../relight/ephemeris.ts';
import { type Place, type SunPosition, sunAt } from '../../relight/sun.ts';
import { formatMinute, instantOf } from './clock.ts';
import styles from './relight.module.css';

const SIZE = 240;
const MIDDLE = SIZE / 2;
/** Of the horizon's circle. */
const RADIUS = 96;
/** Below the horizon the sun is kept on the rim. */
const LOWEST = radians(0);
const HOURS = [3, 6, 9, 12, 15, 18, 21];
const RINGS = [0, 30, 60];
const POINTS = [
  ['N', 0],
  ['E', 90],
  ['S', 180],
  ['W', 270],
] as const;
const STEP = 1;
const LONG_STEP = 10;

/** Azimuthal equidistant, seen from above: north up, east right, the zenith in the middle. */
function project({ azimuth, elevation }: SunPosition): readonly [number, number] {
  const distance = RADIUS * (1 - Math.max(LOWEST, elevation) / (Math.PI / 2));
  return [MIDDLE + distance * Math.sin(azimuth), MIDDLE - distance * Math.cos(azimuth)];
}

function unproject(x: number, y: number): SunPosition {
  const [right, up] = [x - MIDDLE, MIDDLE - y];
  const distance = Math.min(1, Math.hypot(right, up) / RADIUS);
  const azimuth = (Math.atan2(right, up) + 2 * Math.PI) % (2 * Math.PI);
  return { azimuth: radians(azimuth), elevation: radians((1 - distance) * (Math.PI / 2)) };
}

interface CompassDomeProps {
  readonly place: Place;
  readonly date: string;
  readonly sun: SunPosition;
  readonly onSun: (sun: SunPosition) => void;
  readonly onReset: () => void;
}

/** The sky as a map with the day's path; the sun on it can be dragged, or moved by arrow keys. Double-click puts it back on its path. */
export function CompassDome({ place, date, sun, onSun, onReset }: CompassDomeProps) {
  const svg = useRef<SVGSVGElement>(null);
  const { latitude, longitude } = place;
  const path = useMemo(() => {
    const noon = instantOf(date, 720, longitude);
    return sunPath({ latitude, longitude }, noon, 10).filter(({ elevation }) => elevation >= 0);
  }, [latitude, longitude, date]);
  const hours = useMemo(
    () =>
      HOURS.flatMap((hour) => {
        const time = instantOf(date, 60 * hour, longitude);
        const moment = nearest(path, time);
        return moment ? [{ hour, at: project(moment) }] : [];
      }),
    [path, date, longitude],
  );
  const [x, y] = project(sun);
  const below = sun.elevation < 0;

  function drag(event: PointerEvent<SVGElement>): void {
    const box = svg.current?.getBoundingClientRect();
    if (!box || event.buttons === 0) return;
    const scale = SIZE / box.width;
    onSun(unproject((event.clientX - box.left) * scale, (event.clientY - box.top) * scale));
  }

  function onKeyDown(event: KeyboardEvent): void {
    const size = event.shiftKey ? LONG_STEP : STEP;
    const moves: Record<string, readonly [number, number]> = {
      ArrowLeft: [-size, 0],
      ArrowRight: [size, 0],
      ArrowUp: [0, size],
      ArrowDown: [0, -size],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const elevation = Math.min(90, Math.max(-18, toDegrees(sun.elevation) + move[1]));
    onSun(sunAt(degrees(toDegrees(sun.azimuth) + move[0]), degrees(elevation)));
  }

  return (
    <svg
      ref={svg}
      className={styles.dome}
      viewBox={`0 0 ${SIZE} ${SIZE}`}
      role="application"
      aria-roledescription="sky map"
      aria-label={`Sky with the sun ${describeSun(sun)}. Arrow keys move it.`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes the keyboard
      tabIndex={0}
      onKeyDown={onKeyDown}
      onDoubleClick={onReset}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        drag(event);
      }}
      onPointerMove={drag}
    >
      {RINGS.map((elevation) => (
        <circle
          key={elevation}
          className={styles.ring}
          cx={MIDDLE}
          cy={MIDDLE}
          r={RADIUS * (1 - elevation / 90)}
          data-horizon={elevation === 0 || undefined}
        />
      ))}
      {RINGS.slice(1).map((elevation) => (
        <text key={elevation} className={styles.ringLabel} x={MIDDLE + 3} y={MIDDLE - RADIUS * (1 - elevation / 90) + 11}>
          {elevation}°
        </text>
      ))}
      <path
        className={styles.cross}
        d={`M${MIDDLE} ${MIDDLE - RADIUS}V${MIDDLE + RADIUS}M${MIDDLE - RADIUS} ${MIDDLE}H${MIDDLE + RADIUS}`}
      />
      {POINTS.map(([name, azimuth]) => {
        const angle = (azimuth * Math.PI) / 180;
        return (
          <text
            key={name}
            className={styles.compassPoint}
            x={MIDDLE + (RADIUS + 13) * Math.sin(angle)}
            y={MIDDLE - (RADIUS + 13) * Math.cos(angle) + 4}
          >
            {name}
          </text>
        );
      })}
      {path.length > 1 && <path className={styles.sunPath} d={`M${path.map((moment) => project(moment).join(' ')).join('L')}`} />}
      {hours.map(({ hour, at: [hx, hy] }) => (
        <g key={hour}>
          <circle className={styles.hour} cx={hx} cy={hy} r={2} />
          <text className={styles.hourLabel} {...outwards(hx, hy)}>
            {formatMinute(60 * hour).slice(0, 2)}
          </text>
        </g>
      ))}
      <line className={styles.ray} x1={MIDDLE} y1={MIDDLE} x2={x} y2={y} />
      <circle className={styles.sun} data-below={below || undefined} cx={x} cy={y} r={9} />
    </svg>
  );
}

/** Where the name of an hour stands: away from the middle, so that the path does not cross it. */
function outwards(x: number, y: number): { readonly x: number; readonly y: number } {
  const length = Math.hypot(x - MIDDLE, y - MIDDLE) || 1;
  return { x: x + (11 * (x - MIDDLE)) / length, y: y + (11 * (y - MIDDLE)) / length + 3 };
}

/** The moment of a path at a time; null where it lies off the path. */
function nearest<T extends { readonly time: Date }>(path: readonly T[], time: Date): T | null {
  const HALF_STEP = 5.01 * 60_000;
  return path.find((moment) => Math.abs(moment.time.getTime() - time.getTime()) < HALF_STEP) ?? null;
}

const WINDS = ['north', 'north-east', 'east', 'south-east', 'south', 'south-west', 'west', 'north-west'] as const;

/** “in the south-east, 42° high” */
export function describeSun({ azimuth, elevation }: { readonly azimuth: Radians; readonly elevation: Radians }): string {
  const wind = WINDS[Math.round(toDegrees(azimuth) / 45) % 8];
  const height = Math.round(toDegrees(elevation));
  return `in the ${wind}, ${height < 0 ? `${-height}° below the horizon` : `${height}° high`}`;
}
