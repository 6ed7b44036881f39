import type { LimitSetting } from './seeing/types.ts';

/** How one piece of state is written in a link and read back. `parse` may return anything: the schema judges it. */
export interface Codec<T> {
  readonly format: (value: T) => string;
  readonly parse: (text: string) => unknown;
}

/** A string as it is; an empty one stands for null. */
export const text: Codec<string | null> = {
  format: (value) => value ?? '',
  parse: (written) => (written === '' ? null : written),
};

/** A string out of a fixed set. */
export const word: Codec<string> = { format: (value) => value, parse: (written) => written };

/** A number in its shortest exact decimal form; an empty string stands for null. */
export const numeric: Codec<number | null> = {
  format: (value) => (value === null ? '' : String(value)),
  // Number('') and Number(' ') are 0, which no author of a link means.
  parse: (written) => (written === '' ? null : written.trim() === '' ? Number.NaN : Number(written)),
};

/** 1 for true, 0 for false. */
export const flag: Codec<boolean> = {
  format: (value) => (value ? '1' : '0'),
  parse: (written) => (written === '1' ? true : written === '0' ? false : written),
};

/** Words joined by commas. */
export const words: Codec<readonly string[]> = {
  format: (value) => value.join(','),
  parse: (written) => (written === '' ? [] : written.split(',')),
};

/** Numbers joined by commas. */
export const numerics: Codec<readonly number[]> = {
  format: (value) => value.join(','),
  parse: (written) => (written === '' ? [] : written.split(',').map(numeric.parse)),
};

/** A position `y,x`; an empty string stands for null. */
export const position: Codec<readonly [number, number] | null> = {
  format: (value) => (value === null ? '' : value.join(',')),
  parse: (written) => (written === '' ? null : numerics.parse(written)),
};

/** End of a colour scale: `p99.5` for a percentile, a bare number for a fixed limit. */
export const limit: Codec<LimitSetting> = {
  format: (value) => (value.kind === 'percentile' ? `p${value.percentile}` : String(value.limit)),
  parse: (written) =>
    written.startsWith('p')
      ? { kind: 'percentile', percentile: numeric.parse(written.slice(1)) }
      : { kind: 'fixed', limit: numeric.parse(written) },
};
