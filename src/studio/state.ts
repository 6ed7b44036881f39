/**
 * The one table of the studio's settings: what each piece of state is, its default, where it lives, and the schema it
 * must pass when it comes in from a link, from the browser's storage or from a session file.
 */
import * as z from 'zod';
import { METHOD_IDS } from '../explain/explainer.ts';
import { HeliographError } from '../graph/errors.ts';
import { flag, limit, numeric, numerics, position, text, word, words } from './codec.ts';
import { FEWSHOT_STATE } from './fewshot/fewshot-settings.ts';
import { RELIGHT_STATE } from './relight/relight-settings.ts';
import { DEFAULT_LIMIT, DEFAULT_LOOK, type LimitSetting, type MapLook } from './seeing/types.ts';
import { type Entry, kept, linked } from './state-entry.ts';
import { WORKSPACES } from './workspaces.ts';

// The default compiles validators with `new Function`, which the page's Content-Security-Policy forbids.
z.config({ jitless: true });

const classIndex = z.int().min(0).max(1_000_000);
const methodId = z.enum(METHOD_IDS);
const share = z.number().min(0).max(1);
const tensorName = z.string().min(1).max(500).nullable();

/** The preprocessing a user has set by hand for a model. */
export const preprocessingSchema = z.object({
  layout: z.enum(['NCHW', 'NHWC']),
  height: z.int().min(1).max(4096),
  width: z.int().min(1).max(4096),
  channels: z.enum(['RGB', 'BGR', 'gray']),
  scale: z.union([z.literal(1), z.literal(255)]),
  mean: z.array(z.number()).min(1).max(4),
  std: z
    .array(z.number().refine((value) => value !== 0, 'must not be zero'))
    .min(1)
    .max(4),
  resizeShort: z.int().min(1).max(8192),
  interpolation: z.enum(['bilinear', 'bicubic']).default('bilinear'),
});

const limitSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('percentile'), percentile: z.number().gt(0).max(100) }),
  z.object({ kind: z.literal('fixed'), limit: z.number().positive() }),
]);

export const FITS = ['crop', 'fit', 'stretch'] as const;
export const COMPARE_METHODS = METHOD_IDS.filter((id) => id !== 'erf');

