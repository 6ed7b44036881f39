/** Numbers as a reader sees them: a true minus sign, powers of ten instead of strings of zeros, steady digits. */
import { scaleLinear } from 'd3-scale';
import type { DisplayMode } from './types.ts';

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** “×10⁻⁴”, '' for the exponent 0. */
export function powerOfTen(exponent: number): string {
  if (exponent === 0) return '';
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return `×10${exponent < 0 ? '⁻' : ''}${digits}`;
}

/** Exponent shared by all numbers of a scale that ends at `limit`: 0 where plain decimals are short, 0.01 … 1000. */
export function decimalExponent(limit: number): number {
  if (!(limit > 0) || (limit >= 0.01 && limit < 10_000)) return 0;
  return Math.floor(Math.log10(limit) + 1e-12);
}

function withMinus(text: string): string {
  return text.replace('-', '−');
}

/** Rounded to significant digits, trailing zeros cut: “0.25”, “−3.1×10⁻⁵”, “not a number”. */
export function formatNumber(value: number, digits = 3): string {
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const exponent = decimalExponent(Math.abs(value));
  return withMinus(String(Number((value / 10 ** exponent).toPrecision(digits)))) + powerOfTen(exponent);
}

/** A signed reading with the exponent and the decimals of its scale, so that digits do not dance under the pointer. */
export function formatReading(value: number, limit: number): string {
  if (!Number.isFinite(value)) return formatNumber(value);
  const exponent = decimalExponent(limit);
  const scaledLimit = limit / 10 ** exponent;
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(scaledLimit)));
  const text = (value / 10 ** exponent).toFixed(decimals);
  const zero = Number(text) === 0;
  return `${zero ? text.replace('-', '') : withMinus(value > 0 ? `+${text}` : text)}${powerOfTen(exponent)}`;
}

/** “1,000”. `toLocaleString` says the same, but its first call holds the page for the time of two frames. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function formatPercent(share: number, decimals = 0): string {
  return `${withMinus((100 * share).toFixed(decimals))} %`;
}

export interface Tick {
  readonly value: number;
  /** Place along the bar, 0…1. */
  readonly at: number;
  /** Number to be multiplied by the scale's power of ten. */
  readonly text: string;
}

export interface LegendScale {
  /** Shared power of ten, '' or “×10⁻⁴”. */
  readonly power: string;
  readonly ticks: readonly Tick[];
}

/** Room between two labels, in the unit of their widths. */
const TICK_GAP = 8;

/** Whether a tick's label hangs over an end of a bar and so is set inwards. */
export function tickEnd(at: number, label: number, bar: number): 'start' | 'end' | undefined {
  if (at * bar < label / 2) return 'start';
  return (1 - at) * bar < label / 2 ? 'end' : undefined;
}

/**
 * As many round ticks as fit on a bar without their labels touching, zero always among them.
 *
 * @param bar width of the bar
 * @param widthOf width of a label in the same unit
 * @param most aim for so many ticks where there is room
 */
export function fittingScale(
  mode: DisplayMode,
  limit: number,
  bar: number,
  widthOf: (text: string) => number,
  most = 6,
): LegendScale {
  for (let count = most; count > 1; count -= 1) {
    const scale = legendScale(mode, limit, count);
    let end = Number.NEGATIVE_INFINITY;
    const fits = scale.ticks.every(({ at, text }) => {
      const width = widthOf(text);
      const side = tickEnd(at, width, bar);
      const left = at * bar - (side === 'start' ? 0 : side === 'end' ? width : width / 2);
      const free = left >= end;
      end = left + width + TICK_GAP;
      return free;
    });
    if (fits) return scale;
  }
  const { power, ticks } = legendScale(mode, limit, most);
  return { power, ticks: ticks.filter(({ value }) => value === 0) };
}

/** Round ticks of a legend from −limit (signed) or 0 to +limit; zero is always among them, ends only where they are round. */
export function legendScale(mode: DisplayMode, limit: number, count = 6): LegendScale {
  const exponent = decimalExponent(limit);
  const end = limit / 10 ** exponent;
  const scale = scaleLinear([mode === 'signed' ? -end : 0, end], [0, 1]);
  const write = scale.tickFormat(count);
  const ticks = scale.ticks(count).map((value) => ({ value: value * 10 ** exponent, at: scale(value), text: write(value) }));
  return { power: powerOfTen(exponent), ticks };
}
