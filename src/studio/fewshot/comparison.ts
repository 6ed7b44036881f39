import { HeliographError } from '../../graph/errors.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import { asMessage } from '../workbench.ts';
import type { FewShotBench } from './fewshot-bench.ts';
import { assignmentsOf, stepsWanted } from './fewshot-plan.ts';
import type { Board, ComparedLearner } from './fewshot-status.ts';
import { answerTo, prepareBoard, rowOf, stateAfter } from './learning.ts';

/** Learners side by side on the same board and query, each as it is meant to be used. */
export class Comparison {
  /** What was found, by learner, board and query. */
  readonly #found = new Map<string, ComparedLearner>();

  constructor(private readonly bench: FewShotBench) {}

  /** @param asked the picture asked about, and its place among the board's queries */
  follow(asked: { readonly key: string; readonly picture: Pixels; readonly place: number | null } | null): void {
    const { bench } = this;
    const { fewView, learner, compared, innerSteps, innerRate, assignments, shuffle } = bench.settings.get();
    const { board, cards } = bench.now;
    if (fewView !== 'compare' || !board || cards.length === 0) {
      bench.jobs.stop('compare');
      return;
    }
    const names = [learner, ...compared.filter((name) => name !== learner)].filter((name) =>
      cards.some((card) => card.name === name),
    );
    const setting = `${shuffle} ${innerSteps} ${innerRate} ${assignments}`;
    const keyOf = (name: string) =>
      `compare ${name} | ${board.key} | ${asked?.key ?? ''} | ${name === learner ? setting : shuffle}`;
    const running = bench.jobs.lanes.compare.key;
    const rows = names.map((name) => this.#found.get(keyOf(name)) ?? waiting(bench, name, keyOf(name) === running));
    const before = bench.now.comparison;
    if (rows.length !== before.length || rows.some((row, index) => !sameRow(row, before[index]))) bench.set({ comparison: rows });
    if (running !== null && names.some((name) => keyOf(name) === running)) return;
    const next = names.find((name) => !this.#found.has(keyOf(name)) && !bench.failed.has(keyOf(name)));
    // The chosen learner's own steps go first: a runtime that has just begun takes four times as long, and times stand side by side.
    const begun = bench.jobs.lanes.learner.key === null && bench.jobs.lanes.adapt.key === null;
    if (next === undefined || !begun) {
      bench.jobs.stop('compare');
      return;
    }
    const key = keyOf(next);
    bench.pursue('compare', {
      lane: 'compare',
      key,
      label: `Comparing: ${bench.card(next).title}`,
      run: (job) => this.#judge(job, next, board, asked),
      done: (row) => this.#found.set(key, row),
    });
    // The row of what has just begun says so.
    this.follow(asked);
  }

  /** Forgets what failed, so that it is tried again. */
  forgetFailures(): void {
    for (const [key, row] of this.#found) if (row.state === 'failed') this.#found.delete(key);
  }

  async #judge(
    job: string,
    name: string,
    board: Board,
    asked: { readonly picture: Pixels; readonly place: number | null } | null,
  ): Promise<ComparedLearner> {
    const { around, pictures, settings } = this.bench;
    const now = settings.get();
    const { pools } = this.bench.now;
    const card = this.bench.card(name);
    const row = { name, card, supportAccuracy: null, queryAccuracy: null, probabilities: null, milliseconds: null };
    try {
      const ways = board.classes.length;
      if (ways < 2 || board.classes.some(({ examples }) => examples.length === 0)) {
        throw new HeliographError('bad-episode', 'The episode is not finished.', 'Give at least two classes an example each.');
      }
      // The chosen learner as it is set, the others as they are meant to be used; the order of the nodes is the episode's.
      const chosen = name === now.learner;
      const as = chosen ? now : { ...now, assignments: null, innerSteps: null };
      const assignments = assignmentsOf(card, board, pools.find(({ id }) => id === now.pool) ?? null, as);
      const learningRate = chosen ? (now.innerRate ?? undefined) : undefined;
      const learner = await this.bench.open(card, job);
      const inputs = await prepareBoard(board, card, pictures);
      const learning = { engine: around.engine, pictures, inputs, learner, assignments, learningRate };
      const state = await stateAfter(learning, job, stepsWanted(card, as), null, '');
      let { milliseconds } = state;
      let probabilities: Float32Array | null = null;
      if (asked && asked.place !== null && state.queries) {
        probabilities = rowOf(state.queries, asked.place, inputs.queryLabels.length).probabilities;
      } else if (asked) {
        const answer = await answerTo(learning, job, state, asked.picture);
        ({ probabilities } = answer.prediction);
        milliseconds += answer.milliseconds;
      }
      const { accuracy, queryAccuracy } = state;
      return { ...row, state: 'done', supportAccuracy: accuracy, queryAccuracy, probabilities, milliseconds, problem: null };
    } catch (error) {
      // One learner that cannot serve the episode is a finding about it; the others are compared all the same.
      const problem = asMessage(error);
      if (problem.code === 'cancelled') throw error;
      return { ...row, state: 'failed', problem };
    }
  }
}

function waiting(bench: FewShotBench, name: string, running: boolean): ComparedLearner {
  return {
    name,
    card: bench.card(name),
    state: running ? 'running' : 'waiting',
    supportAccuracy: null,
    queryAccuracy: null,
    probabilities: null,
    milliseconds: null,
    problem: null,
  };
}

function sameRow(a: ComparedLearner, b: ComparedLearner | undefined): boolean {
  return a === b || (a.name === b?.name && a.state === b.state && (a.state === 'waiting' || a.state === 'running'));
}
