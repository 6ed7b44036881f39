/** What can be said of learners beside one another. */
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import type { ComparedLearner } from './fewshot-status.ts';

/** How a learner learns, in the words of the page. */
export function learnsHow(card: LearnerCard): string {
  if (card.kind === 'protonet') return 'Compares with class means in a learned feature space (ProtoNet)';
  if (card.kind === 'simpleshot') return 'Compares with class means in a classifier’s features (SimpleShot)';
  return card.ways === 'any' ? 'Adapts by gradient steps, any way (MAML)' : 'Adapts by gradient steps, fixed way (MAML)';
}

/** Why a learner’s result is to be read with care; null where it is used as it was trained. */
export function offItsWay(card: LearnerCard, ways: number): string | null {
  if (card.kind !== 'maml') return null;
  if (isShort(card, ways)) return `has ${card.nodes} output nodes, too few for ${ways} classes`;
  if (card.ways !== 'any' && card.ways !== ways) return `was trained for ${card.ways} classes; this episode has ${ways}`;
  return null;
}

export interface OfferedLearner {
  readonly card: LearnerCard;
  /** Why it cannot be compared on this episode; null where it can. */
  readonly obstacle: string | null;
}

/** Whether a learner has fewer output nodes than there are classes. */
export const isShort = (card: LearnerCard, ways: number) => card.kind === 'maml' && ways > card.nodes;

const takesAny = ({ kind }: LearnerCard) => kind !== 'maml';

/** The first learner that takes any number of classes, ProtoNet before others; null where there is none. */
export function takerOfAny(cards: readonly LearnerCard[]): LearnerCard | null {
  return cards.find(({ kind }) => kind === 'protonet') ?? cards.find(takesAny) ?? null;
}

/**
 * A learner that takes any number of classes, to offer where another had too few output nodes; null where it is compared already or
 * there is none.
 */
export function wayOut(rows: readonly ComparedLearner[], learners: readonly OfferedLearner[], ways: number): LearnerCard | null {
  if (!rows.some(({ card }) => card && isShort(card, ways)) || rows.some(({ card }) => card && takesAny(card))) return null;
  return takerOfAny(learners.filter(({ obstacle }) => obstacle === null).map(({ card }) => card));
}
