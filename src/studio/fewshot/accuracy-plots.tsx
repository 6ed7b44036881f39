import { bisectCenter } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import { formatPercent } from '../seeing/numbers.ts';
import { PlotDownloads } from '../seeing/plot-downloads.tsx';
import { useWidth } from '../seeing/use-width.ts';
import { accuracyBins, runningIntervals } from './accuracies.ts';
import styles from './evaluate.module.css';
import { BaseAxis, ValueAxis, wholeTicks } from './plot-axes.tsx';

const HEIGHT = 196;
const MARGIN = { top: 30, right: 12, bottom: 38, left: 46 };
const BOTTOM = HEIGHT - MARGIN.bottom;
const GAP = 24;
/** Of the buttons below a plot, with their distance. */
const TOOLS_HEIGHT = 26;
/** Narrower than this the plots stand one above the other. */
const BESIDE_FROM = 560;

export interface AccuracyPlotsProps {
  readonly accuracies: readonly number[];
  /** Episodes there will be. */
  readonly total: number;
  /** N·Q, answers in an episode. */
  readonly answers: number;
}

/** The accuracy of every episode as a histogram, and how their mean settles. */
export function AccuracyPlots({ accuracies, total, answers }: AccuracyPlotsProps) {
  const holder = useRef<HTMLDivElement>(null);
  const width = useWidth(holder);
  const beside = width >= BESIDE_FROM;
  const each = beside ? (width - GAP) / 2 : width;
  return (
    <div
      ref={holder}
      className={styles.plots}
      style={{ minHeight: beside ? HEIGHT + TOOLS_HEIGHT : 2 * (HEIGHT + TOOLS_HEIGHT) + GAP }}
    >
      {width > 0 && (
        <>
          <Histogram accuracies={accuracies} answers={answers} width={each} />
          <RunningMean accuracies={accuracies} total={total} width={each} />
        </>
      )}
    </div>
  );
}

/** “94.0 %”, or “94.0 to 96.0 %” for several accuracies. */
function range(least: number, greatest: number): string {
  return least === greatest ? formatPercent(least, 1) : `${(100 * least).toFixed(1)} to ${formatPercent(greatest, 1)}`;
}

function Histogram({ accuracies, answers, width }: { accuracies: readonly number[]; answers: number; width: number }) {
  const [hover, setHover] = useState<number | null>(null);
  const bins = useMemo(() => accuracyBins(accuracies, answers), [accuracies, answers]);
  const right = width - MARGIN.right;
  const x = scaleLinear([Math.min(0.8, bins[0]?.from ?? 0), 1 + 0.5 / answers], [MARGIN.left, right]);
  const y = scaleLinear([0, Math.max(4, ...bins.map(({ count }) => count))], [BOTTOM, MARGIN.top]).nice(4);
  const pointed = hover === null ? undefined : bins[hover];
  const said = pointed && `${range(pointed.least, pointed.greatest)} right: ${pointed.count} of ${accuracies.length}`;
  const least = accuracies.reduce((a, b) => Math.min(a, b), 1);
  const greatest = accuracies.reduce((a, b) => Math.max(a, b), 0);
  return (
    <Plot
      width={width}
      label={`Histogram of ${accuracies.length} episodes by accuracy, ${range(least, greatest)}`}
      fileName="episodes-by-accuracy"
      of="the histogram"
    >
      <PlotHead title="Episodes by accuracy" said={said} right={right} />
      <ValueAxis scale={y} ticks={wholeTicks(y, 4)} write={String} left={MARGIN.left} right={right} />
      {bins.map(({ from, to, count }, index) => (
        <g key={from} onPointerEnter={() => setHover(index)} onPointerLeave={() => setHover(null)}>
          <rect
            x={x(from) + 0.5}
            y={y(count)}
            width={Math.max(1, x(to) - x(from) - 1)}
            height={BOTTOM - y(count)}
            className={styles.bin}
            data-pointed={hover === index || undefined}
          />
          <rect x={x(from)} y={MARGIN.top} width={x(to) - x(from)} height={BOTTOM - MARGIN.top} fill="none" pointerEvents="all" />
        </g>
      ))}
      <BaseAxis
        scale={x}
        ticks={x.ticks(5).filter((tick) => tick <= 1)}
        write={(tick) => String(Math.round(100 * tick))}
        left={MARGIN.left}
        right={right}
        bottom={BOTTOM}
      />
      <AxisNames width={width} base="accuracy of an episode, %" value="episodes" />
    </Plot>
  );
}

