/** The relighting workspace's rows of the table of settings. */
import * as z from 'zod';
import { flag, numeric, position, text, word } from '../codec.ts';
import { kept, linked } from '../state-entry.ts';

export const LAYERS = ['final', 'albedo', 'learned-shadow', 'geometric-shadow', 'depth', 'normals'] as const;
/** What the right half of the picture shows: nothing of its own, another layer, another time, or the dataset's photograph. */
export const SPLITS = ['none', 'layer', 'time', 'photograph'] as const;
export const QUALITIES = ['performance', 'balanced', 'quality'] as const;

export const DAY_MINUTES = 1440;

const minuteOfDay = z.number().min(0).max(DAY_MINUTES);
const point = z.tuple([z.number(), z.number(), z.number()]).readonly();

/** A view the reader wants to come back to. */
export interface SavedView {
  /** Name of the scene it belongs to. */
  readonly scene: string;
  readonly eye: readonly [number, number, number];
  readonly target: readonly [number, number, number];
}

/** More would not fit beside the picture. */
export const MOST_SAVED_VIEWS = 24;

const isoDate = z.iso.date('is no date such as 2026-06-21');

export const RELIGHT_STATE = {
  /** Folder of a bundled scene; null for the user's own, which no link can carry. */
  scene: linked('scene', 'town-square', z.string().min(1).max(80).nullable(), text, false),
  /** Date at the place, by its local mean time. */
  date: linked('date', '2026-06-21', isoDate, word),
  /** Minutes since midnight, local mean time. */
  minute: linked('minute', 540, minuteOfDay, numeric),
  /** Azimuth and elevation in degrees where the sun was dragged off its path; null to follow date and time. */
  freeSun: linked(
    'sun',
    null,
    z
      .tuple([z.number().min(0).max(360), z.number().min(-90).max(90)])
      .readonly()
      .nullable(),
    position,
  ),
  /** Degrees, north positive; null for the scene's own. */
  latitude: linked('latitude', null, z.number().min(-90).max(90).nullable(), numeric),
  /** Degrees, east positive; null for the scene's own. */
  longitude: linked('longitude', null, z.number().min(-180).max(180).nullable(), numeric),

  show: linked('show', 'final', z.enum(LAYERS), word),
  split: linked('split', 'none', z.enum(SPLITS), word),
  /** split layer: what is on the right. */
  showRight: linked('show-right', 'albedo', z.enum(LAYERS), word),
  /** split time: the right half's minutes since midnight. */
  minuteRight: linked('minute-right', 1020, minuteOfDay, numeric),
  /** Where the halves meet, 0 left to 1 right. */
  divider: linked('divider', 0.5, z.number().min(0).max(1), numeric),

  /** A camera of the scene's dataset, exactly; null where the reader has moved. */
  viewpoint: linked('viewpoint', null, z.string().min(1).max(80).nullable(), text),
  /** Where the reader stands and looks, metres in the scene's world; null for the first viewpoint. */
  eye: linked('eye', null, point.nullable(), position),
  target: linked('target', null, point.nullable(), position),
  move: linked('move', 'orbit', z.enum(['orbit', 'walk']), word, false),
  quality: linked('quality', 'balanced', z.enum(QUALITIES), word, false),
  /** Whether the sun's path is drawn over the picture. */
  path: linked('path', true, z.boolean(), flag),
  savedViews: kept<readonly SavedView[]>(
    [],
    z
      .array(z.object({ scene: z.string().max(200), eye: point, target: point }))
      .max(MOST_SAVED_VIEWS)
      .readonly(),
  ),
};
