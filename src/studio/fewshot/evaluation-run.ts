import { checkEvaluation, confusionOf, type EpisodeResult, type EvaluationOptions } from '../../fewshot/evaluation.ts';
import { meanInterval } from '../../fewshot/interval.ts';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import type { FewShotBench } from './fewshot-bench.ts';
import { assignmentsWanted } from './fewshot-plan.ts';
import type { StudioEvaluation } from './fewshot-status.ts';
import { chosenPool, type StudioPool } from './pool.ts';

/** The running mean is shown anew at most so often. Milliseconds. */
const SHOW_EVERY = 150;

/** R random episodes of a pool. Its outcome stays until another evaluation begins. */
export class EvaluationRun {
  constructor(private readonly bench: FewShotBench) {}

  /** A link can ask for an evaluation; it begins when learner and pool are there. A change of what is evaluated takes the wish back. */
  follow(): void {
    const { bench } = this;
    const { evaluating, fewView } = bench.settings.get();
    if (!evaluating || fewView !== 'evaluate') return;
    const key = this.#key();
    const { evaluation } = bench.now;
    if (key === null || evaluation?.key === key) return;
    if (evaluation !== null) bench.settings.set({ evaluating: false });
    else this.#run(key);
  }

  begin(): void {
    this.bench.jobs.stop('evaluate');
    this.bench.set({ evaluation: null });
    this.bench.report('evaluate', null);
    const key = this.#key();
    if (key === null) return;
    this.bench.failed.delete(key);
    this.bench.settings.set({ evaluating: true, fewView: 'evaluate' });
    if (this.bench.jobs.lanes.evaluate.key === null) this.#run(key);
  }

  /** Ends the evaluation; the episodes done so far stay. */
  stop(): void {
    const { evaluation } = this.bench.now;
    this.bench.jobs.stop('evaluate');
    if (evaluation?.state === 'running') this.bench.set({ evaluation: { ...evaluation, state: 'stopped' } });
  }

  #options(card: LearnerCard): EvaluationOptions {
    const now = this.bench.settings.get();
    const { ways, shots, evalQueries: queries, evalEpisodes: episodes, evalSeed: seed } = now;
    const assignments = assignmentsWanted(card, ways, now) || undefined;
    return { ways, shots, queries, episodes, seed, assignments, steps: now.innerSteps ?? undefined };
  }

  /** null while learner or pool are on their way. */
  #key(): string | null {
    const { learner } = this.bench.now;
    const pool = this.#pool();
    if (!learner || learner.name !== this.bench.settings.get().learner || !pool) return null;
    return `evaluate ${learner.name} | ${pool.id} | ${JSON.stringify(this.#options(learner.card))}`;
  }

  #pool(): StudioPool | null {
    return chosenPool(this.bench.settings.get().pool, this.bench.now);
  }

  #run(key: string): void {
    const { bench } = this;
    const { learner } = bench.now;
    const pool = this.#pool();
    if (!learner || !pool) return;
    const { card } = learner;
    const options = this.#options(card);
    const { ways, shots, queries, seed, episodes: total } = options;
    const results: EpisodeResult[] = [];
    const first: StudioEvaluation = {
      key,
      learner: card,
      pool,
      ways,
      shots,
      queries,
      seed,
      total,
      done: 0,
      accuracies: [],
      interval: null,
      confusion: [],
      assignments: 0,
      state: 'running',
      problem: null,
      milliseconds: null,
    };
    const show = (patch: Partial<StudioEvaluation>) => {
      const accuracies = results.map(({ accuracy }) => accuracy);
      bench.set({
        evaluation: {
          ...first,
          done: results.length,
          accuracies,
          interval: accuracies.length > 0 ? meanInterval(accuracies) : null,
          confusion: confusionOf(results),
          ...patch,
        },
      });
    };
    const begun = bench.around.clock();
    let shownAt = 0;
    bench.set({ evaluation: first });
    void bench.jobs.run({
      lane: 'evaluate',
      key,
      label: 'Evaluating',
      run: (job, onProgress) => {
        const assignments = checkEvaluation(card, pool.classes, options);
        return bench.around.engine.evaluate(
          job,
          { learner: learner.id, classes: pool.classes, options: { ...options, assignments: assignments || undefined } },
          async (classIndex, images) =>
            bench.around.prepare(await Promise.all(images.map((image) => pool.picture(classIndex, image))), card.input),
          onProgress,
          (result) => {
            // A second try on another device begins with the first episode again.
            if (result.number < results.length) results.length = result.number;
            results.push(result);
            if (bench.now.evaluation?.key !== key || bench.jobs.lanes.evaluate.key !== key) return;
            const now = bench.around.clock();
            if (now - shownAt < SHOW_EVERY) return;
            shownAt = now;
            show({ milliseconds: now - begun });
          },
        );
      },
      failed: (error) => {
        bench.failed.add(key);
        show({ state: 'failed', problem: error });
      },
      done: ({ assignments, milliseconds }) => show({ state: 'done', assignments, milliseconds }),
    });
  }
}
