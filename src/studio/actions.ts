/** Everything the studio can be told to do, as data: menus, shortcuts, palette and help all come from this list. */
import type { StoreApi } from 'zustand/vanilla';
import type { ExplainController } from './explain-controller.ts';
import { activityOf } from './explain-status.ts';
import { FEWSHOT_ACTIONS } from './fewshot/fewshot-actions.ts';
import type { FewShotController } from './fewshot/fewshot-controller.ts';
import { METHODS } from './methods.ts';
import { RELIGHT_ACTIONS } from './relight/relight-actions.ts';
import type { RelightController } from './relight/relight-controller.ts';
import { obstacleOf } from './requests.ts';
import { type Settings, toLink, toSession } from './state.ts';
import type { SettingsStore } from './store.ts';
import type { Ui } from './ui.ts';
import { WORKSPACES, type Workspace } from './workspaces.ts';

export interface ActionContext {
  readonly settings: SettingsStore;
  readonly controller: ExplainController;
  readonly relight: RelightController;
  readonly fewshot: FewShotController;
  readonly ui: StoreApi<Ui>;
  /** What the browser does for the studio. */
  readonly host: Host;
}

export interface Host {
  readonly copy: (text: string) => Promise<void>;
  readonly address: (hash: string) => string;
  /**
   * @param folder whether a whole folder is chosen
   * @param take gets the files, instead of the studio as a whole
   */
  readonly pickFiles: (accept: string, folder?: boolean, take?: (files: readonly File[]) => void) => void;
  readonly save: (name: string, data: BlobPart, type: string) => void;
  /** Map on screen as PNG with legend, or NumPy file. */
  readonly saveMap: (form: 'png' | 'npy') => Promise<void>;
  readonly prefersDark: () => boolean;
  readonly narrow: () => boolean;
}

export type ActionGroup = 'View' | 'Explain' | 'Few-shot' | 'Relight' | 'Open' | 'Take away' | 'Panels' | 'Help';

export interface Action {
  readonly id: string;
  readonly label: string;
  readonly group: ActionGroup;
  readonly keywords: string;
  /** Shortcuts; `mod` is Ctrl, or ⌘ on a Mac. */
  readonly keys: readonly string[];
  /** Where it makes sense; everywhere if absent. */
  readonly workspace?: Workspace;
  readonly when: (context: ActionContext) => boolean;
  readonly perform: (context: ActionContext) => void;
}

export const WORKSPACE_NAMES: Readonly<Record<Workspace, string>> = {
  explain: 'Explain',
  'few-shot': 'Few-shot',
  relight: 'Relight',
};

const always = () => true;
const hasMap = ({ controller }: ActionContext) => controller.status.getState().shown !== null;

/** Files the studio takes, for file dialogs. */
export const ACCEPT = {
  model: '.onnx,.data,.bin,.weights,.onnx_data',
  picture: 'image/*',
  labels: '.txt,.json',
  session: '.json',
} as const;

function toggle(
  id: string,
  label: string,
  group: ActionGroup,
  keywords: string,
  keys: readonly string[],
  change: (settings: Settings) => Partial<Settings>,
): Action {
  return { id, label, group, keywords, keys, when: always, perform: ({ settings }) => settings.set(change(settings.get())) };
}

function dialog(
  id: 'help' | 'palette' | 'camera' | 'preprocessing',
  label: string,
  group: ActionGroup,
  keywords: string,
  keys: readonly string[],
): Action {
  return { id, label, group, keywords, keys, when: always, perform: ({ ui }) => ui.setState({ dialog: id }) };
}

function pick(id: string, label: string, keywords: string, keys: readonly string[], accept: string): Action {
  return { id, label, group: 'Open', keywords, keys, when: always, perform: ({ host }) => host.pickFiles(accept) };
}

/** The next of the methods that work for the model, `step` places on. */
function turnMethod({ settings, controller }: ActionContext, step: 1 | -1): void {
  const model = controller.status.getState().model?.summary;
  const usable = METHODS.filter(({ id }) => !model || obstacleOf(model, id) === null);
  const at = usable.findIndex(({ id }) => id === settings.get().method);
  const next = usable[(at + step + usable.length) % usable.length];
  if (next) settings.set({ method: next.id });
}

function toggleInspector({ settings, ui, host }: ActionContext): void {
  if (host.narrow()) ui.setState({ drawer: !ui.getState().drawer });
  else settings.set({ inspectorOpen: !settings.get().inspectorOpen });
}

/** What of the view is the reader's own, so that no link can carry it. */
function ownIn({ workspace, model, image, pool, query, ownQuery }: Settings): readonly string[] {
  if (workspace === 'few-shot') {
    return [
      pool === null ? 'classes' : pool.startsWith('folders') ? 'folders' : '',
      query === null && ownQuery !== null ? 'picture' : '',
    ].filter(Boolean);
  }
  if (workspace !== 'explain') return [];
  return [model === null ? 'model' : '', image === null ? 'picture' : ''].filter(Boolean);
}