function RunningMean({ accuracies, total, width }: { accuracies: readonly number[]; total: number; width: number }) {
  const [hover, setHover] = useState<number | null>(null);
  const running = useMemo(() => runningIntervals(accuracies), [accuracies]);
  const right = width - MARGIN.right;
  const x = scaleLinear([1, Math.max(2, total)], [MARGIN.left, right]);
  // The first few episodes swing wide; they would press everything after them flat.
  const settled = running.slice(Math.min(4, Math.floor(running.length / 2)));
  const low = settled.reduce((least, { mean, halfWidth }) => Math.min(least, mean - (halfWidth ?? 0)), 0.95);
  const y = scaleLinear([Math.max(0, low), 1], [BOTTOM, MARGIN.top])
    .nice(4)
    .clamp(true);
  const lower = (index: number) => y((running[index]?.mean ?? 0) - (running[index]?.halfWidth ?? 0));
  const upper = (index: number) => y((running[index]?.mean ?? 0) + (running[index]?.halfWidth ?? 0));
  const numbers = running.map((_, index) => index + 1);
  const at = hover === null ? null : bisectCenter(numbers, hover);
  const pointed = at === null ? undefined : running[at];
  const last = running.at(-1);
  return (
    <Plot
      width={width}
      label={`Mean accuracy after each episode, now ${last ? meanText(last.mean, last.halfWidth) : 'unknown'}`}
      fileName="mean-so-far"
      of="the mean so far"
    >
      <PlotHead
        title="Mean so far, 95 % interval"
        said={pointed && at !== null ? `after ${at + 1}: ${meanText(pointed.mean, pointed.halfWidth)}` : undefined}
        right={right}
      />
      <ValueAxis
        scale={y}
        ticks={y.ticks(4)}
        write={(tick) => String(Math.round(1000 * tick) / 10)}
        left={MARGIN.left}
        right={right}
      />
      <path
        className={styles.band}
        d={
          area<number>(
            (number) => x(number),
            (_, index) => lower(index),
            (_, index) => upper(index),
          ).defined((number) => number > 1)(numbers) ?? ''
        }
      />
      <path
        className={styles.mean}
        d={
          line<number>(
            (number) => x(number),
            (_, index) => y(running[index]?.mean ?? 0),
          )(numbers) ?? ''
        }
      />
      {at !== null && pointed && <circle data-transient className={styles.dot} cx={x(at + 1)} cy={y(pointed.mean)} r={4} />}
      <BaseAxis scale={x} ticks={wholeTicks(x, 5)} write={String} left={MARGIN.left} right={right} bottom={BOTTOM} />
      <AxisNames width={width} base="episodes" value="mean accuracy, %" />
      <rect
        x={MARGIN.left}
        y={MARGIN.top}
        width={Math.max(0, right - MARGIN.left)}
        height={BOTTOM - MARGIN.top}
        fill="none"
        pointerEvents="all"
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          setHover(x.invert(MARGIN.left + event.clientX - box.left));
        }}
        onPointerLeave={() => setHover(null)}
      />
    </Plot>
  );
}

/** A plot, and below it the means to take it along. */
function Plot({
  width,
  label,
  fileName,
  of,
  children,
}: {
  width: number;
  label: string;
  fileName: string;
  of: string;
  children: ReactNode;
}) {
  const plot = useRef<SVGSVGElement>(null);
  return (
    <div>
      <svg ref={plot} width={width} height={HEIGHT} role="img" aria-label={label}>
        {children}
      </svg>
      <div className={styles.tools}>
        <PlotDownloads plot={plot} fileName={fileName} of={of} />
      </div>
    </div>
  );
}

/** “96.0 ± 0.8 %” */
export function meanText(mean: number, halfWidth: number | null): string {
  return halfWidth === null ? formatPercent(mean, 1) : `${(100 * mean).toFixed(1)} ± ${formatPercent(halfWidth, 1)}`;
}

/** A plot’s name; the value under the pointer stands in its place, so that the two never meet. */
function PlotHead({ title, said, right }: { title: string; said: string | undefined; right: number }) {
  return said === undefined ? (
    <text x={MARGIN.left} y={14} className={styles.plotTitle}>
      {title}
    </text>
  ) : (
    <text x={right} y={14} textAnchor="end" className={styles.plotValue}>
      {said}
    </text>
  );
}

function AxisNames({ width, base, value }: { width: number; base: string; value: string }) {
  return (
    <g className={styles.axisName}>
      <text x={(MARGIN.left + width - MARGIN.right) / 2} y={HEIGHT - 5} textAnchor="middle">
        {base}
      </text>
      <text transform={`translate(11 ${(MARGIN.top + BOTTOM) / 2}) rotate(-90)`} textAnchor="middle">
        {value}
      </text>
    </g>
  );
}
