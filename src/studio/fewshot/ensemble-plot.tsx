import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { useRef, useState } from 'react';
import panels from '../panels.module.css';
import { formatPercent } from '../seeing/numbers.ts';
import { PlotDownloads } from '../seeing/plot-downloads.tsx';
import { useWidth } from '../seeing/use-width.ts';
import styles from './assignment-board.module.css';
import { ensembleFinding } from './node-roles.ts';
import { BaseAxis, ValueAxis } from './plot-axes.tsx';
import { ensembleCsv } from './plot-tables.ts';

const HEIGHT = 132;
const MARGIN = { top: 24, right: 12, bottom: 36, left: 36 };
const BOTTOM = HEIGHT - MARGIN.bottom;

export interface EnsemblePlotProps {
  /** Query accuracy of the first j assignments, j = 1 … J. */
  readonly accuracies: readonly number[];
  readonly queries: number;
}

/** What each further assignment brings to the sum. */
export function EnsemblePlot({ accuracies, queries }: EnsemblePlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<SVGSVGElement>(null);
  const width = useWidth(holder);
  const [hover, setHover] = useState<number | null>(null);
  const right = width - MARGIN.right;
  const count = accuracies.length;
  const x = scaleLinear([1, Math.max(2, count)], [MARGIN.left + 8, right - 8]);
  // A span of at least ten points, so that one query more or less does not look like a leap.
  const least = Math.min(0.9, ...accuracies);
  const y = scaleLinear([Math.max(0, Math.floor(20 * least) / 20), 1], [BOTTOM, MARGIN.top]);
  const pointed = hover === null ? undefined : accuracies[hover];
  const finding = ensembleFinding(accuracies, queries);
  return (
    <figure className={styles.ensemble}>
      <div ref={holder} style={{ minHeight: HEIGHT }}>
        {width > 0 && (
          <svg ref={plot} width={width} height={HEIGHT} role="img" aria-label={finding} onPointerLeave={() => setHover(null)}>
            <text x={0} y={12} className={styles.plotTitle}>
              {pointed === undefined || hover === null
                ? 'Queries right, %'
                : `first ${hover + 1}: ${formatPercent(pointed, 1)}, ${Math.round(pointed * queries)} of ${queries}`}
            </text>
            <ValueAxis
              scale={y}
              ticks={y.ticks(3)}
              write={(tick) => String(Math.round(100 * tick))}
              left={MARGIN.left}
              right={right}
            />
            <BaseAxis
              scale={x}
              ticks={accuracies.map((_, index) => index + 1)}
              write={String}
              left={MARGIN.left}
              right={right}
              bottom={BOTTOM}
            />
            <text x={(MARGIN.left + right) / 2} y={HEIGHT - 4} textAnchor="middle" className={styles.axisName}>
              assignments in the sum
            </text>
            <path
              className={styles.curve}
              d={
                line<number>(
                  (_, index) => x(index + 1),
                  (accuracy) => y(accuracy),
                )(accuracies) ?? ''
              }
            />
            {accuracies.map((accuracy, index) => (
              <g key={index} onPointerEnter={() => setHover(index)}>
                <circle className={styles.dot} cx={x(index + 1)} cy={y(accuracy)} r={hover === index ? 5 : 3.5} />
                <rect
                  x={x(index + 0.5)}
                  y={MARGIN.top}
                  width={x(2) - x(1)}
                  height={BOTTOM - MARGIN.top}
                  fill="none"
                  pointerEvents="all"
                />
              </g>
            ))}
          </svg>
        )}
      </div>
      <figcaption className={panels.quiet}>{finding}</figcaption>
      <div className={styles.tools}>
        <PlotDownloads plot={plot} fileName="assignments" of="the assignments’ gain" csv={() => ensembleCsv(accuracies)} />
      </div>
    </figure>
  );
}
