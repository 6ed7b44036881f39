/** For or against which class a reason is given. Pure. */
import type { Settings } from '../state.ts';

type Asking = Pick<Settings, 'forClass' | 'reason'>;

/** A class that the episode does not have is as good as none: the one predicted then. */
export function askedClass<T extends number | null>(
  { forClass }: Pick<Asking, 'forClass'>,
  predicted: T,
  ways: number,
): number | T {
  return forClass !== null && forClass < ways ? forClass : predicted;
}

/** The class the page shows a reason for; examples by distance are for none. */
export function shownClass(asking: Asking, predicted: number | null, ways: number): number | null {
  return asking.reason === 'srd' ? askedClass(asking, predicted, ways) : null;
}

/** What pressing a class asks. The likeliest, or the one shown already, leaves the choice to the prediction again. */
export function pressClass(way: number, asking: Asking, predicted: number | null, ways: number): Asking {
  const follows = way === predicted || way === shownClass(asking, predicted, ways);
  return { reason: 'srd', forClass: follows ? null : way };
}

interface Named {
  readonly classes: readonly { readonly name: string }[];
}

/** The class asked about after a change of the episode, wherever it stands now; null where it is gone. */
export function followClass(forClass: number | null, before: Named, after: Named): number | null {
  const name = forClass === null ? undefined : before.classes[forClass]?.name;
  if (name === undefined) return null;
  // Renamed, it keeps its place.
  if (after.classes.length === before.classes.length) return forClass;
  const place = after.classes.findIndex((candidate) => candidate.name === name);
  return place < 0 ? null : place;
}
