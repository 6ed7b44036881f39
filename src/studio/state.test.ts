import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { METHOD_IDS } from '../explain/explainer.ts';
import { HeliographError } from '../graph/errors.ts';
import {
  FEWSHOT_VIEWS,
  MOST_EPISODES,
  MOST_QUERIES,
  MOST_SHOTS,
  MOST_STEPS,
  MOST_WAYS,
  REASONS,
} from './fewshot/fewshot-settings.ts';
import { DAY_MINUTES, LAYERS, QUALITIES, SPLITS } from './relight/relight-settings.ts';
import {
  COMPARE_METHODS,
  DEFAULTS,
  FITS,
  fromLink,
  fromLocal,
  fromSession,
  SETTING_KEYS,
  type Settings,
  STATE,
  toLink,
  toLocal,
  toSession,
} from './state.ts';
import { WORKSPACES } from './workspaces.ts';

/** Any number between two; −0, which JSON does not know, counts as 0. */
const within = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const share = within(0, 1);
const metres = within(-1e6, 1e6);
const tensor = fc.option(fc.string({ minLength: 1, maxLength: 40 }), { nil: null });
const index = fc.nat({ max: 999_999 });

/** Any settings a reader can make that a link can carry. */
const linked = fc.record({
  workspace: fc.constantFrom(...WORKSPACES),
  model: fc.stringMatching(/^[a-z0-9-]{1,20}$/),
  image: fc.stringMatching(/^[a-z0-9-]{1,20}$/),
  fit: fc.constantFrom(...FITS),
  device: fc.constantFrom('auto', 'webgpu', 'wasm'),
  method: fc.constantFrom(...METHOD_IDS),
  start: fc.constantFrom('identity', 'contrastive'),
  layer: tensor,
  erfLayer: tensor,
  camLayer: tensor,
  at: fc.option(fc.tuple(fc.nat({ max: 4096 }), fc.nat({ max: 4096 })), { nil: null }),
  plus: fc.option(index, { nil: null }),
  minus: fc.option(index, { nil: null }),
  igSteps: fc.integer({ min: 2, max: 512 }),
  smoothSteps: fc.integer({ min: 2, max: 512 }),
  noise: fc.double({ min: 0.001, max: 1, noNaN: true }),
  patch: fc.integer({ min: 2, max: 512 }),
  stride: fc.integer({ min: 1, max: 512 }),
  riseSteps: fc.integer({ min: 8, max: 8000 }),
  seed: fc.nat(),
  view: fc.constantFrom('single', 'compare'),
  compareMethods: fc.array(fc.constantFrom(...COMPARE_METHODS), { maxLength: 8 }),
  compareClasses: fc.array(index, { maxLength: 5 }),
  compareValues: fc.constantFrom('raw', 'density'),
  mode: fc.constantFrom('signed', 'positive', 'magnitude'),
  opacity: share,
  ground: fc.constantFrom('clear', 'solid'),
  greyPicture: fc.boolean(),
  threshold: share,
  contours: fc.array(share, { maxLength: 12 }),
  smooth: fc.boolean(),
  limit: fc.oneof(
    fc.double({ min: 0.1, max: 100, noNaN: true }).map((percentile) => ({ kind: 'percentile', percentile }) as const),
    fc.double({ min: 1e-300, max: 1e300, noNaN: true }).map((limit) => ({ kind: 'fixed', limit }) as const),
  ),
  curves: fc.boolean(),
  scene: fc.stringMatching(/^[a-z0-9-]{1,20}$/),
  date: fc
    .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  minute: within(0, DAY_MINUTES),
  freeSun: fc.option(fc.tuple(within(0, 360), within(-90, 90)), { nil: null }),
  latitude: fc.option(within(-90, 90), { nil: null }),
  longitude: fc.option(within(-180, 180), { nil: null }),
  show: fc.constantFrom(...LAYERS),
  split: fc.constantFrom(...SPLITS),
  showRight: fc.constantFrom(...LAYERS),
  minuteRight: within(0, DAY_MINUTES),
  divider: share,
  fewView: fc.constantFrom(...FEWSHOT_VIEWS),
  learner: fc.stringMatching(/^[a-z0-9-]{1,20}$/),
  pool: fc.option(fc.stringMatching(/^[a-z0-9-]{1,20}$/), { nil: null }),
  ways: fc.integer({ min: 2, max: MOST_WAYS }),
  shots: fc.integer({ min: 1, max: MOST_SHOTS }),
  queries: fc.integer({ min: 1, max: MOST_QUERIES }),
  episode: fc.nat(),
  innerSteps: fc.option(fc.nat({ max: MOST_STEPS }), { nil: null }),
  innerRate: fc.option(fc.double({ min: 1e-6, max: 10, noNaN: true }), { nil: null }),
  assignments: fc.option(fc.integer({ min: 1, max: 15 }), { nil: null }),
  shuffle: fc.nat(),
  query: fc.option(fc.tuple(fc.nat({ max: 999 }), fc.nat({ max: 999 })), { nil: null }),
  forClass: fc.option(fc.nat({ max: MOST_WAYS - 1 }), { nil: null }),
  reason: fc.constantFrom(...REASONS),
  compared: fc.array(fc.stringMatching(/^[a-z0-9-]{1,20}$/), { maxLength: 6 }),
  evalEpisodes: fc.integer({ min: 2, max: MOST_EPISODES }),
  evalQueries: fc.integer({ min: 1, max: MOST_QUERIES }),
  evalSeed: fc.nat(),
  evaluating: fc.boolean(),
  viewpoint: tensor,
  eye: fc.option(fc.tuple(metres, metres, metres), { nil: null }),
  target: fc.option(fc.tuple(metres, metres, metres), { nil: null }),
  move: fc.constantFrom('orbit', 'walk'),
  quality: fc.constantFrom(...QUALITIES),
  path: fc.boolean(),
});