async function copyLink({ settings, host, ui }: ActionContext): Promise<void> {
  const own = ownIn(settings.get()).join(' and ');
  try {
    await host.copy(host.address(toLink(settings.get())));
    ui.setState({ notice: own ? `Link copied. It cannot carry your own ${own}.` : 'Link copied.' });
  } catch {
    ui.setState({ notice: 'The browser did not allow copying; the link is in the address bar.' });
  }
}

async function saveDerived({ controller, host, settings }: ActionContext): Promise<void> {
  const bytes = await controller.derive();
  const name = controller.status.getState().model?.summary.name ?? 'model';
  if (bytes) host.save(`${name}-${settings.get().method}.onnx`, bytes.slice(), 'application/octet-stream');
}

/** What makes sense in every workspace. */
const COMMON: readonly Action[] = [
  ...WORKSPACES.map(
    (workspace): Action => ({
      id: `workspace-${workspace}`,
      label: `Go to ${WORKSPACE_NAMES[workspace]}`,
      group: 'View',
      keywords: 'workspace switch tab',
      keys: [],
      when: ({ settings }) => settings.get().workspace !== workspace,
      perform: ({ settings }) => settings.set({ workspace }),
    }),
  ),
  dialog('palette', 'Find an action', 'Help', 'command palette search', ['mod+K']),
  dialog('help', 'Shortcuts and help', 'Help', 'keyboard keys about', ['shift+?', 'H']),
  {
    id: 'undo',
    label: 'Undo',
    group: 'View',
    keywords: 'back revert',
    keys: ['mod+Z'],
    when: ({ settings }) => settings.api.getState().past.length > 0,
    perform: ({ settings }) => settings.undo(),
  },
  {
    id: 'redo',
    label: 'Redo',
    group: 'View',
    keywords: 'forward again',
    keys: ['mod+shift+Z', 'mod+Y'],
    when: ({ settings }) => settings.api.getState().future.length > 0,
    perform: ({ settings }) => settings.redo(),
  },
  {
    id: 'theme',
    label: 'Switch between light and dark',
    group: 'View',
    keywords: 'theme colour scheme night day',
    keys: ['T'],
    when: always,
    perform: ({ settings, host }) => {
      const { theme } = settings.get();
      const isDark = theme === 'dark' || (theme === 'auto' && host.prefersDark());
      settings.set({ theme: isDark ? 'light' : 'dark' });
    },
  },
  pick('open-session', 'Open a session', 'import restore settings', [], ACCEPT.session),
  {
    id: 'copy-link',
    label: 'Copy a link to this view',
    group: 'Take away',
    keywords: 'share url address',
    keys: ['mod+shift+L'],
    when: always,
    perform: (context) => void copyLink(context),
  },
  {
    id: 'save-session',
    label: 'Save session (JSON)',
    group: 'Take away',
    keywords: 'export settings download',
    keys: [],
    when: always,
    perform: ({ settings, host }) => host.save('heliograph-session.json', toSession(settings.get()), 'application/json'),
  },
  toggle('sources', 'Show or hide sources', 'Panels', 'left panel collapse model pictures scene', ['S'], ({ sourcesOpen }) => ({
    sourcesOpen: !sourcesOpen,
  })),
  {
    id: 'inspector',
    label: 'Show or hide the inspector',
    group: 'Panels',
    keywords: 'right panel collapse drawer',
    keys: ['I'],
    when: always,
    perform: toggleInspector,
  },
  toggle('strip', 'Show or hide the strip below', 'Panels', 'bottom panel collapse layers day', ['L'], ({ stripOpen }) => ({
    stripOpen: !stripOpen,
  })),
];

