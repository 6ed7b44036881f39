/** How a class of an episode is told from the others: a colour, a shape where colours repeat, and always its number or name. */
import { type SymbolType, symbolCircle, symbolDiamond2, symbolSquare2, symbolTriangle2 } from 'd3-shape';

/**
 * Okabe & Ito's set, in the shades that keep 3 : 1 against both a white and a near-black ground, and one light blue that the
 * colour-blind tell from the dark one by its lightness.
 */
const COLOURS = ['#d55e00', '#0072b2', '#009e73', '#b5598f', '#8a6d00', '#1f97cc'] as const;
const SHAPES: readonly SymbolType[] = [symbolCircle, symbolSquare2, symbolTriangle2, symbolDiamond2];

export function classColour(way: number): string {
  return COLOURS[way % COLOURS.length] ?? COLOURS[0];
}

/** With its colour it is unique up to 24 classes. */
export function classShape(way: number): SymbolType {
  return SHAPES[Math.floor(way / COLOURS.length) % SHAPES.length] ?? symbolCircle;
}
