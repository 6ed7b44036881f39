/** Shared vocabulary of the widgets that show relevance maps. Data only. */
import type { MapData } from '../../runtime/protocol.ts';

/** What of a signed map is shown: both signs, what speaks for the class only, or the size without its sign. */
export type DisplayMode = 'signed' | 'positive' | 'magnitude';

/** How the end of the colour scale is found: a percentile of |r| (100 is the maximum) or a number the user typed. */
export type LimitSetting =
  | { readonly kind: 'percentile'; readonly percentile: number }
  | { readonly kind: 'fixed'; readonly limit: number };

/** How a map is drawn, apart from the end of its colour scale. Kept by the shell, restored from a link. */
export interface MapLook {
  readonly mode: DisplayMode;
  /** Opacity of the map over the picture, 0…1. */
  readonly opacity: number;
  /** `clear`: zero is transparent and colour thickens with |r|. `solid`: the map is a sheet, white (or black) at zero. */
  readonly ground: 'clear' | 'solid';
  /** Shows the picture in greys, so that every colour on screen belongs to the map. */
  readonly greyPicture: boolean;
  /** Hides |r| below this fraction of the limit, 0…1. */
  readonly threshold: number;
  /** Contour levels as fractions of the limit, 0…1; both signs where the mode shows both. Empty: no contours. */
  readonly contours: readonly number[];
  /** Bilinear interpolation of the values between positions; otherwise every position is a sharp rectangle. */
  readonly smooth: boolean;
}

/** Says what a map explains. A map is never shown without it. */
export interface Explained {
  readonly model: string;
  /** Name of the method as a reader sees it, “SRD”. */
  readonly method: string;
  /** “tabby cat”, or “tabby cat − tiger cat”; '' for maps without a class (effective receptive field). */
  readonly target: string;
  /** Hidden tensor the map is at or starts from; null for the input. */
  readonly layer: string | null;
  /** “identity start”, “contrastive start”, “position 3, 5”; null where the method has none. */
  readonly start: string | null;
}

/** A value read under the pointer or the keyboard's reading point. */
export interface Reading {
  /** Position of the map cell. */
  readonly row: number;
  readonly column: number;
  /** Map value, NaN where the map has none. */
  readonly value: number;
  /** Pixel of the picture, 0…255; null without a picture. */
  readonly rgb: readonly [number, number, number] | null;
  /** Position as fractions of height and width, 0…1 from the upper left. */
  readonly y: number;
  readonly x: number;
}

/** Choosing a position of a hidden layer by pointing at it. */
export interface Picking {
  /** Number of positions of the layer. */
  readonly height: number;
  readonly width: number;
  readonly current: readonly [y: number, x: number] | null;
  readonly onPick: (y: number, x: number) => void;
  /** “Point at a position of layer3”. */
  readonly label: string;
}

/** Whether what is shown is up to date. `stale` and `running` draw a veil and never move anything. */
export type ViewStatus =
  | { readonly kind: 'ready' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'running'; readonly label: string /** 0…1, or null where unknown. */; readonly fraction: number | null };

export const DEFAULT_LOOK: MapLook = {
  mode: 'signed',
  opacity: 0.85,
  ground: 'clear',
  greyPicture: true,
  threshold: 0,
  contours: [],
  smooth: true,
};

/** Takes the far tail off: a handful of extreme pixels would otherwise wash out the map. */
export const DEFAULT_LIMIT: LimitSetting = { kind: 'percentile', percentile: 99.5 };

/** A method × class cell of the compare grid. */
export type CompareCell =
  | { readonly kind: 'empty' }
  | { readonly kind: 'pending'; readonly label: string; readonly fraction: number | null }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'ready'; readonly map: MapData; readonly alt: string };
