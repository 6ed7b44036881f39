import type { Pixels, SourceWindow } from '../runtime/preprocess.ts';
import type {
  ApopResult,
  Backend,
  Curves,
  DeviceInfo,
  ErrorMessage,
  ExplainResult,
  MapData,
  ModelSummary,
  Preprocessing,
} from '../runtime/protocol.ts';
import type { ModelCard, Photograph } from './assets.ts';
import { type Activities, type Activity, firstActivity } from './jobs.ts';
import type { MapRequest } from './requests.ts';
import type { Explained } from './seeing/types.ts';

export interface StudioModel {
  /** Bundled id, or `own-1`, ... */
  readonly id: string;
  readonly own: boolean;
  readonly summary: ModelSummary;
  readonly card: ModelCard | null;
  readonly labels: readonly string[] | null;
  /** Whether the file leaves the input's size open, so that it can be changed. */
  readonly sizeOpen: boolean;
}

export interface StudioPicture {
  /** Gallery id, or `own-1`, ... */
  readonly id: string;
  readonly own: boolean;
  readonly title: string;
  readonly pixels: Pixels;
  /** Gallery entry with attribution; null for the user's own. */
  readonly photograph: Photograph | null;
  /** What a reader should know, such as that only an animation's first frame is used; '' for nothing. */
  readonly note: string;
}

/** The picture as the model gets it. */
export interface Prepared {
  readonly key: string;
  readonly input: Float32Array;
  /** The part of the picture it covers. */
  readonly window: SourceWindow;
  readonly preprocessing: Preprocessing;
  /** Whose picture it is: the new one's is on its way while this is the old one's. */
  readonly picture: string;
  /** The covered part at screen resolution; null where there is no screen. */
  readonly seen: ImageData | null;
}

export interface Verdict {
  readonly key: string;
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
  /** Class indices, most likely first. */
  readonly ranked: readonly number[];
  readonly milliseconds: number;
  readonly backend: Backend;
}

/** A finished map of the single view. It stays while its successor is computed. */
export interface Shown {
  readonly key: string;
  readonly inputKey: string;
  readonly request: MapRequest;
  readonly result: ExplainResult;
  readonly explained: Explained;
}

export interface PartialMap {
  readonly key: string;
  readonly explained: Explained;
  readonly map: MapData;
  readonly step: number;
  readonly steps: number;
}

/** Where an error is shown: beside the thing it concerns. */
export type Place =
  | 'link'
  | 'storage'
  | 'device'
  | 'model'
  | 'labels'
  | 'image'
  | 'map'
  | 'curves'
  | 'apop'
  | 'export'
  | 'session';

/** Kinds of job, most important first. */
export const LANES = ['device', 'model', 'picture', 'fit', 'classify', 'map', 'apop', 'curves', 'derive'] as const;
export type LaneName = (typeof LANES)[number];

export interface Status {
  readonly device: DeviceInfo | null;
  readonly model: StudioModel | null;
  readonly picture: StudioPicture | null;
  readonly prepared: Prepared | null;
  readonly verdict: Verdict | null;
  readonly results: ReadonlyMap<string, ExplainResult>;
  /** Why a map could not be computed, by its key. `cancelled` ones wait for `retry`. */
  readonly failures: ReadonlyMap<string, ErrorMessage>;
  readonly shown: Shown | null;
  /** Key of the map the single view should show; differs from `shown.key` while it is computed. */
  readonly wanted: string | null;
  readonly strip: ExplainResult | null;
  readonly partial: PartialMap | null;
  readonly curves: ReadonlyMap<string, Curves>;
  readonly apop: { readonly inputKey: string; readonly carrier: Pixels; readonly result: ApopResult } | null;
  readonly activities: Activities<LaneName>;
  readonly problems: Readonly<{ [P in Place]?: ErrorMessage }>;
  /** Milliseconds of the last finished run on the device. */
  readonly lastRun: number | null;
}

export const INITIAL_STATUS: Status = {
  device: null,
  model: null,
  picture: null,
  prepared: null,
  verdict: null,
  results: new Map(),
  failures: new Map(),
  shown: null,
  wanted: null,
  strip: null,
  partial: null,
  curves: new Map(),
  apop: null,
  activities: {},
  problems: {},
  lastRun: null,
};

/** What runs now, most important first, and on which lane. */
export function activityOf({ activities }: Status): { readonly lane: LaneName; readonly activity: Activity } | null {
  return firstActivity(activities, LANES);
}
