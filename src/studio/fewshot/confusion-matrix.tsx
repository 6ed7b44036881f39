import { Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useDeferredValue, useMemo, useState } from 'react';
import type { ConfusionCell } from '../../fewshot/evaluation.ts';
import panels from '../panels.module.css';
import { formatCount, formatPercent } from '../seeing/numbers.ts';
import styles from './confusion.module.css';
import { cellsBetween, confusedPairs, layOut, type Matrix, type MatrixLayout, matrixOf } from './confusion.ts';
import { cellGradient, colourLimit } from './confusion-colour.ts';
import { ConfusionGrid } from './confusion-grid.tsx';
import { ConfusionImages } from './confusion-images.tsx';
import type { StudioPool } from './pool.ts';

const MOST_PAIRS = 8;
/** A matrix of more lines takes the whole width; the pairs go below it. */
const MOST_BESIDE = 20;

export interface ConfusionMatrixProps {
  readonly cells: readonly ConfusionCell[];
  readonly pool: StudioPool;
}

/** Which pictures are asked for: classes they are of, classes they were taken for. */
export interface Between {
  readonly actual: readonly number[];
  readonly predicted: readonly number[];
  readonly title: string;
}

/** What was taken for what, the pairs most often mixed up, and the pictures behind them. */
export function ConfusionMatrix({ cells: latest, pool }: ConfusionMatrixProps) {
  // An evaluation may bring many episodes a second; the matrix follows when there is time.
  const cells = useDeferredValue(latest);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [between, setBetween] = useState<Between | null>(null);
  const names = useMemo(() => pool.classes.map(({ name }) => name), [pool]);
  const layout = useMemo(() => layOut(names, cells, opened), [names, cells, opened]);
  const matrix = useMemo(() => matrixOf(layout.lines, cells), [layout, cells]);
  const pairs = useMemo(() => confusedPairs(cells, MOST_PAIRS), [cells]);
  const behind = useMemo(() => between && cellsBetween(cells, between.actual, between.predicted), [cells, between]);
  const nameOf = (index: number) => names[index] ?? '';

  function toggle(group: string): void {
    setOpened((old) => {
      const next = new Set(old);
      if (!next.delete(group)) next.add(group);
      return next;
    });
  }

  return (
    <section className={styles.confusion} aria-labelledby="confusion-heading">
      <div className={styles.head}>
        <h2 id="confusion-heading">What was taken for what</h2>
        <p className={panels.quiet}>{explain(layout)}</p>
        {opened.size > 0 && (
          <div className={styles.opened}>
            {[...opened].map((group) => (
              <Button
                key={group}
                size="compact-xs"
                variant="default"
                rightSection={<IconX size={12} />}
                aria-label={`Close ${group}`}
                onClick={() => toggle(group)}
              >
                {group}
              </Button>
            ))}
          </div>
        )}
      </div>
      <div className={styles.body} data-wide={layout.lines.length > MOST_BESIDE || undefined}>
        <div className={styles.chart}>
          <ConfusionGrid layout={layout} matrix={matrix} between={between} onOpen={setBetween} onToggle={toggle} />
          <Scale matrix={matrix} />
        </div>
        <div className={styles.beside}>
          <h3>Most often mixed up</h3>
          {pairs.length === 0 && <p className={panels.quiet}>Nothing was taken for anything else.</p>}
          <ol className={styles.pairs} aria-label="Pairs most often mixed up">
            {pairs.map(({ actual, predicted, count, of }) => (
              <li key={`${actual} ${predicted}`}>
                <button
                  type="button"
                  className={styles.pair}
                  aria-pressed={only(between?.actual) === actual && only(between?.predicted) === predicted}
                  onClick={() =>
                    setBetween({
                      actual: [actual],
                      predicted: [predicted],
                      title: `${nameOf(actual)} taken for ${nameOf(predicted)}`,
                    })
                  }
                >
                  <span className={styles.pairNames}>
                    {nameOf(actual)} <span className={panels.quiet}>for</span> {nameOf(predicted)}
                  </span>
                  <span className={styles.pairCount}>
                    {count} of {of}
                  </span>
                </button>
              </li>
            ))}
          </ol>
          {pairs.length > 0 && (
            <p className={panels.quiet}>“3 of 20”: of 20 pictures of the first class where the second one was a choice.</p>
          )}
        </div>
      </div>
      {between && behind && (
        <ConfusionImages key={between.title} title={between.title} cells={behind} pool={pool} onClose={() => setBetween(null)} />
      )}
    </section>
  );
}

function only(classes: readonly number[] | undefined): number | null {
  return classes?.length === 1 ? (classes[0] ?? null) : null;
}

/** What the rows are, in a sentence or two. */
function explain({ by, drawn, lines }: MatrixLayout): string {
  const shown = 'Rows are what a picture is, columns what it was taken for.';
  const count = formatCount(drawn);
  if (by === 'class') return `${shown} The ${count} classes that were drawn, by name.`;
  if (by === 'group')
    return `${shown} The ${count} classes that were drawn are gathered by the name before “/”; open one from its row.`;
  return `${shown} Of the ${count} classes that were drawn, the ${lines.length - 1} most often mixed up; the others share the last row.`;
}

function Scale({ matrix }: { matrix: Matrix }) {
  return (
    <div className={styles.legend}>
      <span>Of a row’s pictures, % taken for the column:</span>
      <span className={styles.scale}>
        <span>0</span>
        <span className={styles.gradient} style={{ background: cellGradient() }} aria-hidden="true" />
        <span>{formatPercent(colourLimit(matrix.limit))}</span>
      </span>
      <span className={styles.scale}>
        <span className={styles.legendRight} aria-hidden="true" />
        <span>right</span>
      </span>
      <span className={styles.scale}>
        <span className={styles.legendNever} aria-hidden="true" />
        <span>never in one episode</span>
      </span>
    </div>
  );
}
