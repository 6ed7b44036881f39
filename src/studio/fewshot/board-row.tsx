import { ActionIcon, Menu, UnstyledButton } from '@mantine/core';
import { IconCamera, IconDots, IconFileUpload, IconPencil, IconPlus, IconX } from '@tabler/icons-react';
import { type ComponentType, memo, type ReactNode, useEffect, useRef } from 'react';
import type { Pixels } from '../../runtime/preprocess.ts';
import styles from './board.module.css';
import { type Cell, type CellKind, sameCell } from './board-cursor.ts';
import { pictureName } from './board-words.ts';
import type { Board } from './fewshot-status.ts';
import { PictureCanvas } from './picture-canvas.tsx';

/** How pictures come to a class. */
export type Means = 'draw' | 'camera' | 'file';

/** What a reader may do to the board. Ways count from 0. */
export interface BoardEdits {
  readonly onAddClass: () => void;
  readonly onRemoveClass: (way: number) => void;
  readonly onRenameClass: (way: number, name: string) => void;
  readonly onDuplicateClass: (way: number) => void;
  readonly onAdd: (way: number, means: Means) => void;
  readonly onRemoveExample: (way: number, index: number) => void;
}

const MEANS: Readonly<Record<Means, { label: string; icon: ComponentType<{ size: number }> }>> = {
  draw: { label: 'Draw …', icon: IconPencil },
  camera: { label: 'Camera …', icon: IconCamera },
  file: { label: 'Files …', icon: IconFileUpload },
};

/** Longest side of a picture on the board, in CSS pixels; see `--picture` in the styles. */
const SHOWN_SIDE = 52;

/** Names a cell to the page, so that the keyboard finds it. */
export function cellKey({ row, kind, index }: Cell): string {
  return `${row}/${kind}/${index}`;
}

export interface BoardRowProps {
  readonly board: Board;
  readonly way: number;
  /** What each example and query is predicted as; null before that. */
  readonly support: readonly (number | null)[];
  readonly queries: readonly (number | null)[];
  /** The query asked about, if it is of this row. */
  readonly selected: number | null;
  /** The one cell Tab stops at, if it is in this row. */
  readonly cursor: Cell | null;
  readonly renaming: boolean;
  readonly means: readonly Means[];
  /** Whether the class and the board have room for more. */
  readonly room: { readonly example: boolean; readonly class: boolean };
  readonly edits: BoardEdits | null;
  readonly onAsk: (index: number) => void;
  readonly onAskExample: ((index: number) => void) | null;
  /** null ends it; a text is the new name. */
  readonly onRename: (name: string | null) => void;
  readonly onStartRename: () => void;
}

