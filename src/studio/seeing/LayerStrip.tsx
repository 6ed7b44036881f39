import type { MapData } from '../../runtime/protocol.ts';
import type { DisplayMode } from './types.ts';

export interface StripLayer {
  /** The hidden tensor's name, or the model's image input. */
  readonly tensor: string;
  /** What the reader sees; the tensor's name if absent. */
  readonly label?: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** null until computed. */
  readonly map: MapData | null;
}

export interface LayerStripProps {
  /** From the input to the output. */
  readonly layers: readonly StripLayer[];
  readonly current: string | null;
  readonly onSelect: (tensor: string) => void;
  readonly mode: DisplayMode;
  /** Explained score; shows each layer's sum as a part of it. */
  readonly score: number | null;
  /** Says what the numbers are, 'Σ R' by default. */
  readonly quantity?: string;
  /** Layers are being computed. */
  readonly busy?: boolean;
}

export function LayerStrip(_: LayerStripProps) {
  return null;
}
