/** What light the settings ask to see a scene in. Pure. It needs the ephemeris, so the page loads it with the first scene. */
import { degrees } from '../../relight/angle.ts';
import { daylight, sunPosition } from '../../relight/ephemeris.ts';
import type { Look } from '../../relight/renderer.ts';
import type { Scene } from '../../relight/scene.ts';
import { type SunPosition, sunAt } from '../../relight/sun.ts';
import type { Settings } from '../state.ts';
import { clockAt, instantOf } from './clock.ts';
import { DAY_MINUTES } from './relight-settings.ts';
import { placeOf } from './relight-view.ts';

/** The day that is played begins before sunrise and ends after sunset by this. Minutes. */
const DUSK = 30;

type At = Pick<Settings, 'date' | 'minute' | 'freeSun' | 'latitude' | 'longitude'>;

/** The instant the clock shows at the place. */
function timeOf(settings: At, scene: Scene): Date {
  return instantOf(settings.date, settings.minute, placeOf(settings, scene).longitude);
}

/** Where the sun stands: where it was dragged to, or where date, time and place put it. */
export function sunOf(settings: At, scene: Scene): SunPosition {
  const { freeSun } = settings;
  if (freeSun) return sunAt(degrees(freeSun[0]), degrees(freeSun[1]));
  return sunPosition(placeOf(settings, scene), timeOf(settings, scene));
}

/** The two halves of the picture; the right one is null where the whole picture is one. */
export function looksOf(settings: Settings, scene: Scene): { readonly left: Look; readonly right: Look | null } {
  const sun = sunOf(settings, scene);
  const left: Look = { layer: settings.show, sun };
  if (settings.split === 'layer') return { left, right: { layer: settings.showRight, sun } };
  if (settings.split === 'time') {
    const later = sunOf({ ...settings, minute: settings.minuteRight, freeSun: null }, scene);
    return { left, right: { layer: settings.show, sun: later } };
  }
  return { left, right: null };
}

/** The minutes between which there is something to see. */
export function daySpan(settings: At, scene: Scene): readonly [from: number, to: number] {
  const place = placeOf(settings, scene);
  const { sunrise, sunset } = daylight(place, timeOf({ ...settings, minute: DAY_MINUTES / 2 }, scene));
  if (!sunrise || !sunset) return [0, DAY_MINUTES];
  const at = (time: Date) => clockAt(time, place.longitude).minute;
  return [Math.max(0, at(sunrise) - DUSK), Math.min(DAY_MINUTES, at(sunset) + DUSK)];
}
