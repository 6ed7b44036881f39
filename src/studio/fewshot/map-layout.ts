/** Places of a two-dimensional map on the page. */

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/**
 * Fits points into a box, both directions on one scale: in such a map only nearness means something, and two scales would bend it.
 *
 * @param margin kept free on every side
 */
export function fitPoints(points: readonly (readonly [number, number])[], width: number, height: number, margin: number): Spot[] {
  const range = (axis: 0 | 1) => {
    const values = points.map((point) => point[axis]);
    const least = values.reduce((a, b) => Math.min(a, b), Infinity);
    const greatest = values.reduce((a, b) => Math.max(a, b), -Infinity);
    return { middle: (least + greatest) / 2, size: greatest - least };
  };
  const [x, y] = [range(0), range(1)];
  const room = (length: number, size: number) => (size === 0 ? Infinity : Math.max(1, length - 2 * margin) / size);
  const scale = Math.min(room(width, x.size), room(height, y.size));
  const along = (value: number, middle: number, length: number) =>
    length / 2 + (scale === Infinity ? 0 : (value - middle) * scale);
  return points.map(([px, py]) => ({ x: along(px, x.middle, width), y: along(py, y.middle, height) }));
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle by its upper left corner. */
export interface Box extends Size, Spot {}

export function overlap(a: Box, b: Box): number {
  const along = (from: number, length: number, other: number, otherLength: number) =>
    Math.max(0, Math.min(from + length, other + otherLength) - Math.max(from, other));
  return along(a.x, a.width, b.x, b.width) * along(a.y, a.height, b.y, b.height);
}

/** Steps of the search for a place further away, in pixels. */
const [STEP_X, STEP_Y] = [8, 4];

/**
 * Places for the names of marks so that no two names cover each other, and no mark if that can be had: one after another, right of
 * its mark, left, above or below, else as near as there is room. Without any room it stands on its right.
 *
 * @param reach from the middle of a mark to its rim
 */
export function placeNames(marks: readonly Spot[], sizes: readonly Size[], field: Size, reach: number): Box[] {
  const rims = marks.map(({ x, y }) => ({ x: x - reach, y: y - reach, width: 2 * reach, height: 2 * reach }));
  const names: Box[] = [];
  const free = (box: Box, others: readonly Box[]) => others.every((other) => overlap(box, other) === 0);
  marks.forEach((mark, index) => {
    const size = sizes[index] ?? { width: 0, height: 0 };
    const beside = besides(mark, size, reach).map((box) => within(box, field));
    const near = beside.find((box) => free(box, names) && free(box, rims));
    const place = near ?? nearest(mark, size, field, (box) => free(box, names) && free(box, rims));
    names.push(place ?? nearest(mark, size, field, (box) => free(box, names)) ?? beside[0] ?? { ...mark, ...size });
  });
  return names;
}

function besides({ x, y }: Spot, size: Size, reach: number): Box[] {
  const { width, height } = size;
  return [
    { x: x + reach, y: y - height / 2, ...size },
    { x: x - reach - width, y: y - height / 2, ...size },
    { x: x - width / 2, y: y - reach - height, ...size },
    { x: x - width / 2, y: y + reach, ...size },
  ];
}

function within(box: Box, field: Size): Box {
  const inside = (value: number, length: number, room: number) => Math.max(0, Math.min(value, room - length));
  return { ...box, x: inside(box.x, box.width, field.width), y: inside(box.y, box.height, field.height) };
}

/** The acceptable place in the field whose middle is nearest to a mark; null where there is none. */
function nearest({ x, y }: Spot, size: Size, field: Size, accepts: (box: Box) => boolean): Box | null {
  let best: Box | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (let top = 0; top + size.height <= field.height; top += STEP_Y) {
    for (let left = 0; left + size.width <= field.width; left += STEP_X) {
      const distance = (left + size.width / 2 - x) ** 2 + (top + size.height / 2 - y) ** 2;
      if (distance >= least) continue;
      const box = { x: left, y: top, ...size };
      if (!accepts(box)) continue;
      best = box;
      least = distance;
    }
  }
  return best;
}

/** A name cut to what fits. Its end is kept: of a path it tells more than the beginning. */
export function cutName(name: string, most: number, widthOf: (text: string) => number): string {
  if (widthOf(name) <= most) return name;
  let cut = name.slice(1);
  while (cut.length > 1 && widthOf(`…${cut}`) > most) cut = cut.slice(1);
  return `…${cut}`;
}
