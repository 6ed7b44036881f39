import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { type KeyboardEvent, type PointerEvent, type RefObject, useRef, useState } from 'react';
import panels from '../panels.module.css';
import { CURVE_COLOURS } from '../seeing/curves-export.ts';
import { formatNumber, formatPercent } from '../seeing/numbers.ts';
import { PlotDownloads } from '../seeing/plot-downloads.tsx';
import { useWidth } from '../seeing/use-width.ts';
import { BaseAxis, ValueAxis } from './plot-axes.tsx';
import { stepsCsv } from './plot-tables.ts';
import styles from './steps-plot.module.css';

const HEIGHT = 124;
const MARGIN = { top: 20, right: 44, bottom: 24, left: 40 };
const BOTTOM = HEIGHT - MARGIN.bottom;
const [QUERY_COLOUR, SUPPORT_COLOUR] = CURVE_COLOURS;

/** What is known after some inner steps. */
export interface StepPoint {
  readonly steps: number;
  readonly loss: number | null;
  /** Share of the support examples predicted right. */
  readonly accuracy: number;
  readonly queryAccuracy: number | null;
}

export interface StepsPlotProps {
  /** After 0, 1, 2 … steps, as far as they were computed. */
  readonly points: readonly StepPoint[];
  /** Steps there will be, so that the axis does not grow while they run. */
  readonly planned: number;
  /** Steps behind the state that is shown. */
  readonly current: number;
  readonly onStep: (steps: number) => void;
}

/** Loss and accuracies over the inner loop. A click, or the arrow keys, go to the state after so many steps. */
export function StepsPlot({ points, planned, current, onStep }: StepsPlotProps) {
  const [hover, setHover] = useState<number | null>(null);
  const plot = useRef<SVGSVGElement>(null);
  if (planned === 0 || points.length === 0) {
    return (
      <p className={panels.empty}>
        {points.length === 0
          ? 'Loss and accuracy after each inner step will stand here.'
          : 'No inner steps: this learner compares with class means and is done when it has seen the examples.'}
      </p>
    );
  }
  const shown = points[hover ?? current] ?? points.at(-1);
  const hasQueries = points.some(({ queryAccuracy }) => queryAccuracy !== null);
  return (
    <div className={styles.steps}>
      <div>
        <p className={styles.step}>
          After {shown?.steps} of {planned} {planned === 1 ? 'step' : 'steps'}
        </p>
        <dl className={styles.values}>
          <Value kind="loss" value={shown?.loss == null ? '–' : formatNumber(shown.loss)} />
          <Value kind="support" value={shown ? formatPercent(shown.accuracy) : '–'} />
          {hasQueries && <Value kind="query" value={shown?.queryAccuracy == null ? '–' : formatPercent(shown.queryAccuracy)} />}
        </dl>
      </div>
      <Plot
        points={points}
        planned={planned}
        current={current}
        onStep={onStep}
        hover={hover}
        onHover={setHover}
        plot={plot}
        hasQueries={hasQueries}
      />
      <div className={styles.tools}>
        <PlotDownloads plot={plot} fileName="inner-steps" of="the inner steps" csv={() => stepsCsv(points)} />
      </div>
    </div>
  );
}

/** A series’ name, its mark and its value at the step that is shown: legend and reading in one. */
function Value({ kind, value }: { kind: Series; value: string }) {
  return (
    <div className={styles.value}>
      <dt>
        <svg viewBox="0 0 20 10" width={20} height={10} aria-hidden="true">
          <Stroke kind={kind} d="M0 5H20" />
          <Mark kind={kind} x={10} y={5} />
        </svg>
        {NAMES[kind]}
        {kind !== 'loss' && <span className={styles.right}> right</span>}
      </dt>
      <dd>{value}</dd>
    </div>
  );
}

type Series = 'loss' | 'support' | 'query';

const NAMES: Readonly<Record<Series, string>> = { loss: 'loss', support: 'examples', query: 'queries' };
const LOOK: Readonly<Record<Series, { readonly colour: string | undefined; readonly dash: string }>> = {
  loss: { colour: 'currentColor', dash: '4 3' },
  support: { colour: SUPPORT_COLOUR, dash: 'none' },
  query: { colour: QUERY_COLOUR, dash: 'none' },
};

function Stroke({ kind, d }: { kind: Series; d: string }) {
  const { colour, dash } = LOOK[kind];
  return <path d={d} fill="none" stroke={colour} strokeDasharray={dash} strokeWidth={2} strokeLinejoin="round" />;
}

/** Round, square or a ring, so that the series are told apart without their colours. */
function Mark({ kind, x, y, large = false }: { kind: Series; x: number; y: number; large?: boolean }) {
  const { colour } = LOOK[kind];
  const r = large ? 5 : 3.5;
  if (kind === 'support') return <rect x={x - r} y={y - r} width={2 * r} height={2 * r} fill={colour} />;
  if (kind === 'query') return <circle cx={x} cy={y} r={r} fill={colour} />;
  return <circle cx={x} cy={y} r={r} className={styles.ring} />;
}

interface PlotProps extends StepsPlotProps {
  readonly hover: number | null;
  readonly onHover: (steps: number | null) => void;
  readonly plot: RefObject<SVGSVGElement | null>;
  readonly hasQueries: boolean;
}

