import { type PointerEvent, useMemo } from 'react';
import { toDegrees } from '../../relight/angle.ts';
import { type Camera, pixelDirection, projectDirection } from '../../relight/camera.ts';
import { sunPath } from '../../relight/ephemeris.ts';
import type { Scene } from '../../relight/scene.ts';
import { type SunPosition, sunDirection, sunFromDirection } from '../../relight/sun.ts';
import { useSettings, useStudio } from '../context.ts';
import { instantOf } from './clock.ts';
import styles from './relight.module.css';
import { sunOf } from './relight-day.ts';
import { freeSunAt, placeOf } from './relight-view.ts';

interface SkyOverlayProps {
  readonly scene: Scene;
  readonly camera: Camera;
  /** CSS pixels of the picture. */
  readonly width: number;
  readonly height: number;
}

/** The day's path over the picture, and the sun upon it, which can be dragged anywhere on the sky. */
export function SkyOverlay({ scene, camera, width, height }: SkyOverlayProps) {
  const { settings } = useStudio();
  const now = useSettings(({ date, minute, freeSun, latitude, longitude, path }) => ({
    date,
    minute,
    freeSun,
    latitude,
    longitude,
    path,
  }));
  const { date, latitude, longitude } = now;
  const moments = useMemo(() => {
    const place = placeOf({ latitude, longitude }, scene);
    return sunPath(place, instantOf(date, 720, place.longitude), 5).filter(({ elevation }) => elevation > 0);
  }, [date, latitude, longitude, scene]);
  const seen = (sun: SunPosition) => projectDirection(camera, sunDirection(sun, scene.psi), width, height);
  const sun = sunOf(now, scene);
  const place = seen(sun);
  const inside = place && place[0] >= 0 && place[0] <= width && place[1] >= 0 && place[1] <= height;

  function drag(event: PointerEvent<SVGElement>): void {
    const box = event.currentTarget.ownerSVGElement?.getBoundingClientRect();
    if (!box || event.buttons === 0) return;
    const direction = pixelDirection(camera, event.clientX - box.left, event.clientY - box.top, width, height);
    const next = sunFromDirection(direction, scene.psi);
    settings.set({ freeSun: freeSunAt(next) });
    event.stopPropagation();
  }

  return (
    <svg className={styles.sky} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {now.path && <path className={styles.skyPath} d={pathOf(moments.map(seen), Math.max(width, height))} />}
      {inside && (
        // biome-ignore lint/a11y/noStaticElementInteractions: the compass offers the same to keys and screen readers
        <circle
          className={styles.skySun}
          cx={place[0]}
          cy={place[1]}
          r={16}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            event.stopPropagation();
          }}
          onPointerMove={drag}
          onDoubleClick={(event) => {
            event.stopPropagation();
            settings.set({ freeSun: null });
          }}
        >
          <title>{`Sun, ${Math.round(toDegrees(sun.elevation))}° high: drag it`}</title>
        </circle>
      )}
    </svg>
  );
}

/** Lines between neighbours that are both in front of the camera and not absurdly far outside the picture. */
function pathOf(points: readonly (readonly [number, number] | null)[], reach: number): string {
  let path = '';
  let drawing = false;
  for (const point of points) {
    const near = point && Math.abs(point[0]) < 8 * reach && Math.abs(point[1]) < 8 * reach;
    if (near) path += `${drawing ? 'L' : 'M'}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
    drawing = Boolean(near);
  }
  return path;
}
