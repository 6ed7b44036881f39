/** ‖a − b‖₂ / ‖b‖₂; infinite where the lengths differ. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (let index = 0; index < b.length; index += 1) {
    difference += ((a[index] ?? 0) - (b[index] ?? 0)) ** 2;
    norm += (b[index] ?? 0) ** 2;
  }
  return Math.sqrt(difference / Math.max(norm, Number.MIN_VALUE));
}
