import { bisectCenter } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { type PointerEvent, useRef, useState } from 'react';
import type { Curves } from '../../runtime/protocol.ts';
import { CURVE_COLOURS, CURVE_DASHES, curvesCsv } from './curves-export.ts';
import { formatNumber } from './numbers.ts';
import { PlotDownloads } from './plot-downloads.tsx';
import styles from './plots.module.css';
import shared from './seeing.module.css';
import { useWidth } from './use-width.ts';

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

type Kind = 'insertion' | 'deletion';

const KINDS: readonly { readonly kind: Kind; readonly title: string; readonly better: string }[] = [
  { kind: 'insertion', title: 'Insertion', better: 'higher is better' },
  { kind: 'deletion', title: 'Deletion', better: 'lower is better' },
];

const MARGIN = { top: 26, right: 10, bottom: 40, left: 46 };
const PANEL_HEIGHT = 240;
const GAP = 24;
/** Narrower than this the two panels stand one above the other. */
const SIDE_BY_SIDE_FROM = 560;

/**
 * Insertion and deletion curves (Petsiuk et al. 2018): how the probability of the class rises as pixels are put in, most
 * relevant first, and falls as they are taken away. The areas stand in a table, which also says everything in words.
 */
export function CurvesPlot({ series, target, fileName = 'insertion-deletion' }: CurvesPlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const width = useWidth(holder);
  const [fraction, setFraction] = useState<number | null>(null);
  const [emphasis, setEmphasis] = useState<string | null>(null);
  const beside = width >= SIDE_BY_SIDE_FROM;
  const panelWidth = beside ? (width - GAP) / 2 : width;
  const height = beside ? PANEL_HEIGHT : 2 * PANEL_HEIGHT + GAP;

  return (
    <div className={styles.curves}>
      <div ref={holder} className={styles.panels} style={{ height }}>
        {width > 0 && (
          <svg
            ref={svg}
            width={width}
            height={height}
            viewBox={`0 0 ${width} ${height}`}
            role="img"
            aria-label={`Insertion and deletion curves for ${target}; the table below has their areas.`}
          >
            {KINDS.map(({ kind, title, better }, i) => (
              <g
                key={kind}
                transform={beside ? `translate(${i * (panelWidth + GAP)} 0)` : `translate(0 ${i * (PANEL_HEIGHT + GAP)})`}
              >
                <Panel
                  kind={kind}
                  title={`${title} · ${better}`}
                  width={panelWidth}
                  series={series}
                  target={target}
                  fraction={fraction}
                  onFraction={setFraction}
                  emphasis={emphasis}
                />
              </g>
            ))}
          </svg>
        )}
      </div>
      <Areas series={series} fraction={fraction} onEmphasis={setEmphasis} />
      <div className={styles.tools}>
        <PlotDownloads plot={svg} fileName={fileName} of="the curves" csv={() => curvesCsv(series)} />
      </div>
    </div>
  );
}

interface PanelProps {
  readonly kind: Kind;
  readonly title: string;
  readonly width: number;
  readonly series: readonly CurveSeries[];
  readonly target: string;
  /** Fraction of pixels under the pointer, shared by both panels. */
  readonly fraction: number | null;
  readonly onFraction: (fraction: number | null) => void;
  /** Series to be seen before the others. */
  readonly emphasis: string | null;
}

