/** Colours of the confusion matrix: inferno, from the page’s own ground upwards, so that rare confusions stay quiet. */
import { interpolateInferno } from 'd3-scale-chromatic';

/** The scale begins near the page’s own ground and stops before its other end, which would be mistaken for ink. */
const DARK_PAGE = { none: 0.14, all: 0.92 };
const LIGHT_PAGE = { none: 1, all: 0.2 };
/** From here on the scale is so light that black is read better than white; near here only the pure ones keep 4.5 : 1. */
const DARK_INK_FROM = 0.555;
/** Where the scale ends at least: a learner that is hardly ever wrong should look it. */
const LEAST_LIMIT = 0.1;

export interface CellColour {
  /** For light and dark pages, as CSS `light-dark()`. */
  readonly ground: string;
  readonly ink: string;
}

/** Where the colours end: the largest share, rounded up to five percent. */
export function colourLimit(largest: number): number {
  return Math.max(LEAST_LIMIT, Math.ceil(20 * largest - 1e-9) / 20);
}

/** @param share 0…1 of the scale’s limit */
export function cellColour(share: number): CellColour {
  const [light, dark] = [LIGHT_PAGE, DARK_PAGE].map(({ none, all }) => none + share * (all - none)) as [number, number];
  const ink = (t: number) => (t > DARK_INK_FROM ? 'oklch(0% 0 0)' : 'oklch(100% 0 0)');
  return {
    ground: `light-dark(${interpolateInferno(light)}, ${interpolateInferno(dark)})`,
    ink: `light-dark(${ink(light)}, ${ink(dark)})`,
  };
}

/** The scale from left to right. */
export function cellGradient(stops = 9): string {
  const at = Array.from({ length: stops }, (_, index) => cellColour(index / (stops - 1)).ground);
  return `linear-gradient(to right, ${at.join(', ')})`;
}
