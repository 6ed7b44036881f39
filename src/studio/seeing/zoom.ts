/** The part of the picture on screen, and what zooming and moving do to it. */
import type { Point } from './reading.ts';

/** The part of the picture that is seen: its upper left corner and its side, as fractions of the whole. */
export interface Crop {
  readonly y: number;
  readonly x: number;
  /** 1 is the whole picture, 1/4 is four times as large. */
  readonly side: number;
}

export const WHOLE: Crop = { y: 0, x: 0, side: 1 };

/** Beyond this a 224 × 224 map has seven positions across; nothing more is to be seen. */
const GREATEST_ZOOM = 32;
/** Zoom per key press. */
export const ZOOM_STEP = 1.5;

/** Moved back where it would leave the picture. */
function inside(crop: Crop): Crop {
  const clamp = (start: number) => Math.min(1 - crop.side, Math.max(0, start));
  return { y: clamp(crop.y), x: clamp(crop.x), side: crop.side };
}

/** The crop enlarged by a factor so that the point of the picture stays where it is on screen. */
export function zoomAt(crop: Crop, factor: number, point: Point): Crop {
  const side = Math.min(1, Math.max(1 / GREATEST_ZOOM, crop.side / factor));
  const kept = side / crop.side;
  return inside({ y: point.y - (point.y - crop.y) * kept, x: point.x - (point.x - crop.x) * kept, side });
}

/** The crop moved by fractions of the picture. */
export function pan(crop: Crop, dy: number, dx: number): Crop {
  return inside({ ...crop, y: crop.y + dy, x: crop.x + dx });
}

/** The crop moved just as far as shows the point. */
export function reveal(crop: Crop, point: Point): Crop {
  const move = (start: number, at: number) => Math.min(at, Math.max(at - crop.side, start));
  return inside({ y: move(crop.y, point.y), x: move(crop.x, point.x), side: crop.side });
}

/** Point of the picture at a place of the frame, both as fractions. */
export function toPicture(crop: Crop, place: Point): Point {
  return { y: crop.y + place.y * crop.side, x: crop.x + place.x * crop.side };
}
