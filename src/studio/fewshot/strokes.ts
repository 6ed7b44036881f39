/** Drawings as strokes on a square sheet, and the picture of them that a learner is given. Knows no DOM. */
import type { Pixels } from '../../runtime/preprocess.ts';
import type { Point } from '../seeing/reading.ts';

export interface Stroke {
  /** Fractions of the sheet; a stroke may run off it. */
  readonly points: readonly Point[];
  /** Diameter of the round brush as a fraction of the sheet. */
  readonly width: number;
  /** An eraser's stroke: it takes ink away. */
  readonly erases: boolean;
}
type Strokes = readonly Stroke[];

/** What is on the sheet, with the way back and forth. */
export interface Drawing {
  readonly strokes: Strokes;
  readonly past: readonly Strokes[];
  readonly future: readonly Strokes[];
}

/**
 * Omniglot, from which the learners of drawings know what a stroke is, draws with 5 of 105 pixels (measured on its two minimal
 * sets: in 100 drawings, half of the ink lies in lines just 5 wide).
 */
export const BRUSHES = { thin: 3 / 105, medium: 5 / 105, thick: 8 / 105 } as const;
export type Brush = keyof typeof BRUSHES;

/** How many brushes wide the eraser is. */
const ERASER = 3;

/** Longer side of a character on its sheet: Omniglot's median is 0.59. */
export const CHARACTER_SIDE = 0.6;

/** Side of the picture in pixels: five for each of a learner's 28. */
export const PICTURE_SIDE = 140;

/** A pointer that trembles adds no points. Fraction of the sheet: half a pixel of the picture. */
const LEAST_MOVE = 0.5 / PICTURE_SIDE;
/** A dot must not become a wall. */
const MOST_ENLARGED = 3;

export const BLANK: Drawing = { strokes: [], past: [], future: [] };

function changed({ strokes, past }: Drawing, next: Strokes): Drawing {
  return { strokes: next, past: [...past, strokes], future: [] };
}

/** A new stroke, so far a dot. */
export function begin(drawing: Drawing, point: Point, brush: Brush, erases: boolean): Drawing {
  const width = BRUSHES[brush] * (erases ? ERASER : 1);
  return changed(drawing, [...drawing.strokes, { points: [point], width, erases }]);
}

/** The last stroke goes on; undoing takes it back as a whole. */
export function extend(drawing: Drawing, points: readonly Point[]): Drawing {
  const stroke = drawing.strokes.at(-1);
  if (!stroke) return drawing;
  const longer = [...stroke.points];
  for (const point of points) {
    const last = longer.at(-1);
    if (!last || Math.hypot(point.x - last.x, point.y - last.y) >= LEAST_MOVE) longer.push(point);
  }
  if (longer.length === stroke.points.length) return drawing;
  return { ...drawing, strokes: [...drawing.strokes.slice(0, -1), { ...stroke, points: longer }] };
}

export function clear(drawing: Drawing): Drawing {
  return drawing.strokes.length === 0 ? drawing : changed(drawing, []);
}

/** One change taken back; as it is where nothing was changed. */
export function undo({ strokes, past, future }: Drawing): Drawing {
  const before = past.at(-1);
  return before ? { strokes: before, past: past.slice(0, -1), future: [strokes, ...future] } : { strokes, past, future };
}

export function redo({ strokes, past, future }: Drawing): Drawing {
  const [next, ...later] = future;
  return next ? { strokes: next, past: [...past, strokes], future: later } : { strokes, past, future };
}

/** The ink moved to the middle of the sheet and brought to the size characters have there. Brushes keep their width. */
export function centre(drawing: Drawing): Drawing {
  const box = inkBox(inkOf(drawing.strokes, PICTURE_SIDE), PICTURE_SIDE);
  if (!box) return drawing;
  const scale = Math.min(MOST_ENLARGED, CHARACTER_SIDE / Math.max(box.width, box.height));
  const moved = (point: Point) => ({
    x: 0.5 + (point.x - box.x - box.width / 2) * scale,
    y: 0.5 + (point.y - box.y - box.height / 2) * scale,
  });
  return changed(
    drawing,
    drawing.strokes.map(({ points, width, erases }) => ({
      points: points.map(moved),
      // What was erased must stay so.
      width: erases ? width * scale : width,
      erases,
    })),
  );
}