function Panel({ kind, title, width, series, target, fraction, onFraction, emphasis }: PanelProps) {
  const right = width - MARGIN.right;
  const bottom = PANEL_HEIGHT - MARGIN.bottom;
  const x = scaleLinear([0, 1], [MARGIN.left, right]);
  const top = Math.max(0.05, ...series.map(({ curves }) => Math.max(...curves[kind])));
  const y = scaleLinear([0, Math.min(1, top)], [bottom, MARGIN.top]).nice(5);
  const writeX = x.tickFormat(5);
  const writeY = y.tickFormat(5);
  const action = kind === 'insertion' ? 'inserted' : 'deleted';

  function onPointerMove(event: PointerEvent<SVGRectElement>): void {
    const box = event.currentTarget.getBoundingClientRect();
    onFraction(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  }

  return (
    <g fontSize={12} fill="currentColor">
      <text x={MARGIN.left} y={12} fontWeight={600} fontSize={13}>
        {title}
      </text>
      {y.ticks(5).map((tick) => (
        <g key={tick}>
          <line
            x1={MARGIN.left}
            x2={right}
            y1={y(tick)}
            y2={y(tick)}
            stroke="currentColor"
            strokeOpacity={tick === 0 ? 0.6 : 0.15}
          />
          <text x={MARGIN.left - 6} y={y(tick)} dy="0.35em" textAnchor="end">
            {writeY(tick)}
          </text>
        </g>
      ))}
      {x.ticks(5).map((tick) => (
        <g key={tick}>
          <line x1={x(tick)} x2={x(tick)} y1={bottom} y2={bottom + 4} stroke="currentColor" strokeOpacity={0.6} />
          <text x={x(tick)} y={bottom + 17} textAnchor="middle">
            {writeX(tick)}
          </text>
        </g>
      ))}
      <text x={(MARGIN.left + right) / 2} y={PANEL_HEIGHT - 6} textAnchor="middle">
        fraction of pixels {action}
      </text>
      <text transform={`translate(11 ${(MARGIN.top + bottom) / 2}) rotate(-90)`} textAnchor="middle">
        probability
        <title>{target}</title>
      </text>
      {series.map(({ id, curves }, i) => (
        <path
          key={id}
          d={
            line<number>(
              (_, k) => x(curves.fractions[k] ?? 0),
              (value) => y(value),
            )(curves[kind]) ?? ''
          }
          fill="none"
          stroke={CURVE_COLOURS[i % CURVE_COLOURS.length]}
          strokeDasharray={CURVE_DASHES[Math.floor(i / CURVE_COLOURS.length) % CURVE_DASHES.length]}
          strokeWidth={emphasis === id ? 3 : 2}
          strokeOpacity={emphasis === null || emphasis === id ? 1 : 0.25}
          strokeLinejoin="round"
        />
      ))}
      {fraction !== null && (
        <g data-transient>
          <line x1={x(fraction)} x2={x(fraction)} y1={MARGIN.top} y2={bottom} stroke="currentColor" strokeOpacity={0.5} />
          {series.map(({ id, curves }, i) => {
            const k = bisectCenter(curves.fractions, fraction);
            return (
              <circle
                key={id}
                cx={x(curves.fractions[k] ?? 0)}
                cy={y(curves[kind][k] ?? 0)}
                r={3.5}
                fill={CURVE_COLOURS[i % CURVE_COLOURS.length]}
              />
            );
          })}
        </g>
      )}
      <rect
        x={MARGIN.left}
        y={MARGIN.top}
        width={Math.max(0, right - MARGIN.left)}
        height={bottom - MARGIN.top}
        fill="none"
        pointerEvents="all"
        onPointerMove={onPointerMove}
        onPointerLeave={() => onFraction(null)}
      />
    </g>
  );
}

interface AreasProps {
  readonly series: readonly CurveSeries[];
  readonly fraction: number | null;
  readonly onEmphasis: (id: string | null) => void;
}

/** Legend and table in one: the areas, and while a pointer is over a plot the values there. */
function Areas({ series, fraction, onEmphasis }: AreasProps) {
  const value = (curves: Curves, kind: Kind) =>
    fraction === null ? '' : (curves[kind][bisectCenter(curves.fractions, fraction)] ?? 0).toFixed(3);
  const at = fraction === null ? 'under the pointer' : `at ${formatNumber(fraction, 2)}`;
  return (
    <table className={styles.table}>
      <caption className={shared.spoken}>Areas under the insertion and deletion curves</caption>
      <thead>
        <tr>
          <th scope="col">Order of pixels from</th>
          <th scope="col">Insertion area (AUC)</th>
          <th scope="col" className={styles.pointed}>
            {at}
          </th>
          <th scope="col">Deletion area (AUC)</th>
          <th scope="col" className={styles.pointed}>
            {at}
          </th>
        </tr>
      </thead>
      <tbody>
        {series.map(({ id, label, curves }, i) => (
          <tr key={id} onPointerEnter={() => onEmphasis(id)} onPointerLeave={() => onEmphasis(null)}>
            <th scope="row">
              <svg className={styles.key} viewBox="0 0 20 10" aria-hidden="true">
                <path
                  d="M0 5H20"
                  stroke={CURVE_COLOURS[i % CURVE_COLOURS.length]}
                  strokeDasharray={CURVE_DASHES[Math.floor(i / CURVE_COLOURS.length) % CURVE_DASHES.length]}
                  strokeWidth={3}
                />
              </svg>
              {label}
            </th>
            <td>{curves.insertionAuc.toFixed(3)}</td>
            <td className={styles.pointed}>{value(curves, 'insertion')}</td>
            <td>{curves.deletionAuc.toFixed(3)}</td>
            <td className={styles.pointed}>{value(curves, 'deletion')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