export const STATE = {
  workspace: linked('workspace', 'explain', z.enum(WORKSPACES), word, false),

  /** Id of a bundled model; null for the user's own, which no link can carry. */
  model: linked('model', 'efficientnet-lite0', z.string().min(1).max(80).nullable(), text, false),
  /** Id of a gallery photograph; null for the user's own. */
  image: linked('image', 'cat', z.string().min(1).max(80).nullable(), text),
  /** How the picture is brought to the model's shape: centre crop, whole picture with bars, or stretched. */
  fit: linked('fit', 'crop', z.enum(FITS), word),
  device: linked('device', 'auto', z.enum(['auto', 'webgpu', 'wasm']), word, false),

  method: linked('method', 'srd', methodId, word),
  start: linked('start', 'identity', z.enum(['identity', 'contrastive']), word),
  /** srd: tensor at whose positions relevance is shown; null for the picture. */
  layer: linked('layer', null, tensorName, text),
  /** erf: tensor whose positions can be pointed at; null for the deepest stage. */
  erfLayer: linked('erf-layer', null, tensorName, text),
  /** grad-cam: tensor whose channels are weighted; null for the method's own choice. */
  camLayer: linked('cam-layer', null, tensorName, text),
  /** erf: position [y, x] at `erfLayer`; null for the most active one. */
  at: linked('at', null, z.tuple([z.int().min(0).max(4096), z.int().min(0).max(4096)]).nullable(), position),
  /** Class explained; null for the model's first choice. */
  plus: linked('class', null, classIndex.nullable(), numeric),
  /** Class subtracted from it; null for none. */
  minus: linked('minus', null, classIndex.nullable(), numeric),

  igSteps: linked('ig-steps', 32, z.int().min(2).max(512), numeric),
  smoothSteps: linked('smooth-steps', 16, z.int().min(2).max(512), numeric),
  /** smoothgrad: standard deviation of the noise as a fraction of the input's range. */
  noise: linked('noise', 0.15, z.number().min(0.001).max(1), numeric),
  /** occlusion: side of the square patch and its stride, in input pixels. */
  patch: linked('patch', 32, z.int().min(2).max(512), numeric),
  stride: linked('stride', 16, z.int().min(1).max(512), numeric),
  riseSteps: linked('rise-steps', 200, z.int().min(8).max(8000), numeric),
  /** smoothgrad, rise: seed of the random numbers. */
  seed: linked('seed', 1, z.int().min(0).max(2_147_483_647), numeric),

  view: linked('view', 'single', z.enum(['single', 'compare']), word),
  compareMethods: linked(
    'methods',
    ['srd', 'integrated-gradients', 'grad-cam'],
    z
      .array(methodId.exclude(['erf']))
      .max(8)
      .readonly(),
    words,
  ),
  /** Rows of the compare grid; empty for the two most likely classes. */
  compareClasses: linked('classes', [], z.array(classIndex).max(5).readonly(), numerics),
  /** Whether maps of the grid are shown as they are, or each over its mean |r|. */
  compareValues: linked('values', 'density', z.enum(['raw', 'density']), word),

  // How a map is drawn: see MapLook.
  mode: linked('mode', DEFAULT_LOOK.mode, z.enum(['signed', 'positive', 'magnitude']), word),
  opacity: linked('opacity', DEFAULT_LOOK.opacity, share, numeric),
  ground: linked('ground', DEFAULT_LOOK.ground, z.enum(['clear', 'solid']), word),
  greyPicture: linked('grey', DEFAULT_LOOK.greyPicture, z.boolean(), flag),
  threshold: linked('threshold', DEFAULT_LOOK.threshold, share, numeric),
  contours: linked('contours', DEFAULT_LOOK.contours, z.array(share).max(12).readonly(), numerics),
  smooth: linked('smooth', DEFAULT_LOOK.smooth, z.boolean(), flag),
  /** End of the colour scale. */
  limit: linked<LimitSetting>('limit', DEFAULT_LIMIT, limitSchema, limit),
  /** Whether insertion and deletion curves are computed for the maps on screen. */
  curves: linked('curves', false, z.boolean(), flag, false),

  ...RELIGHT_STATE,
  ...FEWSHOT_STATE,

  theme: kept('auto', z.enum(['auto', 'light', 'dark'])),
  sourcesOpen: kept(true, z.boolean()),
  inspectorOpen: kept(true, z.boolean()),
  stripOpen: kept(true, z.boolean()),
  /** Whether shortcuts of a single character work. */
  singleKeys: kept(true, z.boolean()),
  /** The browser's id of the camera that is used; null for its own choice. */
  camera: kept(null, z.string().min(1).max(500).nullable()),

  preprocessing: {
    default: null,
    home: 'export',
    schema: preprocessingSchema.nullable(),
    undo: false,
  } as Entry<z.infer<typeof preprocessingSchema> | null>,
  labels: {
    default: null,
    home: 'export',
    schema: z.array(z.string().max(500)).max(1_000_000).readonly().nullable(),
    undo: false,
  } as Entry<readonly string[] | null>,
};

export type Settings = { readonly [K in keyof typeof STATE]: (typeof STATE)[K] extends Entry<infer T> ? T : never };
export type SettingKey = keyof Settings;

export const SETTING_KEYS = Object.keys(STATE) as SettingKey[];

export const DEFAULTS = Object.fromEntries(SETTING_KEYS.map((key) => [key, STATE[key].default])) as unknown as Settings;

/** Settings read from outside, and a sentence for each value that could not be used. */
export interface Restored {
  readonly settings: Partial<Settings>;
  readonly problems: readonly string[];
}

/** The table's entry of a key, with its type loosened so that generic code can go over all keys. */
export function entryOf(key: SettingKey): Entry<unknown> {
  return STATE[key] as Entry<unknown>;
}

function judge(values: ReadonlyMap<SettingKey, unknown>, name: (key: SettingKey) => string): Restored {
  const settings: Partial<Record<SettingKey, unknown>> = {};
  const problems: string[] = [];
  for (const [key, value] of values) {
    const result = entryOf(key).schema.safeParse(value);
    if (result.success) settings[key] = result.data;
    else problems.push(`“${name(key)}” ${reason(result.error)}, so its default is used.`);
  }
  return { settings: settings as Partial<Settings>, problems };
}

function reason(error: z.ZodError): string {
  const message = error.issues[0]?.message ?? 'cannot be used';
  return `is not usable (${message.replace(/\.$/, '')})`;
}

/** The link's parameters (without #) for these settings; defaults are left out, as is what no link can carry. */
export function toLink(settings: Settings): string {
  const params = new URLSearchParams();
  for (const key of SETTING_KEYS) {
    const { home, param, codec, default: fallback } = entryOf(key);
    const value = settings[key];
    if (home !== 'url' || !param || !codec || same(value, fallback)) continue;
    if ((key === 'model' || key === 'image') && value === null) continue;
    params.set(param, codec.format(value));
  }
  return params.toString();
}

