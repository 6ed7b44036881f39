import { ActionIcon, Menu, UnstyledButton } from '@mantine/core';
import { IconCamera, IconDots, IconFileUpload, IconPencil, IconPlus, IconX } from '@tabler/icons-react';
import { type ComponentType, memo, useEffect, useRef } from 'react';
import type { Pixels } from '../../runtime/preprocess.ts';
import styles from './board.module.css';
import { type Cell, cellKey } from './board-cursor.ts';
import type { Means, RowHands } from './board-edits.ts';
import { PictureCanvas } from './picture-canvas.tsx';

/** Longest side of a picture on the board, in CSS pixels; see `--most` in the styles. */
const SHOWN_SIDE = 52;

/** What makes a button one of the board's cells: the keyboard finds it by its key, Tab stops at one of them. */
function cellProps(cell: Cell, reachable: boolean) {
  return { 'data-cell': cellKey(cell), tabIndex: reachable ? 0 : -1 };
}

interface PictureCellProps {
  readonly kind: 'example' | 'query';
  readonly way: number;
  readonly index: number;
  readonly pixels: Pixels;
  readonly name: string;
  /** The other class it is taken for; null where it is not. */
  readonly taken: number | null;
  /** null where pictures of its kind cannot be asked about. */
  readonly asked: boolean | null;
  /** What the button that removes it is called; null without one. */
  readonly removeLabel: string | null;
  readonly reachable: boolean;
  readonly hands: RowHands;
}

/** An example or a query. */
export const PictureCell = memo(function PictureCell(props: PictureCellProps) {
  const { kind, way, index, pixels, name, taken, asked, removeLabel, reachable, hands } = props;
  return (
    <span className={styles.cell}>
      <UnstyledButton
        className={styles.picture}
        aria-label={name}
        aria-pressed={asked ?? undefined}
        data-taken={taken === null ? undefined : true}
        title={name}
        onClick={() => asked !== null && hands.ask(kind, way, index)}
        {...cellProps({ row: way, kind, index }, reachable)}
      >
        <PictureCanvas pixels={pixels} side={SHOWN_SIDE} alt="" />
        {taken !== null && (
          <span className={styles.taken} aria-hidden="true">
            <span className={styles.arrow}>→</span>
            {taken + 1}
          </span>
        )}
      </UnstyledButton>
      {removeLabel !== null && (
        <UnstyledButton
          className={styles.remove}
          tabIndex={-1}
          aria-label={removeLabel}
          title="Remove (Delete); Ctrl Z brings it back"
          onClick={() => hands.removeExample(way, index)}
        >
          <IconX size={12} />
        </UnstyledButton>
      )}
    </span>
  );
});

const MEANS: Readonly<Record<Means, { label: string; icon: ComponentType<{ size: number }> }>> = {
  draw: { label: 'Draw …', icon: IconPencil },
  camera: { label: 'Camera …', icon: IconCamera },
  file: { label: 'Files …', icon: IconFileUpload },
};

interface AddCellProps {
  readonly way: number;
  readonly name: string;
  readonly means: readonly Means[];
  /** Whether the class has no example yet, which is then said. */
  readonly none: boolean;
  readonly full: boolean;
  readonly reachable: boolean;
  readonly hands: RowHands;
}

/** Where the next example goes. */
export const AddCell = memo(function AddCell({ way, name, means, none, full, reachable, hands }: AddCellProps) {
  const [only] = means;
  const words = only === 'draw' ? 'Draw three of them' : 'Add three pictures';
  const face = (
    <>
      <IconPlus size={16} />
      {none && <span>{words}</span>}
    </>
  );
  const look = {
    className: styles.add,
    'data-words': none || undefined,
    'aria-label': none ? `${words}: ${name}` : `Add an example of ${name}`,
    title: full ? 'No more fit' : undefined,
    'aria-disabled': full || undefined,
    ...cellProps({ row: way, kind: 'add', index: 0 }, reachable),
  };
  // Not disabled: the keyboard must be able to pass it.
  if (full) return <UnstyledButton {...look}>{face}</UnstyledButton>;
  if (means.length === 1 && only) {
    return (
      <UnstyledButton {...look} onClick={() => hands.add(way, only)}>
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
            <Menu.Item key={value} leftSection={<Icon size={14} />} onClick={() => hands.add(way, value)}>
              {label}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
});

interface MoreCellProps {
  readonly way: number;
  readonly name: string;
  /** Whether the board has room for another class. */
  readonly room: boolean;
  readonly renaming: boolean;
  readonly reachable: boolean;
  readonly hands: RowHands;
}

/** What can be done with the class as a whole. */
export const MoreCell = memo(function MoreCell({ way, name, room, renaming, reachable, hands }: MoreCellProps) {
  return (
    // The focus goes to the new name's field instead.
    <Menu position="bottom-end" returnFocus={!renaming}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={32}
          aria-label={`More for ${name}`}
          {...cellProps({ row: way, kind: 'more', index: 0 }, reachable)}
        >
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => hands.startRename(way)}>Rename</Menu.Item>
        <Menu.Item disabled={!room} onClick={() => hands.duplicate(way)}>
          Duplicate
        </Menu.Item>
        <Menu.Item onClick={() => hands.removeClass(way)}>Delete the class</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
});

interface NameCellProps {
  readonly way: number;
  readonly name: string;
  readonly editable: boolean;
  readonly renaming: boolean;
  readonly reachable: boolean;
  readonly hands: RowHands;
}

/** The class's name, which is changed where it stands. */
export function NameCell({ way, name, editable, renaming, reachable, hands }: NameCellProps) {
  if (renaming) return <NewName name={name} onEnd={(next) => hands.endRename(way, next)} />;
  return (
    <UnstyledButton
      className={styles.className}
      title={editable ? `${name}\nDouble click or F2 renames` : name}
      onDoubleClick={() => editable && hands.startRename(way)}
      {...cellProps({ row: way, kind: 'name', index: 0 }, reachable)}
    >
      {name}
    </UnstyledButton>
  );
}

/** Enter and leaving it take the new name, Escape keeps the old one. */
function NewName({ name, onEnd }: { readonly name: string; readonly onEnd: (name: string | null) => void }) {
  const input = useRef<HTMLInputElement>(null);
  // A field that goes is left as well.
  const ended = useRef(false);
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
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
