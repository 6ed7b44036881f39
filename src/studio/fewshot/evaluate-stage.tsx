import { checkEvaluation } from '../../fewshot/evaluation.ts';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import { useFewShot, useSettings, useStudio } from '../context.ts';
import { asMessage } from '../workbench.ts';
import EvaluateView, { type EvaluationForm } from './evaluate-view.tsx';
import { NO_QUESTION } from './fewshot-plan.ts';
import { chosenPool, type StudioPool } from './pool.ts';

/** Evaluation on random episodes of the pool that the settings name. */
export default function EvaluateStage() {
  const { settings, fewshot } = useStudio();
  const form = useSettings(
    ({ pool, ways, shots, evalQueries, evalEpisodes, evalSeed }): EvaluationForm => ({
      pool,
      ways,
      shots,
      queries: evalQueries,
      episodes: evalEpisodes,
      seed: evalSeed,
    }),
  );
  const { learner, pools, board, evaluation, problem, cards } = useFewShot((status) => ({
    learner: status.learner?.card ?? null,
    pools: status.pools,
    board: status.board,
    evaluation: status.evaluation,
    problem: status.problems.evaluate ?? null,
    cards: status.cards,
  }));
  const pool = chosenPool(form.pool, { pools, board });
  return (
    <EvaluateView
      learner={learner}
      pools={pools}
      pool={pool}
      form={form}
      onForm={({ pool: chosen, queries, episodes, seed, ...shape }) => {
        const other = chosen !== undefined && chosen !== form.pool ? pools.find(({ id }) => id === chosen) : undefined;
        if (other && cards.length > 0) fewshot.choosePool(other.id, other.domain);
        settings.set({
          ...(chosen === null && form.pool !== null ? { pool: null, ...NO_QUESTION } : {}),
          ...shape,
          ...(queries === undefined ? {} : { evalQueries: queries }),
          ...(episodes === undefined ? {} : { evalEpisodes: episodes }),
          ...(seed === undefined ? {} : { evalSeed: seed }),
        });
      }}
      obstacle={obstacleOf(learner, pool, form)}
      evaluation={evaluation}
      problem={evaluation?.problem ?? problem}
      onRun={fewshot.evaluate}
      onStop={fewshot.cancel}
    />
  );
}

/** Why no such evaluation can be run, in a sentence. */
function obstacleOf(learner: LearnerCard | null, pool: StudioPool | null, form: EvaluationForm): string | null {
  if (!learner) return 'The learner is on its way.';
  if (!pool) return 'Choose pictures to draw episodes from: letters, crops or classes of your own.';
  try {
    checkEvaluation(learner, pool.classes, form);
    return null;
  } catch (error) {
    const { message, remedy } = asMessage(error);
    return `${message} ${remedy}`;
  }
}
