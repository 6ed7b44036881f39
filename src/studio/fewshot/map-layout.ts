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
