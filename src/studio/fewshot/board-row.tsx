import { memo } from 'react';
import type { Pixels } from '../../runtime/preprocess.ts';
import styles from './board.module.css';
import { AddCell, MoreCell, NameCell, PictureCell } from './board-cells.tsx';
import { type Cell, type CellKind, sameCell } from './board-cursor.ts';
import type { Means, RowHands } from './board-edits.ts';
import { pictureName, predictionsOf } from './board-words.ts';
import type { Board } from './fewshot-status.ts';
import { MOST_CLASSES, MOST_EXAMPLES } from './own-episode.ts';

export interface BoardRowProps {
  readonly board: Board;
  readonly way: number;
  /** Predictions of all of the board's pictures, as `EpisodeBoardProps` has them. */
  readonly support: readonly number[] | null;
  readonly queries: readonly number[] | null;
  /** The query asked about, if it is of this row. */
  readonly selected: number | null;
  /** The one cell Tab stops at, if it is in this row. */
  readonly cursor: Cell | null;
  readonly renaming: boolean;
  readonly editable: boolean;
  /** Whether examples can be asked about as queries can. */
  readonly asksExamples: boolean;
  readonly means: readonly Means[];
  readonly hands: RowHands;
}

/** A class of the episode: its name, its examples, its queries, and what can be done with it. */
export const BoardRow = memo(function BoardRow(props: BoardRowProps) {
  const { board, way, support, queries, selected, cursor, renaming, editable, asksExamples, means, hands } = props;
  const entry = board.classes[way];
  if (!entry) return null;
  const { name, examples } = entry;
  const at = (kind: CellKind, index = 0) => cursor !== null && sameCell(cursor, { row: way, kind, index });
  const hasQueries = board.queries.some(({ length }) => length > 0);

  function pictures(kind: 'example' | 'query', list: readonly Pixels[], predicted: readonly (number | null)[]) {
    return list.map((pixels, index) => {
      const taken = predicted[index] ?? null;
      return (
        <PictureCell
          key={index}
          kind={kind}
          way={way}
          index={index}
          pixels={pixels}
          name={pictureName(kind === 'example' ? 'Example' : 'Query', board, way, index, taken)}
          taken={taken === way ? null : taken}
          asked={kind === 'query' ? selected === index : asksExamples ? false : null}
          removeLabel={kind === 'example' && editable ? `Remove example ${index + 1} of ${name}` : null}
          reachable={at(kind, index)}
          hands={hands}
        />
      );
    });
  }

  return (
    <tr className={styles.row}>
      <th scope="row" className={styles.name}>
        <span className={styles.nameRow}>
          <span className={styles.number} aria-hidden="true">
            {way + 1}
          </span>
          <NameCell {...{ way, name, editable, renaming, hands }} reachable={at('name')} />
          <span className={styles.count} title={`${examples.length} examples`} aria-hidden="true">
            {examples.length}
          </span>
        </span>
      </th>
      <td className={styles.examples}>
        <div className={styles.pictures}>
          {pictures('example', examples, predictionsOf(support, allExamples(board), way))}
          {editable && (
            <AddCell
              {...{ way, name, means, hands }}
              none={examples.length === 0}
              full={examples.length >= MOST_EXAMPLES}
              reachable={at('add')}
            />
          )}
        </div>
      </td>
      {hasQueries && (
        <td className={styles.queries}>
          <div className={styles.pictures}>
            {pictures('query', board.queries[way] ?? [], predictionsOf(queries, board.queries, way))}
          </div>
        </td>
      )}
      <td className={styles.more}>
        {editable && (
          <MoreCell {...{ way, name, renaming, hands }} room={board.classes.length < MOST_CLASSES} reachable={at('more')} />
        )}
      </td>
    </tr>
  );
});

/** The examples of each class. */
export function allExamples({ classes }: Board): readonly (readonly Pixels[])[] {
  return classes.map(({ examples }) => examples);
}
