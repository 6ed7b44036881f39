/**
 * The workspace's clock: local mean time, which is UTC plus four minutes for each degree of longitude east. It needs no table of
 * time zones, and the sun stands highest within 17 minutes of its noon everywhere.
 */
import type { Degrees } from '../../relight/angle.ts';

const MINUTE = 60_000;
/** The earth turns through one degree in four minutes. */
const MINUTES_PER_DEGREE = 4;

/** The instant at which clocks of local mean time show a date (2026-06-21) and minutes since midnight. */
export function instantOf(date: string, minute: number, longitude: Degrees): Date {
  return new Date(Date.parse(`${date}T00:00:00Z`) + (minute - MINUTES_PER_DEGREE * longitude) * MINUTE);
}

/** What clocks of local mean time show at an instant. */
export function clockAt(instant: Date, longitude: Degrees): { readonly date: string; readonly minute: number } {
  const local = new Date(instant.getTime() + MINUTES_PER_DEGREE * longitude * MINUTE);
  const date = local.toISOString().slice(0, 10);
  return { date, minute: (local.getTime() - Date.parse(`${date}T00:00:00Z`)) / MINUTE };
}

/** “09:05” */
export function formatMinute(minute: number): string {
  const whole = Math.round(minute);
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}

/** Minutes since midnight of “9:05”; null where the text is no time of day. */
export function parseMinute(text: string): number | null {
  const [, hours = '', minutes = ''] = /^\s*(\d{1,2}):(\d{2})\s*$/.exec(text) ?? [];
  if (hours === '') return null;
  const [hour, minute] = [Number(hours), Number(minutes)];
  return hour <= 23 && minute <= 59 ? 60 * hour + minute : null;
}
