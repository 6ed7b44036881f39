/** Where the keyboard is on the board, and where its keys lead: rows of one class each, cells of several kinds. */

export type CellKind = 'name' | 'example' | 'add' | 'query' | 'more';

export interface Cell {
  readonly row: number;
  readonly kind: CellKind;
  /** Number of the picture; 0 for other cells. */
  readonly index: number;
}

export interface RowShape {
  readonly examples: number;
  readonly queries: number;
  /** Whether it has cells that add pictures and change the class. */
  readonly editable: boolean;
}

/** All cells of a row, in reading order. */
function cellsOf(row: number, { examples, queries, editable }: RowShape): Cell[] {
  const pictures = (kind: CellKind, count: number) => Array.from({ length: count }, (_, index) => ({ row, kind, index }));
  const single = (kind: CellKind) => [{ row, kind, index: 0 }];
  return [
    ...single('name'),
    ...pictures('example', examples),
    ...(editable ? single('add') : []),
    ...pictures('query', queries),
    ...(editable ? single('more') : []),
  ];
}

/** Names a cell to the page, so that the keyboard finds it. */
export function cellKey({ row, kind, index }: Cell): string {
  return `${row}/${kind}/${index}`;
}

const KINDS: readonly string[] = ['name', 'example', 'add', 'query', 'more'] satisfies CellKind[];

/** The cell of a key; null for what is none. */
export function cellOf(key: string): Cell | null {
  const [row, kind, index] = key.split('/');
  if (kind === undefined || !KINDS.includes(kind)) return null;
  return { row: Number(row), kind: kind as CellKind, index: Number(index) };
}

export function sameCell(a: Cell, b: Cell): boolean {
  return a.row === b.row && a.kind === b.kind && a.index === b.index;
}

/** The cell itself, or what is nearest to it on a board that has changed; null on an empty one. */
export function nearestCell(rows: readonly RowShape[], { row, kind, index }: Cell): Cell | null {
  const near = Math.min(row, rows.length - 1);
  const shape = rows[near];
  if (!shape) return null;
  const cells = cellsOf(near, shape);
  const alike = cells.filter((cell) => cell.kind === kind);
  // A class without examples is best given one.
  return alike[Math.min(index, alike.length - 1)] ?? cells.find((cell) => cell.kind === 'add') ?? cells[0] ?? null;
}

/** Where a key leads: arrows, Home and End within the row, with Ctrl to the first and the last row; null for other keys. */
export function stepCell(rows: readonly RowShape[], from: Cell, key: string, control: boolean): Cell | null {
  const shape = rows[from.row];
  if (!shape) return null;
  const inRow = cellsOf(from.row, shape);
  const here = inRow.findIndex((cell) => sameCell(cell, from));
  const toRow = (row: number) => nearestCell(rows, { ...from, row: Math.min(rows.length - 1, Math.max(0, row)) });
  switch (key) {
    case 'ArrowLeft':
      return inRow[Math.max(0, here - 1)] ?? null;
    case 'ArrowRight':
      return inRow[Math.min(inRow.length - 1, here + 1)] ?? null;
    case 'ArrowUp':
      return toRow(from.row - 1);
    case 'ArrowDown':
      return toRow(from.row + 1);
    case 'Home':
      return control ? toRow(0) : (inRow[0] ?? null);
    case 'End':
      return control ? toRow(rows.length - 1) : (inRow.at(-1) ?? null);
    default:
      return null;
  }
}
