/** What can be done with the board. Ways and numbers of pictures count from 0. */

/** How pictures come to a class. */
export type Means = 'draw' | 'camera' | 'file';

/** What a reader may change. */
export interface BoardEdits {
  readonly onAddClass: () => void;
  readonly onRemoveClass: (way: number) => void;
  readonly onRenameClass: (way: number, name: string) => void;
  readonly onDuplicateClass: (way: number) => void;
  readonly onAdd: (way: number, means: Means) => void;
  readonly onRemoveExample: (way: number, index: number) => void;
}

/** What the board's rows call; always the same functions, so that only rows that changed are drawn again. */
export interface RowHands {
  readonly ask: (kind: 'example' | 'query', way: number, index: number) => void;
  readonly add: (way: number, means: Means) => void;
  readonly removeExample: (way: number, index: number) => void;
  readonly removeClass: (way: number) => void;
  readonly duplicate: (way: number) => void;
  readonly startRename: (way: number) => void;
  /** null keeps the old name. */
  readonly endRename: (way: number, name: string | null) => void;
}