/** Reads a link's parameters. Unknown or bad ones are named in `problems` and their defaults stay. */
export function fromLink(link: string): Restored {
  const params = new URLSearchParams(link.replace(/^[#?]/, ''));
  const values = new Map<SettingKey, unknown>();
  const unknown: string[] = [];
  for (const [param, written] of params) {
    const key = SETTING_KEYS.find((candidate) => entryOf(candidate).param === param);
    const codec = key && entryOf(key).codec;
    if (key && codec) values.set(key, codec.parse(written));
    else unknown.push(`The link's parameter “${param}” means nothing here.`);
  }
  const { settings, problems } = judge(values, (key) => entryOf(key).param ?? key);
  return { settings, problems: [...problems.map((problem) => `The link's parameter ${problem}`), ...unknown] };
}

/** The part of the settings that says how a map is drawn. */
export function lookOf(settings: Settings): MapLook {
  const { mode, opacity, ground, greyPicture, threshold, contours, smooth } = settings;
  return { mode, opacity, ground, greyPicture, threshold, contours, smooth };
}

/** Reads what local storage holds; a corrupted text counts as empty. */
export function fromLocal(stored: string | null): Restored {
  if (stored === null) return { settings: {}, problems: [] };
  let parsed: unknown;
  try {
    parsed = JSON.parse(stored);
  } catch {
    return { settings: {}, problems: ['The settings stored in this browser were damaged, so defaults are used.'] };
  }
  return judge(
    valuesOf(parsed, (key) => STATE[key].home === 'local'),
    (key) => `Stored setting ${key}`,
  );
}

/** What local storage should hold for these settings. */
export function toLocal(settings: Settings): string {
  return JSON.stringify(pick(settings, (key) => STATE[key].home === 'local'));
}

/** The settings that the browser keeps for a tab. */
export const TAB_KEYS = SETTING_KEYS.filter((key) => entryOf(key).home === 'tab');

/** Reads what the browser kept for this tab, a JSON text for each setting; a corrupted one counts as missing. */
export function fromTab(stored: (key: SettingKey) => string | null): Restored {
  const values = new Map<SettingKey, unknown>();
  const damaged: string[] = [];
  for (const key of TAB_KEYS) {
    try {
      const text = stored(key);
      if (text !== null) values.set(key, JSON.parse(text));
    } catch {
      damaged.push(`“${key}” is damaged, so its default is used.`);
    }
  }
  const { settings, problems } = judge(values, (key) => key);
  return { settings, problems: [...problems, ...damaged].map((problem) => `What this tab kept as ${problem}`) };
}

function pick(settings: Settings, wanted: (key: SettingKey) => boolean): Partial<Settings> {
  return Object.fromEntries(SETTING_KEYS.filter(wanted).map((key) => [key, settings[key]]));
}

function valuesOf(parsed: unknown, wanted: (key: SettingKey) => boolean): Map<SettingKey, unknown> {
  const source: Record<string, unknown> = typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  return new Map(SETTING_KEYS.filter((key) => wanted(key) && key in source).map((key) => [key, source[key]]));
}

const SESSION_FORMAT = 'heliograph-session';
const SESSION_VERSION = 1;

const sessionSchema = z.object({
  format: z.literal(SESSION_FORMAT),
  version: z.literal(SESSION_VERSION),
  settings: z.record(z.string(), z.unknown()),
});

/** The session file: every setting, readable by people. */
export function toSession(settings: Settings): string {
  return `${JSON.stringify({ format: SESSION_FORMAT, version: SESSION_VERSION, settings }, null, 2)}\n`;
}

/**
 * Reads a session file.
 * @throws HeliographError `bad-document` when it is no session file or one of a newer version
 */
export function fromSession(file: string): Restored {
  let parsed: unknown;
  try {
    parsed = JSON.parse(file);
  } catch (cause) {
    throw new HeliographError('bad-document', 'The session file is not JSON.', 'Choose a file saved with “Save session”.', {
      cause,
    });
  }
  const result = sessionSchema.safeParse(parsed);
  if (!result.success) {
    throw new HeliographError(
      'bad-document',
      `The file is no Heliograph session of version ${SESSION_VERSION} (${result.error.issues[0]?.message ?? 'unknown form'}).`,
      'Choose a file saved with “Save session”.',
    );
  }
  return judge(
    valuesOf(result.data.settings, () => true),
    (key) => key,
  );
}

/** Whether two settings are the same value; they are plain data. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
