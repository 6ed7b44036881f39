import { ActionIcon, CopyButton, NativeSelect, TextInput, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useLayoutEffect, useRef, useState } from 'react';
import { cssGradient } from './colormap.ts';
import { decimalExponent, fittingScale, formatNumber, tickEnd } from './numbers.ts';
import styles from './seeing.module.css';
import type { DisplayMode, LimitSetting } from './types.ts';

export interface LegendProps {
  readonly mode: DisplayMode;
  /** End of the colour scale, > 0. */
  readonly limit: number;
  /** “share of the logit per pixel”. */
  readonly unit: string;
  readonly setting: LimitSetting;
  /** Absent: the limit cannot be edited here. */
  readonly onSetting?: (setting: LimitSetting) => void;
  /** Largest |r| of the map, shown as what the limit cuts off. */
  readonly maximum?: number;
  /** As in `MapLook`, drawn into the bar. */
  readonly threshold?: number;
  readonly contours?: readonly number[];
}

/** Percentiles on offer; 100 is the maximum. */
const PERCENTILES = [99, 99.5, 99.9, 100];

/** Tab-separated lines a spreadsheet takes: the limits, the largest value and the unit. */
function numbersAsText({ mode, limit, unit, maximum }: LegendProps): string {
  const lines = [
    ['from', mode === 'signed' ? -limit : 0],
    ['to', limit],
    ...(maximum === undefined ? [] : [['largest size', maximum]]),
    ['unit', unit],
  ];
  return lines.map((line) => line.join('\t')).join('\n');
}

/** Colour bar with numbers and unit, zero at its centre for signed maps, and the control of where it ends. */
export function Legend(props: LegendProps) {
  const { mode, limit, unit, setting, onSetting, maximum, threshold = 0, contours = [] } = props;
  const [bar, width] = useWidth();
  const { power, ticks } = fittingScale(mode, limit, width, labelWidth);
  const signed = mode === 'signed';
  const place = (fraction: number) => `${100 * (signed ? 0.5 + fraction / 2 : fraction)}%`;
  const marks = contours.flatMap((level) => (signed ? [level, -level] : [level]));
  return (
    <div className={styles.legend}>
      <div className={styles.legendScale}>
        {signed && (
          <div className={styles.legendEnds} aria-hidden="true">
            <span>against</span>
            <span>for</span>
          </div>
        )}
        <div
          ref={bar}
          className={styles.bar}
          role="img"
          aria-label={`Colour scale from ${formatNumber(signed ? -limit : 0)} to ${formatNumber(limit)} ${unit}${signed ? ', white at zero, red for, blue against' : ''}`}
          style={{ backgroundImage: cssGradient(mode) }}
        >
          {threshold > 0 && (
            <span
              className={styles.hidden}
              style={signed ? { left: place(-threshold), right: place(-threshold) } : { left: 0, width: place(threshold) }}
            />
          )}
          {marks.map((level) => (
            <span key={level} className={styles.mark} style={{ left: place(level) }} />
          ))}
        </div>
        <div className={styles.ticks} aria-hidden="true">
          {ticks.map((tick) => (
            <span
              key={tick.value}
              className={styles.tick}
              data-end={tickEnd(tick.at, labelWidth(tick.text), width)}
              style={{ left: `${100 * tick.at}%` }}
            >
              {tick.text}
            </span>
          ))}
        </div>
        <div className={styles.unit}>
          {power} {unit}
        </div>
      </div>
      <div className={styles.legendTools}>
        {onSetting && <LimitEditor limit={limit} setting={setting} onSetting={onSetting} />}
        {onSetting && <span className={styles.largest}>{maximum !== undefined && `largest ${formatNumber(maximum)}`}</span>}
        <CopyButton value={numbersAsText(props)}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy the numbers'}>
              <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label="Copy the numbers of the scale">
                {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </div>
    </div>
  );
}

/** Of a tick's label at 12 px, in CSS pixels: a digit or minus sign, and a point. */
const DIGIT = 8;
const POINT = 4;
const labelWidth = (text: string) => DIGIT * text.replace('.', '').length + (text.includes('.') ? POINT : 0);
/** Before the first layout, in CSS pixels. */
const USUAL_WIDTH = 220;

/** Width of an element in CSS pixels. */
function useWidth() {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(USUAL_WIDTH);
  useLayoutEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width] as const;
}

/** Chooses where the scale ends: a percentile of |r|, or a number that is typed (“0.02”, “2e-4”). */
function LimitEditor({ limit, setting, onSetting }: Required<Pick<LegendProps, 'limit' | 'setting' | 'onSetting'>>) {
  const [draft, setDraft] = useState<string | null>(null);
  const shown = decimalExponent(limit) === 0 ? String(Number(limit.toPrecision(3))) : limit.toExponential(2);
  const typed = Number((draft ?? shown).replace(',', '.'));
  const valid = typed > 0 && typed < Infinity;
  const offered =
    setting.kind === 'percentile' ? [...new Set([...PERCENTILES, setting.percentile])].sort((a, b) => a - b) : PERCENTILES;

  function take(): void {
    if (draft !== null && valid && draft !== shown) onSetting({ kind: 'fixed', limit: typed });
    setDraft(null);
  }

  return (
    <>
      <NativeSelect
        size="xs"
        aria-label="Where the colour scale ends"
        value={setting.kind === 'fixed' ? 'fixed' : String(setting.percentile)}
        data={[
          ...offered.map((percentile) => ({
            value: String(percentile),
            label: percentile === 100 ? 'covers all pixels' : `covers ${percentile} % of pixels`,
          })),
          { value: 'fixed', label: 'ends at a number' },
        ]}
        onChange={({ currentTarget: { value } }) =>
          onSetting(
            value === 'fixed'
              ? { kind: 'fixed', limit: Number(limit.toPrecision(3)) }
              : { kind: 'percentile', percentile: Number(value) },
          )
        }
      />
      <TextInput
        size="xs"
        w={76}
        aria-label="Limit of the colour scale"
        error={!valid}
        value={draft ?? shown}
        onChange={({ currentTarget }) => setDraft(currentTarget.value)}
        onBlur={take}
        onKeyDown={({ key }) => {
          if (key === 'Enter') take();
          if (key === 'Escape') setDraft(null);
        }}
      />
    </>
  );
}
