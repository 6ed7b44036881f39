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

/** The plot as a file of its own: black on white whatever the theme, without what follows the pointer. */
export function standaloneSvg(plot: SVGSVGElement): string {
  const copy = plot.cloneNode(true) as SVGSVGElement;
  for (const transient of copy.querySelectorAll('[data-transient]')) transient.remove();
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('color', '#1a1a1a');
  copy.setAttribute('font-family', 'Inter, Helvetica, Arial, sans-serif');
  copy.setAttribute('style', 'background: #fff');
  return new XMLSerializer().serializeToString(copy);
}
