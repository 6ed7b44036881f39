/** Axes of the workspace’s plots, drawn like those of the insertion and deletion curves. */
import type { ScaleLinear } from 'd3-scale';

export const TICK_SIZE = 12;

interface AxisProps {
  readonly scale: ScaleLinear<number, number>;
  readonly ticks: readonly number[];
  readonly write: (tick: number) => string;
}

/** Numbers beside the plot and a line across it for each. */
export function ValueAxis({
  scale,
  ticks,
  write,
  left,
  right,
  side = 'left',
  grid = true,
}: AxisProps & {
  readonly left: number;
  readonly right: number;
  readonly side?: 'left' | 'right';
  readonly grid?: boolean;
}) {
  return (
    <g fontSize={TICK_SIZE} fill="currentColor">
      {ticks.map((tick) => (
        <g key={tick} transform={`translate(0 ${scale(tick)})`}>
          {grid && <line x1={left} x2={right} stroke="currentColor" strokeOpacity={tick === 0 ? 0.5 : 0.13} />}
          <text x={side === 'left' ? left - 8 : right + 8} dy="0.35em" textAnchor={side === 'left' ? 'end' : 'start'}>
            {write(tick)}
          </text>
        </g>
      ))}
    </g>
  );
}

/** Numbers below the plot. */
export function BaseAxis({
  scale,
  ticks,
  write,
  left,
  right,
  bottom,
}: AxisProps & { readonly left: number; readonly right: number; readonly bottom: number }) {
  return (
    <g fontSize={TICK_SIZE} fill="currentColor" transform={`translate(0 ${bottom})`}>
      <line x1={left} x2={right} stroke="currentColor" strokeOpacity={0.5} />
      {ticks.map((tick) => (
        <g key={tick} transform={`translate(${scale(tick)} 0)`}>
          <line y2={4} stroke="currentColor" strokeOpacity={0.5} />
          <text y={17} textAnchor="middle">
            {write(tick)}
          </text>
        </g>
      ))}
    </g>
  );
}

/** The whole numbers among so many ticks. */
export function wholeTicks(scale: ScaleLinear<number, number>, count: number): number[] {
  return scale.ticks(count).filter(Number.isInteger);
}