function Plot({ points, planned, current, onStep, hover, onHover, plot, hasQueries }: PlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const width = useWidth(holder);
  const last = points.length - 1;
  const right = width - MARGIN.right;
  const x = scaleLinear([0, planned], [MARGIN.left + 12, right - 12]);
  const greatest = Math.max(0.1, ...points.map(({ loss }) => loss ?? 0));
  const y = scaleLinear([0, greatest], [BOTTOM, MARGIN.top]).nice(3);
  const share = scaleLinear([0, 1], [BOTTOM, MARGIN.top]);
  const series: readonly { readonly kind: Series; readonly at: (point: StepPoint) => number | null }[] = [
    { kind: 'loss', at: ({ loss }) => (loss === null ? null : y(loss)) },
    { kind: 'support', at: ({ accuracy }) => share(accuracy) },
    { kind: 'query', at: ({ queryAccuracy }) => (queryAccuracy === null ? null : share(queryAccuracy)) },
  ];

  function stepAt(event: PointerEvent<HTMLDivElement>): number {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(last, Math.max(0, Math.round(x.invert(event.clientX - box.left))));
  }

  function onKeyDown(event: KeyboardEvent): void {
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: current - 1,
      ArrowDown: current - 1,
      ArrowRight: current + 1,
      ArrowUp: current + 1,
      Home: 0,
      End: last,
    };
    const next = targets[event.key];
    if (next === undefined) return;
    event.preventDefault();
    onStep(Math.min(last, Math.max(0, next)));
  }

  return (
    <div
      ref={holder}
      className={styles.plot}
      role="slider"
      tabIndex={0}
      aria-label="Inner steps"
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={current}
      aria-valuetext={sayStep(points[current], planned)}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        onStep(stepAt(event));
      }}
      onPointerMove={(event) => {
        onHover(stepAt(event));
        if (event.buttons !== 0 && stepAt(event) !== current) onStep(stepAt(event));
      }}
      onPointerLeave={() => onHover(null)}
    >
      {width > 0 && (
        <svg ref={plot} width={width} height={HEIGHT} aria-hidden="true">
          <Legend middle={width / 2} kinds={hasQueries ? ['loss', 'support', 'query'] : ['loss', 'support']} />
          <ValueAxis scale={y} ticks={y.ticks(3)} write={(tick) => formatNumber(tick)} left={MARGIN.left} right={right} />
          <ValueAxis
            scale={share}
            ticks={[0, 0.5, 1]}
            write={(tick) => String(100 * tick)}
            left={MARGIN.left}
            right={right}
            side="right"
            grid={false}
          />
          <BaseAxis scale={x} ticks={stepTicks(planned, width)} write={String} left={MARGIN.left} right={right} bottom={BOTTOM} />
          <g className={styles.axisName}>
            <text x={0} y={10}>
              loss
            </text>
            <text x={width} y={10} textAnchor="end">
              % right
            </text>
            <text x={width} y={BOTTOM + 17} textAnchor="end">
              steps
            </text>
          </g>
          <line className={styles.cursor} x1={x(current)} x2={x(current)} y1={MARGIN.top - 8} y2={BOTTOM} />
          {hover !== null && hover !== current && (
            <line className={styles.hover} data-transient x1={x(hover)} x2={x(hover)} y1={MARGIN.top - 8} y2={BOTTOM} />
          )}
          {series.map(({ kind, at }) => (
            <g key={kind}>
              <Stroke
                kind={kind}
                d={
                  line<StepPoint>(
                    ({ steps }) => x(steps),
                    (point) => at(point) ?? 0,
                  ).defined((point) => at(point) !== null)(points) ?? ''
                }
              />
              {points.map((point) => {
                const height = at(point);
                return (
                  height !== null && (
                    <Mark key={point.steps} kind={kind} x={x(point.steps)} y={height} large={point.steps === current} />
                  )
                );
              })}
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}

const LEGEND_STEP = 84;

/** Names of the series for the plot alone; on screen they stand beside it, with their values. */
function Legend({ middle, kinds }: { middle: number; kinds: readonly Series[] }) {
  return (
    <g data-standalone display="none" transform={`translate(${middle - (LEGEND_STEP * kinds.length) / 2} 6)`}>
      {kinds.map((kind, index) => (
        <g key={kind} transform={`translate(${LEGEND_STEP * index} 0)`}>
          <Stroke kind={kind} d="M0 0H20" />
          <Mark kind={kind} x={10} y={0} />
          <text x={26} dy="0.35em" fontSize={12} fill="currentColor">
            {NAMES[kind]}
          </text>
        </g>
      ))}
    </g>
  );
}

/** Every step where there is room, otherwise every second, fifth … one. */
function stepTicks(planned: number, width: number): number[] {
  const room = Math.max(1, Math.floor(width / 36));
  const every = [1, 2, 5, 10].find((size) => planned / size <= room) ?? 10;
  return Array.from({ length: Math.floor(planned / every) + 1 }, (_, index) => index * every);
}

function sayStep(point: StepPoint | undefined, planned: number): string {
  if (!point) return '';
  const loss = point.loss === null ? '' : `, loss ${formatNumber(point.loss)}`;
  const queries = point.queryAccuracy === null ? '' : `, queries ${formatPercent(point.queryAccuracy)} right`;
  return `after ${point.steps} of ${planned} steps${loss}, examples ${formatPercent(point.accuracy)} right${queries}`;
}
