import { useFewShot, useSettings, useStudio } from '../context.ts';
import panels from '../panels.module.css';
import CompareView from './compare-view.tsx';

/** Learners beside one another on the board's episode. */
export default function CompareStage() {
  const { settings, fewshot } = useStudio();
  const { learner: chosen, compared, pool } = useSettings(({ learner, compared, pool }) => ({ learner, compared, pool }));
  const { board, cards, comparison, answer, pools } = useFewShot(({ board, cards, comparison, answer, pools }) => ({
    board,
    cards,
    comparison,
    answer,
    pools,
  }));
  if (!board) return <p className={panels.empty}>Learners will stand beside one another here, on the same examples.</p>;
  const domain = pools.find(({ id }) => id === pool)?.domain ?? cards.find(({ name }) => name === chosen)?.domain;
  const count = (lists: readonly (readonly unknown[])[]) => lists.reduce((sum, { length }) => sum + length, 0);
  return (
    <CompareView
      learners={cards.map((card) => ({
        card,
        obstacle: domain === undefined || card.domain === domain ? null : `learned ${card.domain}, and these are ${domain}`,
      }))}
      chosen={chosen}
      compared={compared}
      onCompared={(names) => settings.set({ compared: names })}
      rows={comparison}
      classes={board.classes.map(({ name }) => name)}
      examples={count(board.classes.map(({ examples }) => examples))}
      queries={count(board.queries)}
      picture={answer?.picture ?? null}
      actual={answer?.actual ?? null}
      onChoose={(name) => settings.set({ learner: name, innerSteps: null, innerRate: null, assignments: null })}
      onRetry={fewshot.retry}
    />
  );
}
