export interface ProbabilityEntry {
  /** Class index. */
  readonly index: number;
  readonly label: string;
  readonly probability: number;
  readonly logit: number;
}

export interface ProbabilityBarsProps {
  /** Most probable first. */
  readonly entries: readonly ProbabilityEntry[];
  /** The explained class. */
  readonly plus: number;
  /** Class subtracted from it, null for none. */
  readonly minus: number | null;
  readonly onPlus: (index: number) => void;
  /** null takes the subtraction off. */
  readonly onMinus: (index: number | null) => void;
  /** Names the list for a screen reader, “Top 5 classes”. */
  readonly label: string;
}

export function ProbabilityBars(_: ProbabilityBarsProps) {
  return null;
}
