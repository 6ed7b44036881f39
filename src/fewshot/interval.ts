/** Two-sided 95 % quantile of the standard normal distribution. */
const Z_95 = 1.959963984540054;

export interface Interval {
  readonly mean: number;
  /** Half the width of the 95 % confidence interval of the mean, normal approximation; null for fewer than two values. */
  readonly halfWidth: number | null;
}

/** Mean of independent values with its confidence interval, mean ± 1.96·s/√R with the sample standard deviation s. */
export function meanInterval(values: readonly number[]): Interval {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, halfWidth: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, halfWidth: Z_95 * Math.sqrt(squares / (count - 1) / count) };
}
