import { Button, VisuallyHidden } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { type CSSProperties, type FocusEvent, type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import styles from './board.module.css';
import { type Cell, cellKey, cellOf, nearestCell, stepCell } from './board-cursor.ts';
import type { BoardEdits, Means, RowHands } from './board-edits.ts';
import { allExamples, BoardRow } from './board-row.tsx';
import { countRecognised, pictureName } from './board-words.ts';
import type { Board } from './fewshot-status.ts';
import { MOST_CLASSES } from './own-episode.ts';

export interface EpisodeBoardProps {
  readonly board: Board;
  /** Predicted way of each example, class-major; null while they are not predicted. */
  readonly support: readonly number[] | null;
  /** The same of the queries. */
  readonly queries: readonly number[] | null;
  /** Way and number of the query asked about; null for another picture. */
  readonly selected: readonly [way: number, index: number] | null;
  readonly onAsk: (way: number, index: number) => void;
  /** Absent: examples cannot be asked about. */
  readonly onAskExample?: (way: number, index: number) => void;
  /** null: the board is only shown. */
  readonly edits: BoardEdits | null;
  /** How examples can be added, the usual way first. */
  readonly means: readonly Means[];
  readonly onUndo: () => void;
}

/** Columns that examples have at least, so that the first ones do not widen the board. */
const LEAST_COLUMNS = 3;
/** More in a line would be too small or leave the names no room. */
const MOST_IN_HALF = 6;

/** How long it is said that something was removed. Milliseconds. */
const SAID_FOR = 8000;

/** The classes of the episode with their examples and queries: one row each, through which the arrow keys go. */
export function EpisodeBoard(props: EpisodeBoardProps) {
  const { board, support, queries, selected, edits, means, onUndo } = props;
  const grid = useRef<HTMLDivElement>(null);
  const keys = useId();
  const [cursor, setCursor] = useState<Cell>({ row: 0, kind: 'example', index: 0 });
  const [renaming, setRenaming] = useState<number | null>(null);
  const [removed, setRemoved] = useSaid();
  const editable = edits !== null;
  const shapes = useMemo(
    () =>
      board.classes.map(({ examples }, way) => ({
        examples: examples.length,
        queries: board.queries[way]?.length ?? 0,
        editable,
      })),
    [board, editable],
  );
  const at = nearestCell(shapes, cursor);
  const focus = (cell: Cell) => grid.current?.querySelector<HTMLElement>(`[data-cell="${cellKey(cell)}"]`)?.focus();
  const keepFocus = useKeptFocus(() => at && focus(at));

  const hands = useHands({
    ask: (kind, way, index) => (kind === 'query' ? props.onAsk(way, index) : props.onAskExample?.(way, index)),
    add: (way, by) => edits?.onAdd(way, by),
    removeExample: (way, index) => {
      edits?.onRemoveExample(way, index);
      setRemoved(`${pictureName('Example', board, way, index, null)} removed.`);
    },
    removeClass: (way) => {
      edits?.onRemoveClass(way);
      setRemoved(`${board.classes[way]?.name ?? 'A class'} removed.`);
    },
    duplicate: (way) => edits?.onDuplicateClass(way),
    startRename: setRenaming,
    endRename: (way, name) => {
      setRenaming(null);
      setCursor({ row: way, kind: 'name', index: 0 });
      const trimmed = name?.trim() ?? '';
      if (trimmed !== '' && trimmed !== board.classes[way]?.name) edits?.onRenameClass(way, trimmed);
    },
  });

  function onKeyDown(event: KeyboardEvent): void {
    const here = cellAt(event.target);
    if (!here || event.altKey) return;
    const next = stepCell(shapes, here, event.key, event.ctrlKey || event.metaKey);
    if (next) {
      setCursor(next);
      focus(next);
    } else if (editable && event.key === 'Delete' && here.kind === 'example') hands.removeExample(here.row, here.index);
    else if (editable && event.key === 'Delete' && here.kind === 'name') hands.removeClass(here.row);
    else if (editable && (event.key === 'F2' || (event.key === 'Enter' && here.kind === 'name'))) setRenaming(here.row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onFocus(event: FocusEvent): void {
    keepFocus(event.target);
    const cell = cellAt(event.target);
    if (cell) setCursor(cell);
  }

  if (board.classes.length === 0) return <EmptyBoard edits={edits} />;
  const examples = allExamples(board);
  const most = (rows: readonly { readonly length: number }[]) => Math.max(0, ...rows.map(({ length }) => length));
  const columns = { examples: Math.max(LEAST_COLUMNS, most(examples)) + Number(editable), queries: most(board.queries) };
  const counts = [countRecognised(support, examples), countRecognised(queries, board.queries)] as const;
  const misread = counts.some((count) => count && count.right < count.of);
  return (
    <div className={styles.board}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys of the buttons within, of which Tab reaches one */}
      <div
        ref={grid}
        className={styles.grid}
        data-density={densityOf(board.classes.length)}
        style={
          {
            '--examples': columns.examples,
            '--queries': columns.queries,
            '--half-examples': halfOf(columns.examples),
            '--half-queries': halfOf(columns.queries),
          } as CSSProperties
        }
        onKeyDown={onKeyDown}
        onFocus={onFocus}
      >
        <table aria-label="Episode" aria-describedby={keys}>
          <thead>
            <tr>
              <th scope="col" className={styles.name}>
                Class
              </th>
              <th scope="col" className={styles.examples}>
                Examples <Recognised count={counts[0]} />
              </th>
              {columns.queries > 0 && (
                <th scope="col" className={styles.queries}>
                  Queries <Recognised count={counts[1]} />
                </th>
              )}
              <td className={styles.more} />
            </tr>
          </thead>
          <tbody>
            {board.classes.map((_, way) => (
              <BoardRow
                key={way}
                {...{ board, way, support, queries, editable, means, hands }}
                selected={selected?.[0] === way ? selected[1] : null}
                cursor={at?.row === way ? at : null}
                renaming={renaming === way}
                asksExamples={props.onAskExample !== undefined}
              />
            ))}
          </tbody>
        </table>
      </div>
      <VisuallyHidden id={keys}>
        Arrow keys move, Enter asks about a picture{edits && ', F2 renames a class, Delete removes'}.
      </VisuallyHidden>
      <div className={styles.foot}>
        {edits && <AddClass edits={edits} classes={board.classes.length} />}
        <span className={styles.said} role="status">
          {removed && (
            <>
              {removed}{' '}
              <Button
                size="compact-xs"
                variant="subtle"
                onClick={() => {
                  onUndo();
                  setRemoved('');
                }}
              >
                Undo
              </Button>
            </>
          )}
          {!removed && board.classes.length === 1 && 'One class is no choice yet: add a second.'}
        </span>
        {misread && (
          <span className={styles.key}>
            <span className={styles.taken}>→2</span> taken for class 2
          </span>
        )}
      </div>
    </div>
  );
}

function Recognised({ count }: { count: ReturnType<typeof countRecognised> }) {
  return <small>{count && `${count.right} of ${count.of} right`}</small>;
}

function AddClass({ edits, classes }: { edits: BoardEdits; classes: number }) {
  const full = classes >= MOST_CLASSES;
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconPlus size={14} />}
      disabled={full}
      title={full ? `An episode has at most ${MOST_CLASSES} classes.` : undefined}
      onClick={edits.onAddClass}
    >
      Add a class
    </Button>
  );
}

