/** The middle value, or the mean of the two middle ones. NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export interface Measurement {
  readonly name: string;
  /** Median over rounds. */
  readonly milliseconds: number;
  /** Median over rounds of this time divided by the first measurement's time in the same round. */
  readonly ratio: number;
  readonly rounds: number;
}

/**
 * Times several things against each other: every round runs each once, so that a slow moment of the machine falls on all
 * of them, and ratios are taken within a round.
 *
 * @param contestants run once and return their milliseconds; the first is what the others are divided by
 * @param warmUps rounds that do not count
 */
export async function pairedMedians(
  contestants: ReadonlyMap<string, () => Promise<number>>,
  rounds: number,
  warmUps: number,
): Promise<Measurement[]> {
  const times = new Map([...contestants.keys()].map((name) => [name, [] as number[]]));
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const [name, run] of contestants) {
      const milliseconds = await run();
      if (round >= 0) times.get(name)?.push(milliseconds);
    }
  }
  const [base = []] = times.values();
  return [...times].map(([name, list]) => ({
    name,
    milliseconds: median(list),
    ratio: median(list.map((time, round) => time / (base[round] ?? Number.NaN))),
    rounds,
  }));
}
