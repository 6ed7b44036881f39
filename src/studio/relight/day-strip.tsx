import { ActionIcon, Tooltip } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { scaleLinear } from 'd3-scale';
import { type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from 'react';
import { toDegrees } from '../../relight/angle.ts';
import { daylight, sunPosition } from '../../relight/ephemeris.ts';
import type { Scene } from '../../relight/scene.ts';
import { action } from '../actions.ts';
import { usePerform, useRelight, useSettings, useStudio } from '../context.ts';
import panels from '../panels.module.css';
import { clockAt, formatMinute, instantOf } from './clock.ts';
import styles from './relight.module.css';
import { DAY_MINUTES } from './relight-settings.ts';
import { placeOf } from './relight-view.ts';

const WIDTH = 1000;
const HEIGHT = 92;
const TOP = 8;
const BOTTOM = 20;
const STEP = 10;
const KEY_STEP = 5;
const LONG_KEY_STEP = 60;
const HOURS = [0, 3, 6, 9, 12, 15, 18, 21, 24];

/** The day as the height of the sun over local mean time. Dragging in it, or arrow keys, choose the time. */
export function DayStrip() {
  const scene = useRelight(({ scene }) => scene);
  if (!scene) return <p className={panels.empty}>The sun’s day over the scene will appear here.</p>;
  return <Day scene={scene} />;
}

function Day({ scene }: { scene: Scene }) {
  const { settings } = useStudio();
  const perform = usePerform();
  const playing = useRelight(({ playing }) => playing);
  const { date, minute, minuteRight, split, freeSun, latitude, longitude } = useSettings(
    ({ date, minute, minuteRight, split, freeSun, latitude, longitude }) => ({
      date,
      minute,
      minuteRight,
      split,
      freeSun,
      latitude,
      longitude,
    }),
  );
  const plot = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<number | null>(null);
  const day = useMemo(() => {
    const place = placeOf({ latitude, longitude }, scene);
    const heights = Array.from({ length: DAY_MINUTES / STEP + 1 }, (_, index) => ({
      minute: index * STEP,
      elevation: toDegrees(sunPosition(place, instantOf(date, index * STEP, place.longitude)).elevation),
    }));
    const { sunrise, noon, sunset } = daylight(place, instantOf(date, DAY_MINUTES / 2, place.longitude));
    const at = (time: Date | null) => (time ? clockAt(time, place.longitude).minute : null);
    return { place, heights, sunrise: at(sunrise), noon: at(noon), sunset: at(sunset) };
  }, [date, latitude, longitude, scene]);

  const x = scaleLinear([0, DAY_MINUTES], [0, WIDTH]);
  const highest = Math.max(20, ...day.heights.map(({ elevation }) => elevation));
  const y = scaleLinear([-18, highest], [HEIGHT - BOTTOM, TOP]).clamp(true);
  const line = day.heights.map(({ minute: at, elevation }) => `${x(at)} ${y(elevation)}`).join('L');
  const elevationAt = (at: number) => toDegrees(sunPosition(day.place, instantOf(date, at, day.place.longitude)).elevation);

  function minuteOf(event: PointerEvent): number {
    const box = plot.current?.getBoundingClientRect();
    if (!box) return minute;
    return Math.round(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * DAY_MINUTES);
  }

  function choose(next: number): void {
    settings.set({ minute: Math.min(DAY_MINUTES, Math.max(0, next)), freeSun: null });
  }

  function onKeyDown(event: KeyboardEvent): void {
    const size = event.shiftKey ? LONG_KEY_STEP : KEY_STEP;
    const targets: Record<string, number | null> = {
      ArrowLeft: minute - size,
      ArrowRight: minute + size,
      Home: day.sunrise,
      End: day.sunset,
    };
    const next = targets[event.key];
    if (next === undefined || next === null) return;
    event.preventDefault();
    choose(next);
  }

  const marks = [
    ['Sunrise', day.sunrise],
    ['Noon', day.noon],
    ['Sunset', day.sunset],
  ] as const;
  return (
    <div className={styles.day}>
      <Tooltip label={playing ? 'Stop (P)' : 'Let the day pass (P)'}>
        <ActionIcon
          size="lg"
          variant="default"
          aria-label={playing ? 'Stop the day' : 'Let the day pass'}
          onClick={() => perform(action('play'))}
        >
          {playing ? <IconPlayerPause size={18} /> : <IconPlayerPlay size={18} />}
        </ActionIcon>
      </Tooltip>
      <div className={styles.dayPlot}>
        <div
          ref={plot}
          className={styles.daySlider}
          role="slider"
          tabIndex={0}
          aria-label="Time of day, local mean time"
          aria-valuemin={0}
          aria-valuemax={DAY_MINUTES}
          aria-valuenow={Math.round(minute)}
          aria-valuetext={`${formatMinute(minute)}, sun ${Math.round(elevationAt(minute))}° high`}
          onKeyDown={onKeyDown}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            choose(minuteOf(event));
          }}
          onPointerMove={(event) => {
            const at = minuteOf(event);
            setHover(at);
            if (event.buttons !== 0) choose(at);
          }}
          onPointerLeave={() => setHover(null)}
        >
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
            <rect className={styles.night} x={0} y={y(0)} width={WIDTH} height={HEIGHT - BOTTOM - y(0)} />
            <path className={styles.height} d={`M${line}`} />
            <line className={styles.horizon} x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />
            {split === 'time' && (
              <line className={styles.cursorRight} x1={x(minuteRight)} x2={x(minuteRight)} y1={TOP} y2={HEIGHT - BOTTOM} />
            )}
            <line
              className={styles.cursor}
              data-idle={freeSun ? true : undefined}
              x1={x(minute)}
              x2={x(minute)}
              y1={TOP - 4}
              y2={HEIGHT - BOTTOM}
            />
          </svg>
        </div>
        {HOURS.map((hour) => (
          <span key={hour} className={styles.tick} style={{ left: `${(100 * hour) / 24}%` }}>
            {formatMinute(60 * hour)}
          </span>
        ))}
        {marks.map(
          ([name, at]) =>
            at !== null && (
              <span key={name} className={styles.mark} style={{ left: `${(100 * at) / DAY_MINUTES}%` }} title={name}>
                <span className={styles.markName}>{name} </span>
                {formatMinute(at)}
              </span>
            ),
        )}
        <span
          className={styles.dot}
          data-idle={freeSun ? true : undefined}
          style={{ left: `${(100 * minute) / DAY_MINUTES}%`, top: y(elevationAt(minute)) }}
        />
        {hover !== null && (
          <span className={styles.hover} style={{ left: `${(100 * hover) / DAY_MINUTES}%` }}>
            {formatMinute(hover)} · {Math.round(elevationAt(hover))}°
          </span>
        )}
      </div>
    </div>
  );
}
