import { Button, MultiSelect } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import type { CSSProperties } from 'react';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import panels from '../panels.module.css';
import { formatPercent } from '../seeing/numbers.ts';
import { likeliest } from './board-words.ts';
import styles from './compare-view.module.css';
import { learnsHow, type OfferedLearner, offItsWay, wayOut } from './compared.ts';
import type { ComparedLearner } from './fewshot-status.ts';
import { PictureCanvas } from './picture-canvas.tsx';

/** Learners beside the chosen one that can be shown at once. */
const MOST_COMPARED = 6;
const QUERY_SIDE = 56;

export interface CompareViewProps {
  /** All learners there are, those that do not suit the episode with the reason. */
  readonly learners: readonly OfferedLearner[];
  /** Name of the chosen learner, which always stands first. */
  readonly chosen: string;
  /** Names of those beside it. */
  readonly compared: readonly string[];
  readonly onCompared: (names: readonly string[]) => void;
  readonly rows: readonly ComparedLearner[];
  /** Names of the episode’s classes, by way. */
  readonly classes: readonly string[];
  /** How many examples and labelled queries the episode has. */
  readonly examples: number;
  readonly queries: number;
  /** The picture asked about, and its class where it is known. */
  readonly picture: Pixels | null;
  readonly actual: number | null;
  /** Makes another learner the chosen one. */
  readonly onChoose: (name: string) => void;
  readonly onRetry: () => void;
}

/** Learners side by side on the same examples and the same question. */
export default function CompareView(props: CompareViewProps) {
  const { learners, chosen, compared, onCompared, rows, classes, picture, actual } = props;
  const offer = wayOut(rows, learners, classes.length);
  const others = learners.filter(({ card }) => card.name !== chosen);
  return (
    <div className={styles.view}>
      <div className={styles.head}>
        <span className={styles.query}>
          {picture && <PictureCanvas pixels={picture} side={QUERY_SIDE} alt="The picture asked about" />}
        </span>
        <div className={styles.picker}>
          <MultiSelect
            size="xs"
            classNames={{ option: styles.row }}
            aria-label="Learners beside the chosen one"
            placeholder={rows.length < 2 ? 'Add a learner' : ''}
            maxValues={MOST_COMPARED}
            // A link may name learners that this studio does not have.
            value={others.map(({ card }) => card.name).filter((name) => compared.includes(name))}
            onChange={onCompared}
            data={others.map(({ card, obstacle }) => ({ value: card.name, label: card.title, disabled: obstacle !== null }))}
            renderOption={({ option, checked }) => (
              <Option
                checked={checked === true}
                learner={learners.find(({ card }) => card.name === option.value)}
                ways={classes.length}
              />
            )}
          />
          <p className={panels.quiet}>
            {picture
              ? `The same examples and the same question for each${actual === null ? '' : `; it is ${classes[actual] ?? ''}`}.`
              : 'The same examples for each. Ask about a picture in Teach to see the probabilities.'}
          </p>
        </div>
      </div>
      {offer && (
        <p className={styles.offer} role="status">
          <span>
            With {classes.length} classes a learner has too few output nodes. “{offer.title}” takes any number of classes.
          </span>
          <Button size="compact-sm" variant="default" onClick={() => onCompared([...compared, offer.name])}>
            Add it
          </Button>
        </p>
      )}
      {rows.length === 0 ? <p className={panels.empty}>Learners will stand here side by side.</p> : <Table {...props} />}
    </div>
  );
}

/** A learner in the list, with the reason where it cannot be taken and a warning where it is off its way. */
function Option({ learner, ways, checked }: { learner: OfferedLearner | undefined; ways: number; checked: boolean }) {
  if (!learner) return null;
  const note = learner.obstacle ?? offItsWay(learner.card, ways);
  return (
    <span className={styles.option} data-obstacle={learner.obstacle !== null || undefined}>
      <span>
        {learner.card.title} {checked && <IconCheck size={14} aria-hidden="true" />}
      </span>
      {note && <small>{note}</small>}
    </span>
  );
}

