/** What the relighting workspace can be told to do; part of the studio's list of actions. */
import type { Action, ActionContext } from '../actions.ts';
import type { Settings } from '../state.ts';
import { DAY_MINUTES, LAYERS, RELIGHT_STATE } from './relight-settings.ts';

export const LAYER_NAMES: Readonly<Record<Settings['show'], string>> = {
  final: 'Relit',
  albedo: 'Albedo',
  'learned-shadow': 'Shadow, learned',
  'geometric-shadow': 'Shadow, from geometry',
  depth: 'Depth',
  normals: 'Normals',
};

const hasScene = ({ relight }: ActionContext) => relight.status.getState().scene !== null;

function relightAction(
  id: string,
  label: string,
  keywords: string,
  keys: readonly string[],
  perform: (context: ActionContext) => void,
): Action {
  return { id, label, group: 'Relight', keywords, keys, when: hasScene, perform };
}

function step(context: ActionContext, minutes: number): void {
  const { minute } = context.settings.get();
  context.settings.set({ minute: Math.min(DAY_MINUTES, Math.max(0, minute + minutes)), freeSun: null });
}

/** The dataset's cameras one after another. */
function turnViewpoint({ settings, relight }: ActionContext, by: 1 | -1): void {
  const cameras = relight.status.getState().scene?.cameras ?? [];
  const at = cameras.findIndex(({ id }) => id === settings.get().viewpoint);
  const next = cameras[(at + by + cameras.length) % cameras.length];
  if (next) settings.set({ viewpoint: next.id, eye: null, target: null });
}

export const RELIGHT_ACTIONS: readonly Action[] = [
  relightAction('play', 'Let the day pass, or stop it', 'play pause animate time', ['P'], ({ relight }) => {
    if (relight.status.getState().playing) relight.pause();
    else relight.play();
  }),
  relightAction('later', 'A quarter of an hour later', 'time sun forward', ['.'], (context) => step(context, 15)),
  relightAction('earlier', 'A quarter of an hour earlier', 'time sun back', [','], (context) => step(context, -15)),
  relightAction('sun-path', 'Show or hide the sun’s path', 'sky arc day', ['C'], ({ settings }) =>
    settings.set({ path: !settings.get().path }),
  ),
  relightAction('sun-clock', 'Put the sun back on its path', 'follow date time reset', ['0'], ({ settings }) =>
    settings.set({ freeSun: null }),
  ),
  ...LAYERS.map((layer, index) =>
    relightAction(`layer-${layer}`, `Show: ${LAYER_NAMES[layer]}`, 'layer decomposition', [String(index + 1)], ({ settings }) =>
      settings.set({ show: layer }),
    ),
  ),
  relightAction('split', 'Split the picture, or make it whole', 'compare divide half', ['G'], ({ settings }) =>
    settings.set({ split: settings.get().split === 'none' ? 'time' : 'none' }),
  ),
  relightAction('walk', 'Switch between orbiting and walking', 'move camera navigation', ['W'], ({ settings }) =>
    settings.set({ move: settings.get().move === 'orbit' ? 'walk' : 'orbit' }),
  ),
  relightAction('next-viewpoint', 'Next viewpoint', 'camera', ['M'], (context) => turnViewpoint(context, 1)),
  relightAction('previous-viewpoint', 'Previous viewpoint', 'camera back', ['shift+M'], (context) => turnViewpoint(context, -1)),
  {
    id: 'bundled-scene',
    label: 'Back to the scene that comes with Heliograph',
    group: 'Open',
    keywords: 'scene reset town square',
    keys: [],
    when: ({ settings }) => settings.get().scene === null,
    perform: ({ settings }) => settings.set({ scene: RELIGHT_STATE.scene.default, viewpoint: null, eye: null, target: null }),
  },
  {
    id: 'open-scene',
    label: 'Open your own scene',
    group: 'Open',
    keywords: 'import folder tensorf',
    keys: ['O'],
    when: () => true,
    perform: ({ host }) => host.pickFiles('', true),
  },
];
