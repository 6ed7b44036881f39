import { Button, VisuallyHidden } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { type CSSProperties, type FocusEvent, type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import styles from './board.module.css';
import { type Cell, type CellKind, nearestCell, stepCell } from './board-cursor.ts';
import { type BoardEdits, BoardRow, cellKey, type Means } from './board-row.tsx';
import { countRecognised, pictureName, predictionsOf } from './board-words.ts';
import type { Board } from './fewshot-status.ts';
import { MOST_CLASSES, MOST_EXAMPLES } from './own-episode.ts';

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

/** How long it is said that something was removed. Milliseconds. */
const SAID_FOR = 8000;

/** The classes of the episode with their examples and queries: one row each, a grid for the keyboard. */
export function EpisodeBoard(props: EpisodeBoardProps) {
  const { board, support, queries, selected, onAsk, onAskExample, edits, means, onUndo } = props;
  const grid = useRef<HTMLDivElement>(null);
  const keys = useId();
  const [cursor, setCursor] = useState<Cell>({ row: 0, kind: 'example', index: 0 });
  const [renaming, setRenaming] = useState<number | null>(null);
  const [removed, setRemoved] = useSaid();
  const shapes = useMemo(
    () =>
      board.classes.map(({ examples }, way) => ({
        examples: examples.length,
        queries: board.queries[way]?.length ?? 0,
        editable: edits !== null,
      })),
    [board, edits],
  );
  const at = nearestCell(shapes, cursor);
  const focus = (cell: Cell) => grid.current?.querySelector<HTMLElement>(`[data-cell="${cellKey(cell)}"]`)?.focus();
  const keepFocus = useKeptFocus(() => at && focus(at));

  const examples = board.classes.map((entry) => entry.examples);
  const watched: BoardEdits | null = edits && {
    ...edits,
    onRemoveExample: (way, index) => {
      edits.onRemoveExample(way, index);
      setRemoved(`${pictureName('Example', board, way, index, null)} removed.`);
    },
    onRemoveClass: (way) => {
      edits.onRemoveClass(way);
      setRemoved(`${board.classes[way]?.name ?? 'A class'} removed.`);
    },
  };

  function endRename(way: number, name: string | null): void {
    setRenaming(null);
    setCursor({ row: way, kind: 'name', index: 0 });
    const trimmed = name?.trim() ?? '';
    if (trimmed !== '' && trimmed !== board.classes[way]?.name) edits?.onRenameClass(way, trimmed);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const here = cellOf(event.target);
    if (!here || event.altKey) return;
    const control = event.ctrlKey || event.metaKey;
    const next = stepCell(shapes, here, event.key, control);
    if (next) {
      setCursor(next);
      focus(next);
    } else if (watched && event.key === 'Delete' && here.kind === 'example') {
      watched.onRemoveExample(here.row, here.index);
    } else if (watched && event.key === 'Delete' && here.kind === 'name') {
      watched.onRemoveClass(here.row);
    } else if (watched && (event.key === 'F2' || (event.key === 'Enter' && here.kind === 'name'))) {
      setRenaming(here.row);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onFocus(event: FocusEvent): void {
    keepFocus(event.target);
    const cell = cellOf(event.target);
    if (cell) setCursor(cell);
  }

  if (board.classes.length === 0) return <EmptyBoard edits={edits} />;
  const most = (rows: readonly { readonly length: number }[]) => Math.max(0, ...rows.map(({ length }) => length));
  const columns = { examples: Math.max(3, most(examples)) + Number(edits !== null), queries: most(board.queries) };
  const counts = [countRecognised(support, examples), countRecognised(queries, board.queries)] as const;
  const misread = counts.some((count) => count && count.right < count.of);
  return (
    <div className={styles.board}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys of the buttons within, of which Tab reaches one */}
      <div
        ref={grid}
        className={styles.grid}
        data-density={densityOf(board.classes.length)}
        style={{ '--examples': columns.examples, '--queries': columns.queries } as CSSProperties}
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
            {board.classes.map((entry, way) => (
              <BoardRow
                key={way}
                board={board}
                way={way}
                support={predictionsOf(support, examples, way)}
                queries={predictionsOf(queries, board.queries, way)}
                selected={selected?.[0] === way ? selected[1] : null}
                cursor={at?.row === way ? at : null}
                renaming={renaming === way}
                means={means}
                room={{ example: entry.examples.length < MOST_EXAMPLES, class: board.classes.length < MOST_CLASSES }}
                edits={watched}
                onAsk={(index) => onAsk(way, index)}
                onAskExample={onAskExample ? (index) => onAskExample(way, index) : null}
                onStartRename={() => edits && setRenaming(way)}
                onRename={(name) => endRename(way, name)}
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

const KINDS: readonly string[] = ['name', 'example', 'add', 'query', 'more'] satisfies CellKind[];

function cellOf(target: EventTarget): Cell | null {
  const key = target instanceof HTMLElement ? target.dataset.cell : undefined;
  const [row, kind, index] = key?.split('/') ?? [];
  if (kind === undefined || !KINDS.includes(kind)) return null;
  return { row: Number(row), kind: kind as CellKind, index: Number(index) };
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