/** One table, so that a class has the same row under every learner. */
function Table({ rows, classes, examples, queries, actual, chosen, onChoose, onRetry }: CompareViewProps) {
  return (
    <section className={styles.scroll} aria-label="Learners compared">
      <table className={styles.table} style={{ '--columns': rows.length } as CSSProperties}>
        <caption className={styles.spoken}>Each column is a learner, each of the lower rows a class of the episode.</caption>
        <thead>
          <tr>
            <td />
            {rows.map(({ name, card, state }) => (
              <th key={name} scope="col" className={styles.columnHead} data-chosen={name === chosen || undefined}>
                <Head
                  name={name}
                  card={card}
                  // A learner that failed says why itself.
                  warning={card && state !== 'failed' ? offItsWay(card, classes.length) : null}
                  chosen={name === chosen}
                  onChoose={onChoose}
                />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Figures
            label="Examples right"
            detail={`of ${examples}`}
            rows={rows}
            write={({ supportAccuracy }) => (supportAccuracy === null ? null : formatPercent(supportAccuracy))}
          />
          {queries > 0 && (
            <Figures
              label="Queries right"
              detail={`of ${queries}`}
              strong
              rows={rows}
              write={({ queryAccuracy }) => (queryAccuracy === null ? null : formatPercent(queryAccuracy))}
            />
          )}
          <Figures
            label="Time"
            detail="learning and answering"
            rows={rows}
            write={({ milliseconds }) => (milliseconds === null ? null : writeTime(milliseconds))}
          />
        </tbody>
        <tbody>
          <tr>
            <th scope="row" className={styles.part}>
              Probability
            </th>
            {rows.map((row) => (
              <td key={row.name} className={styles.part}>
                <State row={row} onRetry={onRetry} />
              </td>
            ))}
          </tr>
          {classes.map((label, way) => (
            <tr key={way}>
              <th scope="row" title={label}>
                <span className={styles.rowName} data-actual={way === actual || undefined}>
                  {label}
                </span>
                {way === actual && <small className={styles.rowNote}>what it is</small>}
              </th>
              {rows.map((row) => (
                <Probability key={row.name} share={row.probabilities?.[way]} best={likeliest(row.probabilities) === way} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Head({
  name,
  card,
  warning,
  chosen,
  onChoose,
}: {
  name: string;
  card: LearnerCard | null;
  warning: string | null;
  chosen: boolean;
  onChoose: (name: string) => void;
}) {
  return (
    <div className={styles.learner}>
      <strong>{card?.title ?? name}</strong>
      {card && <small>{learnsHow(card)}</small>}
      {warning && <small className={styles.warning}>{warning}</small>}
      {chosen ? (
        <span className={styles.chosen}>chosen</span>
      ) : (
        <Button size="compact-xs" variant="subtle" className={styles.choose} onClick={() => onChoose(name)}>
          Choose
        </Button>
      )}
    </div>
  );
}

function writeTime(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

interface FiguresProps {
  readonly label: string;
  readonly detail: string;
  readonly rows: readonly ComparedLearner[];
  readonly write: (row: ComparedLearner) => string | null;
  readonly strong?: boolean;
}

function Figures({ label, detail, rows, write, strong = false }: FiguresProps) {
  return (
    <tr>
      <th scope="row">
        <span className={styles.rowName}>{label}</span>
        <small className={styles.rowNote}>{detail}</small>
      </th>
      {rows.map((row) => (
        <td key={row.name} className={styles.figure} data-strong={strong || undefined}>
          {write(row) ?? '–'}
        </td>
      ))}
    </tr>
  );
}

/** What a column without numbers waits for, or why it has none. */
function State({ row: { state, problem }, onRetry }: { row: ComparedLearner; onRetry: () => void }) {
  if (state === 'waiting') return <span className={panels.quiet}>waiting</span>;
  if (state === 'running') {
    return (
      <span className={styles.running} role="status">
        learning <progress aria-label="Learning" />
      </span>
    );
  }
  if (!problem) return null;
  return (
    <span className={styles.failed} role="alert">
      {problem.message} {problem.remedy}
      {problem.code !== 'bad-episode' && (
        <Button size="compact-xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </span>
  );
}

function Probability({ share, best }: { share: number | undefined; best: boolean }) {
  return (
    <td>
      {share !== undefined && (
        <span className={styles.share} data-best={best || undefined}>
          <span className={styles.track} aria-hidden="true">
            <span className={styles.fill} style={{ width: `${100 * share}%` }} />
          </span>
          <span className={styles.percent}>{formatPercent(share, 1)}</span>
        </span>
      )}
    </td>
  );
}