function EmptyBoard({ edits }: { edits: BoardEdits | null }) {
  return (
    <div className={styles.empty}>
      <div className={styles.ghost} aria-hidden="true">
        {['A', 'B'].map((name) => (
          <div key={name}>
            <span>{name}</span>
            <i />
            <i />
            <i />
          </div>
        ))}
      </div>
      <p>Two or more classes with a few examples each: that is all a few-shot learner needs to tell them apart.</p>
      {edits && (
        <Button size="sm" leftSection={<IconPlus size={16} />} onClick={edits.onAddClass}>
          Add the first class
        </Button>
      )}
    </div>
  );
}

/** A few classes may be seen large; many should fit. */
function densityOf(classes: number): 'large' | 'medium' | 'small' {
  if (classes <= 6) return 'large';
  return classes <= 10 ? 'medium' : 'small';
}

/** Pictures in each of two lines, or in more than two where there are very many. */
function halfOf(pictures: number): number {
  return Math.min(MOST_IN_HALF, Math.ceil(pictures / 2));
}

function cellAt(target: EventTarget): Cell | null {
  return target instanceof HTMLElement ? cellOf(target.dataset.cell ?? '') : null;
}

/** The same functions at every rendering, which do what the latest ones say. */
function useHands(latest: RowHands): RowHands {
  const current = useRef(latest);
  useEffect(() => {
    current.current = latest;
  });
  return useMemo(
    () => ({
      ask: (...at) => current.current.ask(...at),
      add: (...how) => current.current.add(...how),
      removeExample: (...at) => current.current.removeExample(...at),
      removeClass: (way) => current.current.removeClass(way),
      duplicate: (way) => current.current.duplicate(way),
      startRename: (way) => current.current.startRename(way),
      endRename: (...to) => current.current.endRename(...to),
    }),
    [],
  );
}

/** A short message that goes by itself. */
function useSaid(): readonly [string, (words: string) => void] {
  const [words, setWords] = useState('');
  useEffect(() => {
    if (words === '') return;
    const timer = setTimeout(() => setWords(''), SAID_FOR);
    return () => clearTimeout(timer);
  }, [words]);
  return [words, setWords];
}

/**
 * Where what had the focus is gone, something else takes it: the keyboard's reader is not thrown to the top of the page.
 *
 * @returns to be told of what has the focus
 */
function useKeptFocus(takeOver: () => void): (focused: Element) => void {
  const focused = useRef<Element>(null);
  // After every change of the board.
  useEffect(() => {
    if (!focused.current || focused.current.isConnected) return;
    focused.current = null;
    if (document.activeElement === document.body) takeOver();
  });
  return (element) => {
    focused.current = element;
  };
}
