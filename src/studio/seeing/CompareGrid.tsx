import type { CompareCell, LimitSetting, MapLook } from './types.ts';

export interface CompareHeader {
  readonly id: string;
  readonly label: string;
  /** Second line: equation, probability, ... */
  readonly detail?: string;
}

export interface CompareGridProps {
  /** Methods. */
  readonly rows: readonly CompareHeader[];
  /** Classes. */
  readonly columns: readonly CompareHeader[];
  readonly cellAt: (row: string, column: string) => CompareCell;
  readonly picture: ImageData | null;
  readonly look: MapLook;
  readonly setting: LimitSetting;
  readonly onSetting?: (setting: LimitSetting) => void;
  /**
   * `raw`: values as they are. `share`: each map divided by its Σ|r|, so that methods of different units can stand on one
   * scale.
   */
  readonly values: 'raw' | 'share';
  /** Unit of raw values. */
  readonly unit: string;
  readonly selected: { readonly row: string; readonly column: string } | null;
  readonly onSelect: (row: string, column: string) => void;
}

export function CompareGrid(_: CompareGridProps) {
  return null;
}