const EXPLAIN: readonly Action[] = [
  toggle('compare', 'Compare methods and classes', 'View', 'grid side by side', ['G'], ({ view }) => ({
    view: view === 'compare' ? 'single' : 'compare',
  })),
  toggle('contours', 'Show or hide contours', 'View', 'lines levels', ['C'], ({ contours }) => ({
    contours: contours.length > 0 ? [] : [0.25, 0.5, 0.75],
  })),
  toggle('map', 'Show or hide the map', 'View', 'opacity overlay picture', ['V'], ({ opacity }) => ({
    opacity: opacity > 0 ? 0 : 0.85,
  })),
  toggle('grey', 'Show the picture in colour or grey', 'View', 'photo saturation', ['B'], ({ greyPicture }) => ({
    greyPicture: !greyPicture,
  })),
  ...METHODS.map(
    ({ id, name, group, question }): Action => ({
      id: `method-${id}`,
      label: `Explain by ${name}`,
      group: 'Explain',
      keywords: `method ${group} ${question}`,
      keys: [],
      when: ({ controller }) => {
        const model = controller.status.getState().model?.summary;
        return !model || obstacleOf(model, id) === null;
      },
      perform: ({ settings }) => settings.set({ method: id }),
    }),
  ),
  {
    id: 'next-method',
    label: 'Next method',
    group: 'Explain',
    keywords: 'switch',
    keys: ['M'],
    when: always,
    perform: (context) => turnMethod(context, 1),
  },
  {
    id: 'previous-method',
    label: 'Previous method',
    group: 'Explain',
    keywords: 'switch back',
    keys: ['shift+M'],
    when: always,
    perform: (context) => turnMethod(context, -1),
  },
  toggle('start', 'Switch SRD between identity and contrastive start', 'Explain', 'relevance', ['R'], ({ start }) => ({
    start: start === 'identity' ? 'contrastive' : 'identity',
  })),
  {
    id: 'first-class',
    label: 'Explain the model’s first choice',
    group: 'Explain',
    keywords: 'target class reset top',
    keys: ['0'],
    when: ({ settings }) => settings.get().plus !== null || settings.get().minus !== null,
    perform: ({ settings }) => settings.set({ plus: null, minus: null }),
  },
  toggle('curves', 'Insertion and deletion curves', 'Explain', 'faithfulness auc evaluation', ['X'], ({ curves }) => ({
    curves: !curves,
  })),
  {
    id: 'cancel',
    label: 'Stop what is running',
    group: 'Explain',
    keywords: 'cancel abort',
    keys: ['Escape'],
    when: ({ controller }) => activityOf(controller.status.getState()) !== null,
    perform: ({ controller }) => controller.cancel(),
  },
  {
    id: 'retry',
    label: 'Try again what failed or was stopped',
    group: 'Explain',
    keywords: 'retry resume',
    keys: ['mod+Enter'],
    when: ({ controller }) =>
      controller.status.getState().failures.size > 0 || Object.keys(controller.status.getState().problems).length > 0,
    perform: ({ controller }) => controller.retry(),
  },
  pick('open-model', 'Open your own ONNX model', 'import network file', ['O'], ACCEPT.model),
  pick('open-picture', 'Open your own picture', 'image photo file', ['P'], ACCEPT.picture),
  pick('open-labels', 'Open class labels', 'names text json', [], ACCEPT.labels),
  dialog('camera', 'Take a picture with the camera', 'Open', 'webcam photo', []),
  dialog('preprocessing', 'How pixels become input', 'Open', 'preprocessing mean std normalisation', []),
  {
    id: 'save-png',
    label: 'Save the picture with its legend (PNG)',
    group: 'Take away',
    keywords: 'export image download',
    keys: [],
    when: hasMap,
    perform: ({ host }) => void host.saveMap('png'),
  },
  {
    id: 'save-npy',
    label: 'Save the raw map (NPY)',
    group: 'Take away',
    keywords: 'export numpy array download',
    keys: [],
    when: hasMap,
    perform: ({ host }) => void host.saveMap('npy'),
  },
  {
    id: 'save-derived',
    label: 'Save the derived ONNX model',
    group: 'Take away',
    keywords: 'export graph network download compile',
    keys: [],
    when: hasMap,
    perform: (context) => void saveDerived(context),
  },
];

function only(workspace: Workspace, actions: readonly Action[]): Action[] {
  return actions.map((entry) => ({ ...entry, workspace }));
}

export const ACTIONS: readonly Action[] = [
  ...COMMON,
  ...only('explain', EXPLAIN),
  ...only('few-shot', FEWSHOT_ACTIONS),
  ...only('relight', RELIGHT_ACTIONS),
];

const byId = new Map(ACTIONS.map((action) => [action.id, action]));

/** @throws RangeError for an id that is not in the list */
export function action(id: string): Action {
  const found = byId.get(id);
  if (!found) throw new RangeError(`No action ${id}.`);
  return found;
}

/** The actions that make sense in a workspace. */
export function actionsOf(workspace: Workspace): readonly Action[] {
  return ACTIONS.filter((entry) => (entry.workspace ?? workspace) === workspace);
}

/** Shortcuts of one character without a modifier, which a reader can switch off (WCAG 2.1.4). */
export function isSingleKey(keys: string): boolean {
  return !/mod|alt|ctrl|Escape/i.test(keys);
}

/** “mod+shift+Z” as a reader knows it. */
export function writeKeys(keys: string, mac: boolean): string {
  const names: Record<string, string> = { mod: mac ? '⌘' : 'Ctrl', shift: mac ? '⇧' : 'Shift', Escape: 'Esc' };
  const parts = keys === 'shift+?' ? ['?'] : keys.split('+').map((key) => names[key] ?? key);
  return parts.join(mac ? '' : ' + ');
}