describe('links', () => {
  test('restore exactly what they were made from', () => {
    fc.assert(
      fc.property(linked, (chosen) => {
        const settings = { ...DEFAULTS, ...chosen } as Settings;
        const { settings: restored, problems } = fromLink(toLink(settings));
        expect(problems).toEqual([]);
        expect({ ...DEFAULTS, ...restored }).toEqual(settings);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('are tested over every parameter', () => {
    const urlKeys = SETTING_KEYS.filter((key) => STATE[key].home === 'url');
    expect(Object.keys(fc.sample(linked, { seed: 1, numRuns: 1 })[0] ?? {}).sort()).toEqual([...urlKeys].sort());
  });

  test('are empty for the defaults and leave out what they cannot carry', () => {
    expect(toLink(DEFAULTS)).toBe('');
    expect(toLink({ ...DEFAULTS, model: null, image: null, theme: 'dark', labels: ['a'] })).toBe('');
  });

  test.each([
    ['method=magic', 'method'],
    ['opacity=2', 'opacity'],
    ['opacity=', 'opacity'],
    ['class=1.5', 'class'],
    ['at=3', 'at'],
    ['at=3,x', 'at'],
    ['limit=p0', 'limit'],
    ['limit=-1', 'limit'],
    ['methods=erf', 'methods'],
    ['grey=yes', 'grey'],
  ])('with the bad part %s fall back and name it', (link, param) => {
    const { settings, problems } = fromLink(`${link}&fit=stretch`);
    expect(settings).toEqual({ fit: 'stretch' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`“${param}”`);
  });

  test('name parameters that mean nothing', () => {
    expect(fromLink('#colour=red').problems[0]).toContain('“colour”');
  });

  test('never throw, whatever is written in them', () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), (link) => {
        const { settings } = fromLink(link);
        expect(fromLink(toLink({ ...DEFAULTS, ...settings })).problems).toEqual([]);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  test('have parameters of different names', () => {
    const params = SETTING_KEYS.map((key) => STATE[key].param).filter((param) => param !== undefined);
    expect(new Set(params).size).toBe(params.length);
  });
});

describe('local storage', () => {
  test('keeps panels and theme only', () => {
    const stored = toLocal({ ...DEFAULTS, theme: 'dark', stripOpen: false, method: 'rise' });
    const { settings } = fromLocal(stored);
    expect(settings).toMatchObject({ theme: 'dark', stripOpen: false });
    expect(settings).not.toHaveProperty('method');
  });

  test.each(['{', 'null', '[]', '{"theme":"pink","stripOpen":3}', '7'])('falls back where it is damaged: %s', (stored) => {
    expect({ ...DEFAULTS, ...fromLocal(stored).settings }).toEqual(DEFAULTS);
  });

  test('says which setting was unusable', () => {
    expect(fromLocal('{"theme":"pink"}').problems[0]).toContain('theme');
  });
});

describe('session files', () => {
  test('restore every setting', () => {
    const settings: Settings = {
      ...DEFAULTS,
      method: 'smoothgrad',
      theme: 'dark',
      labels: ['cat', 'dog'],
      preprocessing: {
        layout: 'NHWC',
        height: 32,
        width: 48,
        channels: 'BGR',
        scale: 255,
        mean: [1, 2, 3],
        std: [4, 5, 6],
        resizeShort: 40,
        interpolation: 'bilinear',
      },
    };
    expect(fromSession(toSession(settings))).toEqual({ settings, problems: [] });
  });

  test.each(['', '{}', '[1]', '{"format":"heliograph-session","version":2,"settings":{}}'])('refuses %s', (file) => {
    expect(() => fromSession(file)).toThrow(HeliographError);
  });

  test('keep what is sound of a damaged one', () => {
    const file = toSession({ ...DEFAULTS, method: 'rise' }).replace('"seed": 1', '"seed": "one"');
    const { settings, problems } = fromSession(file);
    expect(settings.method).toBe('rise');
    expect(settings).not.toHaveProperty('seed');
    expect(problems[0]).toContain('seed');
  });
});
