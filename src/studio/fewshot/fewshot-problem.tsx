import { Button } from '@mantine/core';
import { useFewShot, useStudio } from '../context.ts';
import { Problem } from '../problem.tsx';
import { isShort, takerOfAny } from './compared.ts';
import type { FewShotPlace } from './fewshot-status.ts';

/** The problem of a place, if there is one. */
export function FewShotProblem({ place, retry = false }: { place: FewShotPlace; retry?: boolean }) {
  const { fewshot } = useStudio();
  const error = useFewShot(({ problems }) => problems[place]);
  if (!error) return null;
  return (
    <Problem
      error={error}
      {...(retry || error.code === 'cancelled' ? { onRetry: fewshot.retry } : {})}
      onDismiss={() => fewshot.report(place, null)}
    />
  );
}

/** What is wrong with adapting; a learner with too few nodes is no use to try again, so another is offered. */
export function AdaptProblem() {
  const { fewshot } = useStudio();
  const { error, board, card, cards } = useFewShot(({ problems, board, learner, cards }) => ({
    error: problems.adapt,
    board,
    card: learner?.card,
    cards,
  }));
  if (!error || !board || !card || !isShort(card, board.classes.length)) return <FewShotProblem place="adapt" retry />;
  const other = takerOfAny(cards.filter(({ domain }) => domain === card.domain));
  return (
    <Problem error={error}>
      {other && (
        <Button size="compact-xs" variant="default" onClick={() => fewshot.chooseLearner(other)}>
          Use {other.title}
        </Button>
      )}
    </Problem>
  );
}