/** A class of the episode: its name, its examples, its queries, and what can be done with it. */
export function BoardRow(props: BoardRowProps) {
  const { board, way, support, queries, selected, cursor, edits, onAsk, onAskExample } = props;
  const entry = board.classes[way];
  if (!entry) return null;
  const { examples } = entry;
  const at = (kind: CellKind, index = 0) => {
    const cell: Cell = { row: way, kind, index };
    return { 'data-cell': cellKey(cell), tabIndex: cursor && sameCell(cursor, cell) ? 0 : -1 };
  };
  const hasQueries = board.queries.some(({ length }) => length > 0);
  return (
    <tr className={styles.row}>
      <th scope="row" className={styles.name}>
        <span className={styles.nameRow}>
          <span className={styles.number} aria-hidden="true">
            {way + 1}
          </span>
          <ClassName {...props} name={entry.name} at={at('name')} />
          <span className={styles.count} title={`${examples.length} examples`} aria-hidden="true">
            {examples.length}
          </span>
        </span>
      </th>
      <td className={styles.examples}>
        <div className={styles.pictures}>
          {examples.map((pixels, index) => (
            <PictureCell
              key={index}
              pixels={pixels}
              name={pictureName('Example', board, way, index, support[index] ?? null)}
              taken={support[index] === way ? null : (support[index] ?? null)}
              at={at('example', index)}
              {...(onAskExample ? { onClick: () => onAskExample(index) } : {})}
              {...(edits
                ? {
                    removal: {
                      label: `Remove example ${index + 1} of ${entry.name}`,
                      onRemove: () => edits.onRemoveExample(way, index),
                    },
                  }
                : {})}
            />
          ))}
          {edits && <AddCell {...props} edits={edits} name={entry.name} none={examples.length === 0} at={at('add')} />}
        </div>
      </td>
      {hasQueries && (
        <td className={styles.queries}>
          <div className={styles.pictures}>
            {(board.queries[way] ?? []).map((pixels, index) => (
              <PictureCell
                key={index}
                pixels={pixels}
                name={pictureName('Query', board, way, index, queries[index] ?? null)}
                taken={queries[index] === way ? null : (queries[index] ?? null)}
                selected={selected === index}
                at={at('query', index)}
                onClick={() => onAsk(index)}
              />
            ))}
          </div>
        </td>
      )}
      <td className={styles.more}>
        {edits && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" size={32} aria-label={`More for ${entry.name}`} {...at('more')}>
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={props.onStartRename}>Rename</Menu.Item>
              <Menu.Item disabled={!props.room.class} onClick={() => edits.onDuplicateClass(way)}>
                Duplicate
              </Menu.Item>
              <Menu.Item onClick={() => edits.onRemoveClass(way)}>Delete the class</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </td>
    </tr>
  );
}

interface Place {
  readonly 'data-cell': string;
  readonly tabIndex: number;
}

function ClassName({
  name,
  renaming,
  edits,
  at,
  onRename,
  onStartRename,
}: Pick<BoardRowProps, 'renaming' | 'edits' | 'onRename' | 'onStartRename'> & { readonly name: string; readonly at: Place }) {
  if (!renaming) {
    return (
      <UnstyledButton
        className={styles.className}
        title={edits ? `${name}\nDouble click or F2 renames` : name}
        onDoubleClick={onStartRename}
        {...at}
      >
        {name}
      </UnstyledButton>
    );
  }
  return <NewName name={name} onEnd={onRename} />;
}

/** Enter and leaving it take the new name, Escape keeps the old one. */
function NewName({ name, onEnd }: { readonly name: string; readonly onEnd: (name: string | null) => void }) {
  const input = useRef<HTMLInputElement>(null);
  // A field that goes is left as well.
  const ended = useRef(false);
  useEffect(() => input.current?.select(), []);
  const end = (next: string | null) => {
    if (ended.current) return;
    ended.current = true;
    onEnd(next);
  };
  return (
    <input
      ref={input}
      className={styles.rename}
      aria-label={`New name of ${name}`}
      defaultValue={name}
      maxLength={80}
      onKeyDown={(event) => {
        // Neither the grid nor the page's shortcuts have a use for what is typed.
        event.stopPropagation();
        if (event.key === 'Enter') end(event.currentTarget.value);
        if (event.key === 'Escape') end(null);
      }}
      onBlur={({ currentTarget }) => end(currentTarget.value)}
    />
  );
}

interface PictureCellProps {
  readonly pixels: Pixels;
  readonly name: string;
  /** The other class it is taken for; null where it is not. */
  readonly taken: number | null;
  readonly selected?: boolean;
  readonly at: Place;
  readonly onClick?: () => void;
  readonly removal?: { readonly label: string; readonly onRemove: () => void };
}

const PictureCell = memo(function PictureCell({ pixels, name, taken, selected, at, onClick, removal }: PictureCellProps) {
  return (
    <span className={styles.cell}>
      <UnstyledButton
        className={styles.picture}
        aria-label={name}
        aria-pressed={selected}
        data-taken={taken === null ? undefined : true}
        title={name}
        onClick={onClick}
        {...at}
      >
        <PictureCanvas pixels={pixels} side={SHOWN_SIDE} alt="" />
        {taken !== null && (
          <span className={styles.taken} aria-hidden="true">
            <span className={styles.arrow}>→</span>
            {taken + 1}
          </span>
        )}
      </UnstyledButton>
      {removal && (
        <UnstyledButton
          className={styles.remove}
          tabIndex={-1}
          aria-label={removal.label}
          title="Remove (Delete); Ctrl Z brings it back"
          onClick={removal.onRemove}
        >
          <IconX size={12} />
        </UnstyledButton>
      )}
    </span>
  );
});

/** Where the next example goes; on an empty class it says so. */
function AddCell({
  way,
  means,
  room,
  edits,
  name,
  none,
  at,
}: Pick<BoardRowProps, 'way' | 'means' | 'room'> & {
  readonly edits: BoardEdits;
  readonly name: string;
  readonly none: boolean;
  readonly at: Place;
}) {
  const [only] = means;
  const words = only === 'draw' ? 'Draw three of them' : 'Add three pictures';
  const face: ReactNode = (
    <>
      <IconPlus size={16} />
      {none && <span>{words}</span>}
    </>
  );
  const look = {
    className: styles.add,
    'data-words': none || undefined,
    'aria-label': none ? `${words}: ${name}` : `Add an example of ${name}`,
    title: room.example ? undefined : 'No more fit',
    disabled: !room.example,
    ...at,
  };
  if (means.length === 1 && only) {
    return (
      <UnstyledButton {...look} onClick={() => edits.onAdd(way, only)}>
        {face}
      </UnstyledButton>
    );
  }
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <UnstyledButton {...look}>{face}</UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {means.map((value) => {
          const { label, icon: Icon } = MEANS[value];
          return (
            <Menu.Item key={value} leftSection={<Icon size={14} />} onClick={() => edits.onAdd(way, value)}>
              {label}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
