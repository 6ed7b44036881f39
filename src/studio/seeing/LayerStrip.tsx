import { type CSSProperties, type KeyboardEvent, memo, useMemo, useRef } from 'react';
import type { MapData } from '../../runtime/protocol.ts';
import { resolveLimit } from './colormap.ts';
import { withoutSharedStart } from './layer-names.ts';
import { MapCanvas } from './MapCanvas.tsx';
import { formatNumber, formatPercent } from './numbers.ts';
import styles from './seeing.module.css';
import { DEFAULT_LIMIT, DEFAULT_LOOK, type DisplayMode, type MapLook } from './types.ts';

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
  /** Says what the numbers are, “ΣR” by default. */
  readonly quantity?: string;
  /** Layers are being computed. */
  readonly busy?: boolean;
}

/** Sum of the finite values, in double precision. */
function sumOf(map: MapData): number {
  let sum = 0;
  for (const value of map.values) if (Number.isFinite(value)) sum += value;
  return sum;
}

/**
 * Relevance at every stage of the network, 120 px high. Each picture has its own colour scale, because positions grow and
 * their number shrinks from layer to layer; the sums below are comparable. Arrow keys scrub: they select as they move.
 */
export function LayerStrip({ layers, current, onSelect, mode, score, quantity = 'ΣR', busy = false }: LayerStripProps) {
  const list = useRef<HTMLDivElement>(null);
  const look = useMemo<MapLook>(() => ({ ...DEFAULT_LOOK, mode, ground: 'solid', opacity: 1, smooth: false }), [mode]);
  const short = useMemo(() => {
    const unlabelled = layers.filter(({ label }) => label === undefined).map(({ tensor }) => tensor);
    const shortened = withoutSharedStart(unlabelled);
    return new Map(unlabelled.map((tensor, i) => [tensor, shortened[i] ?? tensor]));
  }, [layers]);
  const active = layers.some(({ tensor }) => tensor === current) ? current : layers[0]?.tensor;

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    const options = [...(list.current?.querySelectorAll<HTMLElement>('[role=option]') ?? [])];
    const here = options.findIndex((option) => option.matches(':focus'));
    const targets: Readonly<Record<string, number>> = {
      ArrowRight: here + 1,
      ArrowLeft: here - 1,
      Home: 0,
      End: options.length - 1,
    };
    const target = targets[event.key] ?? (event.key === 'Enter' || event.key === ' ' ? here : null);
    if (target === null) return;
    event.preventDefault();
    const layer = layers[target];
    if (!layer) return;
    options[target]?.focus();
    onSelect(layer.tensor);
  }

  return (
    <div
      ref={list}
      className={styles.strip}
      role="listbox"
      aria-label="Layers, from input to output"
      aria-orientation="horizontal"
      aria-busy={busy}
      onKeyDown={onKeyDown}
    >
      {layers.map((layer) => (
        <Layer
          key={layer.tensor}
          layer={layer}
          name={layer.label ?? short.get(layer.tensor) ?? layer.tensor}
          look={look}
          score={score}
          quantity={quantity}
          selected={layer.tensor === current}
          reachable={layer.tensor === active}
          onSelect={onSelect}
        />
      ))}
    </div>
  );
}

interface LayerProps {
  readonly layer: StripLayer;
  /** As short as tells it apart. */
  readonly name: string;
  readonly look: MapLook;
  readonly score: number | null;
  readonly quantity: string;
  readonly selected: boolean;
  /** The one option Tab stops at. */
  readonly reachable: boolean;
  readonly onSelect: (tensor: string) => void;
}

const Layer = memo(function Layer({ layer, name, look, score, quantity, selected, reachable, onSelect }: LayerProps) {
  const { tensor, label, channels, height, width, map } = layer;
  const limit = useMemo(() => (map ? resolveLimit([map], DEFAULT_LIMIT) : 1), [map]);
  const sum = useMemo(() => (map ? sumOf(map) : null), [map]);
  const size = `${channels} × ${height} × ${width}`;
  const part = sum !== null && score ? ` · ${formatPercent(sum / score)}` : '';
  const total = sum === null ? 'not computed' : `${quantity} ${formatNumber(sum)}${part}`;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys of all its options
    <div
      className={styles.layer}
      role="option"
      aria-selected={selected}
      aria-label={`${label ?? tensor}, ${size}, ${total}`}
      title={`${tensor}\n${size}\n${total}`}
      tabIndex={reachable ? 0 : -1}
      onClick={() => onSelect(tensor)}
    >
      <span className={styles.thumb} style={{ '--ratio': width / height } as CSSProperties}>
        {map && <MapCanvas picture={null} map={map} look={look} limit={limit} alt="" />}
      </span>
      <LayerName name={name} />
      <span className={styles.layerSum}>
        {height} × {width}
      </span>
      <span className={styles.layerSum}>{sum === null ? '–' : total}</span>
    </div>
  );
});

/** Letters of a name's end that always stay visible. */
const END = 6;

/** A name that loses letters in its middle where it is too long: what tells layers apart stands at both ends. */
function LayerName({ name }: { readonly name: string }) {
  return (
    <span className={styles.layerName}>
      <span>{name.slice(0, -END)}</span>
      <span>{name.slice(-END)}</span>
    </span>
  );
}