/** The drawing as it stands on the sheet, dark on white; null where there is no ink. */
export function picture(strokes: Strokes, side = PICTURE_SIDE): Pixels | null {
  const ink = inkOf(strokes, side);
  if (!ink.some((share) => share > 0)) return null;
  const data = new Uint8Array(3 * side * side);
  ink.forEach((share, pixel) => {
    data.fill(Math.round(255 * (1 - share)), 3 * pixel, 3 * pixel + 3);
  });
  return { width: side, height: side, channels: 3, data };
}

/** A stroke as the path of an SVG of side 1: through the middles of its moves, each point pulling a curve towards itself. */
export function pathOf({ points }: Stroke): string {
  const [first, ...rest] = points;
  if (!first) return '';
  const text = ({ x, y }: Point) => `${x.toFixed(4)} ${y.toFixed(4)}`;
  // A dot is a line to itself: round ends make it one.
  if (rest.length === 0) return `M${text(first)}L${text(first)}`;
  const curves = rest.slice(0, -1).map((point, i) => `Q${text(point)} ${text(middle(point, rest[i + 1] ?? point))}`);
  return `M${text(first)}L${text(middle(first, rest[0] ?? first))}${curves.join('')}L${text(rest.at(-1) ?? first)}`;
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

/** The curve of `pathOf` as straight pieces of about two pixels. */
function piecesOf(points: readonly Point[], side: number): Point[] {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return [];
  const pieces = [first];
  for (let i = 1; i + 1 < points.length; i += 1) {
    const control = points[i] ?? first;
    const from = middle(points[i - 1] ?? first, control);
    const to = middle(control, points[i + 1] ?? last);
    const count = Math.max(1, Math.ceil((Math.hypot(to.x - from.x, to.y - from.y) * side) / 2));
    pieces.push(from);
    for (let k = 1; k <= count; k += 1) {
      const t = k / count;
      const weigh = (a: number, b: number, c: number) => (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t ** 2 * c;
      pieces.push({ x: weigh(from.x, control.x, to.x), y: weigh(from.y, control.y, to.y) });
    }
  }
  pieces.push(last);
  return pieces;
}

/** Share of ink in each pixel, 0…1, row-major. */
function inkOf(strokes: Strokes, side: number): Float32Array {
  const ink = new Float32Array(side * side);
  const cover = new Float32Array(side * side);
  for (const stroke of strokes) {
    cover.fill(0);
    const pieces = piecesOf(stroke.points, side);
    for (let i = 1; i < pieces.length; i += 1) {
      layPiece(cover, side, pieces[i - 1] ?? { x: 0, y: 0 }, pieces[i] ?? { x: 0, y: 0 }, (stroke.width * side) / 2);
    }
    cover.forEach((share, pixel) => {
      if (share === 0) return;
      const before = ink[pixel] ?? 0;
      ink[pixel] = stroke.erases ? before * (1 - share) : Math.max(before, share);
    });
  }
  return ink;
}

/** Covers what lies within `radius` pixels of the line from a to b, with soft edges one pixel wide. */
function layPiece(cover: Float32Array, side: number, a: Point, b: Point, radius: number): void {
  const [ax, ay, bx, by] = [a.x * side, a.y * side, b.x * side, b.y * side];
  const [dx, dy] = [bx - ax, by - ay];
  const squared = dx * dx + dy * dy;
  const reach = radius + 1;
  const left = Math.max(0, Math.floor(Math.min(ax, bx) - reach));
  const right = Math.min(side - 1, Math.ceil(Math.max(ax, bx) + reach));
  const top = Math.max(0, Math.floor(Math.min(ay, by) - reach));
  const bottom = Math.min(side - 1, Math.ceil(Math.max(ay, by) + reach));
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) {
      const px = x + 0.5 - ax;
      const py = y + 0.5 - ay;
      const along = squared === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / squared));
      const distance = Math.hypot(px - along * dx, py - along * dy);
      const share = Math.min(1, Math.max(0, radius - distance + 0.5));
      const at = y * side + x;
      if (share > (cover[at] ?? 0)) cover[at] = share;
    }
  }
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Smallest rectangle around all pixels that are more ink than paper, in fractions of the sheet. */
function inkBox(ink: Float32Array, side: number): Box | null {
  let [left, top, right, bottom] = [side, side, -1, -1];
  ink.forEach((share, pixel) => {
    if (share < 0.5) return;
    const x = pixel % side;
    const y = Math.floor(pixel / side);
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  });
  if (right < 0) return null;
  return { x: left / side, y: top / side, width: (right + 1 - left) / side, height: (bottom + 1 - top) / side };
}
