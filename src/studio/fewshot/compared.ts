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
  if (ways > card.nodes) return `has ${card.nodes} output nodes, too few for ${ways} classes`;
  if (card.ways !== 'any' && card.ways !== ways) return `was trained for ${card.ways} classes; this episode has ${ways}`;
  return null;
}

export interface OfferedLearner {
  readonly card: LearnerCard;
  /** Why it cannot be compared on this episode; null where it can. */
  readonly obstacle: string | null;
}

/**
 * A learner that takes any number of classes, to offer where another had too few output nodes; null where it is compared already or
 * there is none.
 */
export function wayOut(rows: readonly ComparedLearner[], learners: readonly OfferedLearner[], ways: number): LearnerCard | null {
  const short = rows.some(({ card }) => card?.kind === 'maml' && ways > card.nodes);
  const takesAny = ({ kind }: LearnerCard) => kind !== 'maml';
  if (!short || rows.some(({ card }) => card && takesAny(card))) return null;
  const usable = learners.filter(({ card, obstacle }) => obstacle === null && takesAny(card)).map(({ card }) => card);
  return usable.find(({ kind }) => kind === 'protonet') ?? usable[0] ?? null;
}
