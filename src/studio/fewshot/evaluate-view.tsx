import { Button, CopyButton, Menu, NativeSelect } from '@mantine/core';
import { IconCheck, IconCopy, IconDownload, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import type { ErrorMessage } from '../../runtime/protocol.ts';
import { NumberField } from '../fields.tsx';
import panels from '../panels.module.css';
import { Problem } from '../problem.tsx';
import { download } from '../seeing/download.ts';
import { formatCount, formatPercent } from '../seeing/numbers.ts';
import { roughDuration, timeLeft } from './accuracies.ts';
import { AccuracyPlots, meanText } from './accuracy-plots.tsx';
import { ConfusionMatrix } from './confusion-matrix.tsx';
import styles from './evaluate.module.css';
import { EvaluateEmpty } from './evaluate-empty.tsx';
import { confusionCsv, episodesCsv, evaluationJson } from './evaluation-export.ts';
import { MOST_EPISODES, MOST_QUERIES, MOST_SHOTS, MOST_WAYS } from './fewshot-settings.ts';
import type { StudioEvaluation } from './fewshot-status.ts';
import type { StudioPool } from './pool.ts';

export interface EvaluationForm {
  /** Id of the pool; null for the reader's own classes. */
  readonly pool: string | null;
  readonly ways: number;
  readonly shots: number;
  readonly queries: number;
  readonly episodes: number;
  readonly seed: number;
}

export interface EvaluateViewProps {
  readonly learner: LearnerCard | null;
  readonly pools: readonly StudioPool[];
  /** The chosen one; null while it is on its way. */
  readonly pool: StudioPool | null;
  readonly form: EvaluationForm;
  readonly onForm: (change: Partial<EvaluationForm>) => void;
  /** Why it cannot be run as set, in a sentence. */
  readonly obstacle: string | null;
  /** `milliseconds` says how long it has run so far, where that is known. */
  readonly evaluation: StudioEvaluation | null;
  readonly problem: ErrorMessage | null;
  readonly onRun: () => void;
  readonly onStop: () => void;
}

/** R random episodes of a pool: how often the learner is right, and what it takes for what. */
export default function EvaluateView(props: EvaluateViewProps) {
  const { evaluation, problem } = props;
  return (
    <div className={styles.view}>
      <Settings {...props} />
      {problem && <Problem error={problem} onRetry={props.onRun} />}
      {evaluation === null || evaluation.done === 0 ? (
        <EvaluateEmpty running={evaluation?.state === 'running'} />
      ) : (
        <Results evaluation={evaluation} stale={!isOf(evaluation, props)} />
      )}
    </div>
  );
}

/** Whether these are the results of what the form says. */
function isOf(evaluation: StudioEvaluation, { form, learner, pool: chosen }: EvaluateViewProps): boolean {
  const { pool, ways, shots, queries, seed, total } = evaluation;
  return (
    evaluation.learner.name === learner?.name &&
    pool.id === chosen?.id &&
    ways === form.ways &&
    shots === form.shots &&
    queries === form.queries &&
    seed === form.seed &&
    total === form.episodes
  );
}

function Settings({ learner, pools, form, onForm, obstacle, evaluation, onRun, onStop }: EvaluateViewProps) {
  const running = evaluation?.state === 'running';
  const field = (label: string, help: string, name: Exclude<keyof EvaluationForm, 'pool'>, min: number, max: number) => (
    <NumberField
      label={label}
      help={help}
      value={form[name]}
      min={min}
      max={max}
      step={name === 'episodes' ? 50 : 1}
      onChange={(value) => onForm({ [name]: Math.round(value) })}
    />
  );
  return (
    <form
      className={styles.settings}
      aria-label="Evaluation"
      onSubmit={(event) => {
        event.preventDefault();
        if (running) onStop();
        else if (obstacle === null) onRun();
      }}
    >
      <p className={styles.learner}>
        <span className={panels.quiet}>Learner</span> {learner?.title ?? 'none yet'}
      </p>
      <div className={styles.fields}>
        <NativeSelect
          size="xs"
          className={styles.pool}
          aria-label="Pool"
          value={form.pool ?? ''}
          onChange={({ currentTarget }) => onForm({ pool: currentTarget.value || null })}
          data={[
            ...pools.map(({ id, title, domain }) => ({
              value: id,
              label: learner && domain !== learner.domain ? `${title} (${domain})` : title,
              disabled: learner !== null && domain !== learner.domain,
            })),
            { value: '', label: 'Your own classes' },
          ]}
        />
        {field('Episodes (R)', 'How many random tasks are drawn', 'episodes', 2, MOST_EPISODES)}
        {field('Ways (N)', 'Classes in a task', 'ways', 2, MOST_WAYS)}
        {field('Shots (K)', 'Examples of each class', 'shots', 1, MOST_SHOTS)}
        {field('Queries (Q)', 'Pictures of each class it is asked about', 'queries', 1, MOST_QUERIES)}
        {field('Seed', 'The same seed draws the same episodes', 'seed', 0, 2_147_483_647)}
      </div>
      <div className={styles.start}>
        <Button
          type="submit"
          size="sm"
          className={styles.run}
          variant={running ? 'default' : 'filled'}
          disabled={!running && (obstacle !== null || learner === null)}
          leftSection={running ? <IconPlayerStop size={16} /> : <IconPlayerPlay size={16} />}
        >
          {running ? 'Stop' : 'Run'}
        </Button>
        {obstacle !== null && !running ? (
          <span className={panels.quiet}>{obstacle}</span>
        ) : (
          evaluation && <Progress evaluation={evaluation} />
        )}
      </div>
    </form>
  );
}

function Progress({ evaluation: { done, total, state, milliseconds } }: { evaluation: StudioEvaluation }) {
  const left = state === 'running' ? timeLeft(done, total, milliseconds) : null;
  const words = { running: '', done: '', stopped: ' · stopped', failed: ' · failed' }[state];
  return (
    <>
      <progress className={styles.progress} aria-label="Episodes" value={done} max={total} data-state={state} />
      <span className={styles.count}>
        {formatCount(done)} of {formatCount(total)} episodes
        {words}
        {left !== null && ` · about ${roughDuration(left)} left`}
        {state === 'done' && milliseconds !== null && ` in ${roughDuration(milliseconds)}`}
      </span>
    </>
  );
}

function Results({ evaluation, stale }: { evaluation: StudioEvaluation; stale: boolean }) {
  const { interval, accuracies, total, ways, shots, queries, confusion, pool, learner, assignments, seed, state } = evaluation;
  const text = interval ? meanText(interval.mean, interval.halfWidth) : '';
  return (
    <>
      <section className={styles.result} aria-labelledby="evaluation-result">
        <h2 id="evaluation-result" className={styles.spoken}>
          Accuracy
        </h2>
        <p className={styles.figure} role="status" aria-live={state === 'running' ? 'off' : 'polite'}>
          {interval && (
            <>
              <span>{(100 * interval.mean).toFixed(1)}</span>
              <span className={styles.halfWidth}>
                {interval.halfWidth === null ? '' : `± ${(100 * interval.halfWidth).toFixed(1)}`} %
              </span>
            </>
          )}
        </p>
        <div className={styles.meaning}>
          <p>{meaning(evaluation)}</p>
          <p className={panels.quiet}>
            {learner.title} on {pool.title}: {ways} ways, {shots} shots, {queries} queries a class, seed {seed}
            {assignments > 0 && `, ${assignments} assignment${assignments === 1 ? '' : 's'}`}.
            {stale && ' The settings above have changed since; Run measures anew.'}
          </p>
        </div>
        <div className={styles.take}>
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button
                size="compact-sm"
                variant="default"
                leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
                onClick={copy}
              >
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          <SaveMenu evaluation={evaluation} />
        </div>
      </section>
      <AccuracyPlots accuracies={accuracies} total={total} answers={ways * queries} />
      <ConfusionMatrix cells={confusion} pool={pool} />
    </>
  );
}

/** What the figure says, in two sentences; numbers stay with their signs and units. */
function meaning({ interval, shots, ways }: StudioEvaluation): string {
  if (!interval) return '';
  const pictures = shots === 1 ? 'one picture' : `${shots} pictures`;
  const right = `Shown ${pictures} of each of ${ways} classes, it names ${formatPercent(interval.mean, 1)} of further pictures right; guessing would name ${formatPercent(1 / ways)}.`;
  const certain =
    interval.halfWidth === null
      ? ''
      : ` The true mean lies within ± ${(100 * interval.halfWidth).toFixed(1)} points of this in 95 of 100 such measurements.`;
  return `${right}${certain}`.replace(/ %/g, '\u00a0%').replace('± ', '±\u00a0');
}

function SaveMenu({ evaluation }: { evaluation: StudioEvaluation }) {
  const { learner, pool, ways, shots, seed } = evaluation;
  const name = `${learner.name}-${pool.id}-${ways}way-${shots}shot-seed${seed}`.replace(/[^\w.-]+/g, '-');
  const save = (text: string, type: string, file: string) => download(new Blob([text], { type }), file);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="compact-sm" variant="default" leftSection={<IconDownload size={14} />}>
          Save
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => save(episodesCsv(evaluation), 'text/csv', `${name}-episodes.csv`)}>
          Accuracy of each episode (CSV)
        </Menu.Item>
        <Menu.Item onClick={() => save(confusionCsv(evaluation), 'text/csv', `${name}-predictions.csv`)}>
          Every prediction (CSV)
        </Menu.Item>
        <Menu.Item onClick={() => save(evaluationJson(evaluation), 'application/json', `${name}.json`)}>
          All of it, as the command line prints it (JSON)
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
