import type { Curves } from '../../runtime/protocol.ts';

export interface CurveSeries {
  readonly id: string;
  /** Method (and class) the order of pixels comes from. */
  readonly label: string;
  readonly curves: Curves;
}

export interface CurvesPlotProps {
  readonly series: readonly CurveSeries[];
  /** Class whose probability is on the y axis. */
  readonly target: string;
  /** File name of downloads, without its ending. */
  readonly fileName?: string;
}

export function CurvesPlot(_: CurvesPlotProps) {
  return null;
}
