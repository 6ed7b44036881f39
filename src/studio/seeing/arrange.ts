/** How large the maps of the compare grid can be, and which way round the grid lies. */

/** Space of the grid, in CSS pixels. */
export interface GridSpace {
  readonly width: number;
  /** Infinity where the page scrolls instead of the grid. */
  readonly height: number;
}

export interface Arrangement {
  /** Whether classes are the rows. */
  readonly turned: boolean;
  /** Width of a map, in CSS pixels. */
  readonly cell: number;
  /** Width of the rows' names, in CSS pixels. */
  readonly names: number;
}

/** Below this a map says too little; the grid scrolls instead. Shorter side, in CSS pixels. */
const SMALLEST = 140;
/** Height of the columns' names, three lines. */
const HEAD = 64;
/** Around each map: the table's spacing and the cell's frame. */
const AROUND = 10;
/** Narrower grids have narrower names. */
const NARROW = 480;

/**
 * The way round that gives the larger maps. All of them are visible if that leaves at least 140 px each; otherwise they fill
 * the width as far as two rows remain visible, and the grid scrolls.
 *
 * @param ratio width over height of a map
 */
export function arrange(space: GridSpace, methods: number, classes: number, ratio: number): Arrangement {
  const names = space.width < NARROW ? 84 : 112;
  const smallest = SMALLEST * Math.max(1, ratio);
  const fitted = [false, true].map((turned) => {
    const [rows, columns] = turned ? [classes, methods] : [methods, classes];
    const byWidth = (space.width - names) / Math.max(1, columns) - AROUND;
    const byHeight = (visible: number) => ((space.height - HEAD) / Math.max(1, visible) - AROUND) * ratio;
    const whole = Math.min(byWidth, byHeight(rows));
    const cell = whole >= smallest ? whole : Math.max(smallest, Math.min(byWidth, byHeight(2)));
    return { turned, names, cell: Math.floor(cell), whole: whole >= smallest, columnsFit: byWidth >= smallest };
  });
  const [upright, turned] = fitted as [(typeof fitted)[0], (typeof fitted)[0]];
  const merit = ({ whole, columnsFit, cell }: typeof upright) => (whole ? 2e6 : columnsFit ? 1e6 : 0) + cell;
  const { turned: chosen, cell } = merit(turned) > merit(upright) ? turned : upright;
  return { turned: chosen, cell, names };
}
