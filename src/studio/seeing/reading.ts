/** Which map cell and which pixel lie under a point of the picture. */
import type { MapData } from '../../runtime/protocol.ts';
import { formatPercent, formatReading } from './numbers.ts';
import type { Reading } from './types.ts';

/** A point of the picture as fractions of its height and width, 0…1 from the upper left. */
export interface Point {
  readonly y: number;
  readonly x: number;
}

/** Cell of a grid of `count` positions along one side that contains the fraction. */
export function cellAt(fraction: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(fraction * count)));
}

/** What lies under a point. A map and a picture of different sizes cover the same area. */
export function readAt(point: Point, map: MapData | null, picture: ImageData | null): Reading {
  const height = map?.height ?? picture?.height ?? 1;
  const width = map?.width ?? picture?.width ?? 1;
  const row = cellAt(point.y, height);
  const column = cellAt(point.x, width);
  let rgb: Reading['rgb'] = null;
  if (picture) {
    const offset = 4 * (cellAt(point.y, picture.height) * picture.width + cellAt(point.x, picture.width));
    rgb = [picture.data[offset] ?? 0, picture.data[offset + 1] ?? 0, picture.data[offset + 2] ?? 0];
  }
  return { row, column, value: map?.values[row * width + column] ?? Number.NaN, rgb, y: point.y, x: point.x };
}

/** Centre of the cell a number of rows and columns away, kept inside a grid of height × width. */
export function stepPoint(point: Point, rows: number, columns: number, height: number, width: number): Point {
  const clamp = (cell: number, count: number) => (Math.min(count - 1, Math.max(0, cell)) + 0.5) / count;
  return { y: clamp(cellAt(point.y, height) + rows, height), x: clamp(cellAt(point.x, width) + columns, width) };
}

/** Centre of the cell with the largest value (`sign` 1) or the smallest (−1); the middle where nothing is a number. */
export function extremePoint(map: MapData, sign: 1 | -1): Point {
  let best = -Infinity;
  let place = -1;
  map.values.forEach((value, i) => {
    if (sign * value > best) {
      best = sign * value;
      place = i;
    }
  });
  if (place < 0) return { y: 0.5, x: 0.5 };
  return { y: (Math.floor(place / map.width) + 0.5) / map.height, x: ((place % map.width) + 0.5) / map.width };
}

/** A reading as a sentence for a screen reader. */
export function describeReading(reading: Reading, limit: number): string {
  const place = `x ${formatPercent(reading.x)}, y ${formatPercent(reading.y)}`;
  const value = Number.isNaN(reading.value) ? '' : `: ${formatReading(reading.value, limit)}`;
  const colour = reading.rgb ? `; red ${reading.rgb[0]}, green ${reading.rgb[1]}, blue ${reading.rgb[2]}` : '';
  return `${place}${value}${colour}`;
}
