/** What insertion and deletion curves share on screen and in files. */
import type { CurveSeries } from './CurvesPlot.tsx';
import { csvTable } from './csv.ts';

/** Okabe & Ito's colours that keep 3 : 1 against both a white and a near-black ground, then dashes. */
export const CURVE_COLOURS = ['#d55e00', '#0072b2', '#009e73', '#b5598f', '#8a6d00', '#6f6f6f'];
export const CURVE_DASHES = ['none', '6 3', '2 2'];

/** Table in long form: series, curve, fraction of pixels, probability. */
export function curvesCsv(series: readonly CurveSeries[]): string {
  const rows = series.flatMap(({ label, curves }) =>
    (['insertion', 'deletion'] as const).flatMap((kind) =>
      Array.from(curves.fractions, (fraction, i) => [label, kind, fraction, curves[kind][i] ?? 0]),
    ),
  );
  return csvTable(['series', 'curve', 'fraction_of_pixels', 'probability'], rows);
}
