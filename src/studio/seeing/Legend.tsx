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

export function Legend(_: LegendProps) {
  return null;
}
