/** Accuracies of episodes, binned and summed up as they come in. */
import type { Interval } from '../../fewshot/interval.ts';

/** An evaluation is timed after this many episodes; the first ones also load pictures. */
const TIMED_FROM = 3;
const MOST_BINS = 24;
/** Two-sided 95 % quantile of the standard normal distribution. */
const Z_95 = 1.959963984540054;

/** Episodes with one of a few accuracies next to each other. */
export interface AccuracyBin {
  /** Least and greatest accuracy in it; both can occur. */
  readonly least: number;
  readonly greatest: number;
  /** Where it begins and ends on an axis: half way to its neighbours. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * Accuracy is a count of right answers out of N·Q, so a bin holds the same number of counts as every other; bins cut elsewhere
 * would show combs that mean nothing. From the lowest accuracy up to 1.
 *
 * @param queries N·Q, answers in an episode
 */
export function accuracyBins(accuracies: readonly number[], queries: number, most = MOST_BINS): AccuracyBin[] {
  const counts = accuracies.map((accuracy) => Math.round(accuracy * queries));
  const lowest = counts.reduce((least, count) => Math.min(least, count), queries);
  const width = Math.ceil((queries - lowest + 1) / most);
  const bins = Math.ceil((queries - lowest + 1) / width);
  return Array.from({ length: bins }, (_, bin) => {
    const greatest = queries - width * (bins - 1 - bin);
    const least = Math.max(0, greatest - width + 1);
    return {
      least: least / queries,
      greatest: greatest / queries,
      from: (greatest - width + 0.5) / queries,
      to: (greatest + 0.5) / queries,
      count: counts.filter((count) => count >= least && count <= greatest).length,
    };
  });
}

/** The interval after 1, 2, 3 … episodes (Welford's recurrence). */
export function runningIntervals(accuracies: readonly number[]): Interval[] {
  let mean = 0;
  let squares = 0;
  return accuracies.map((value, index) => {
    const count = index + 1;
    const change = value - mean;
    mean += change / count;
    squares += change * (value - mean);
    return { mean, halfWidth: count < 2 ? null : Z_95 * Math.sqrt(squares / (count - 1) / count) };
  });
}

/** Milliseconds the rest will take if it goes on as so far; null while nobody can know. */
export function timeLeft(done: number, total: number, elapsed: number | null): number | null {
  if (elapsed === null || done < TIMED_FROM || done >= total) return null;
  return (elapsed / done) * (total - done);
}

/** “40 s”, “3 min”: no finer than such an estimate is. */
export function roughDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90) return `${5 * Math.round(seconds / 5)} s`;
  return `${Math.round(seconds / 60)} min`;
}
