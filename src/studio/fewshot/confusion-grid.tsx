import { type CSSProperties, type KeyboardEvent, useRef, useState } from 'react';
import { formatPercent } from '../seeing/numbers.ts';
import { useWidth } from '../seeing/use-width.ts';
import styles from './confusion.module.css';
import type { Matrix, MatrixCell, MatrixLayout, MatrixLine } from './confusion.ts';
import { cellColour, colourLimit } from './confusion-colour.ts';
import type { Between } from './confusion-matrix.tsx';

/** Sides of a cell in CSS pixels: no smaller than a finger’s tip finds with care, no larger than serves. */
const LEAST_CELL = 16;
const MOST_CELL = 40;
/** Cells this wide have room for their share. */
const NUMBERS_FROM = 30;
/** Room for the rows’ names. */
const NAMES = 132;
const NAMES_NARROW = 96;
const NARROW = 480;

export interface ConfusionGridProps {
  readonly layout: MatrixLayout;
  readonly matrix: Matrix;
  readonly between: Between | null;
  readonly onOpen: (between: Between) => void;
  readonly onToggle: (group: string) => void;
}

/** The matrix as a grid one walks with the arrow keys: Enter on a row’s name opens it, on a cell shows its pictures. */
export function ConfusionGrid({ layout: { lines, by }, matrix, between, onOpen, onToggle }: ConfusionGridProps) {
  const holder = useRef<HTMLDivElement>(null);
  const table = useRef<HTMLTableElement>(null);
  const width = useWidth(holder);
  const [place, setPlace] = useState<readonly [row: number, column: number]>([0, 1]);
  const names = width < NARROW ? NAMES_NARROW : NAMES;
  const side = Math.max(LEAST_CELL, Math.min(MOST_CELL, Math.floor((width - names - 1) / Math.max(1, lines.length))));
  const limit = colourLimit(matrix.limit);
  const row = Math.min(place[0], lines.length - 1);
  const column = Math.min(place[1], lines.length);

  function onKeyDown(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [row, event.ctrlKey ? 1 : 0],
      End: [event.ctrlKey ? lines.length - 1 : row, lines.length],
    };
    const next = moves[event.key];
    if (!next) return;
    event.preventDefault();
    const [y, x] = next;
    const at = (column: number) => table.current?.querySelector<HTMLElement>(`[data-place="${y},${column}"]`);
    // Of the rows' names only those that open something can be reached.
    (at(x) ?? (x === 0 ? at(1) : null))?.focus();
  }

  const roving = (y: number, x: number) => ({
    'data-place': `${y},${x}`,
    tabIndex: y === row && x === column ? 0 : -1,
    onFocus: () => setPlace([y, x]),
  });

  return (
    <div ref={holder} className={styles.holder}>
      {width > 0 && (
        <table
          ref={table}
          className={styles.grid}
          style={{ '--side': `${side}px`, '--names': `${names}px` } as CSSProperties}
          onKeyDown={onKeyDown}
        >
          <caption className={styles.spoken}>
            Rows are what a picture is, columns what it was taken for. Arrow keys move between cells, Enter shows the pictures.
          </caption>
          <thead>
            <tr>
              <td className={styles.corner} />
              {lines.map(({ key, label }) => (
                <th key={key} scope="col" title={label}>
                  <span>{label}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map((line, y) => (
              <tr key={line.key}>
                <RowName line={line} group={by === 'group'} onToggle={onToggle} roving={roving(y, 0)} />
                {lines.map((other, x) => {
                  const cell = matrix.cells[y]?.[x] ?? { count: 0, of: 0 };
                  const within = y === x ? (matrix.within[y] ?? 0) : 0;
                  return (
                    <Cell
                      key={other.key}
                      cell={cell}
                      within={within}
                      same={y === x}
                      limit={limit}
                      numbers={side >= NUMBERS_FROM}
                      said={say(line, other, cell, within)}
                      chosen={between?.actual === line.classes && between.predicted === other.classes}
                      onOpen={() =>
                        onOpen({ actual: line.classes, predicted: other.classes, title: titleOf(line, other, within) })
                      }
                      roving={roving(y, x + 1)}
                    />
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

interface Roving {
  readonly 'data-place': string;
  readonly tabIndex: number;
  readonly onFocus: () => void;
}

function RowName({
  line: { label, kind, classes },
  group,
  onToggle,
  roving,
}: {
  line: MatrixLine;
  group: boolean;
  onToggle: (group: string) => void;
  roving: Roving;
}) {
  const opens = group && kind === 'group';
  return (
    <th scope="row" title={label}>
      {opens ? (
        <button
          type="button"
          className={styles.opener}
          aria-expanded={false}
          aria-label={`Open ${label}, ${classes.length} classes`}
          onClick={() => onToggle(label)}
          {...roving}
        >
          ▸ {label} <small>{classes.length}</small>
        </button>
      ) : (
        <span>{label}</span>
      )}
    </th>
  );
}

interface CellProps {
  readonly cell: MatrixCell;
  readonly within: number;
  readonly same: boolean;
  readonly limit: number;
  readonly numbers: boolean;
  readonly said: string;
  readonly chosen: boolean;
  readonly onOpen: () => void;
  readonly roving: Roving;
}

function Cell({ cell: { count, of }, within, same, limit, numbers, said, chosen, onOpen, roving }: CellProps) {
  const opens = count > 0 || within > 0;
  const share = of === 0 ? 0 : count / of;
  const colour = !same && count > 0 ? cellColour(share / limit) : null;
  return (
    <td>
      <button
        type="button"
        className={styles.cell}
        aria-label={said}
        title={said}
        aria-pressed={chosen}
        aria-disabled={!opens}
        data-same={same || undefined}
        data-never={of === 0 || undefined}
        style={colour ? { background: colour.ground, color: colour.ink } : undefined}
        onClick={() => opens && onOpen()}
        {...roving}
      >
        {numbers && (count > 0 || same) && of > 0 ? figure(share) : ''}
      </button>
    </td>
  );
}

/** Percent in at most three characters. */
function figure(share: number): string {
  return share > 0 && share < 0.0995 ? (100 * share).toFixed(1) : String(Math.round(100 * share));
}

function titleOf(line: MatrixLine, other: MatrixLine, within: number): string {
  if (line !== other) return `${line.label} taken for ${other.label}`;
  return within > 0 ? `Mixed up within ${line.label}` : `${line.label}, predicted right`;
}

/** “Georgian/ani taken for Thai/ko: 3 of 20” */
function say(line: MatrixLine, other: MatrixLine, { count, of }: MatrixCell, within: number): string {
  if (line === other) {
    const mixed = within > 0 ? `, ${within} taken for another of its classes` : '';
    return `${line.label} predicted right: ${count} of ${of}, ${formatPercent(of === 0 ? 0 : count / of)}${mixed}`;
  }
  if (of === 0) return `${line.label} and ${other.label} were never in one episode`;
  return `${line.label} taken for ${other.label}: ${count} of ${of}`;
}
