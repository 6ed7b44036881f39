import type { MapData } from '../../runtime/protocol.ts';
import type { Explained, MapLook, Picking, Reading, ViewStatus } from './types.ts';

export interface MapViewProps {
  /** The part of the photograph the model saw, at any resolution; the map covers it exactly. */
  readonly picture: ImageData | null;
  readonly map: MapData | null;
  readonly look: MapLook;
  /** End of the colour scale, > 0 (see `resolveLimit`). */
  readonly limit: number;
  /** Unit of the map's values, as the legend says it. */
  readonly unit: string;
  readonly explained: Explained | null;
  /** States the finding (see `finding`). */
  readonly alt: string;
  readonly status?: ViewStatus;
  readonly picking?: Picking | null;
  readonly onRead?: (reading: Reading | null) => void;
}

export function MapView(_: MapViewProps) {
  return null;
}
