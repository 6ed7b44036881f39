/** What the few-shot workspace can be told to do; part of the studio's list of actions. */
import type { Action, ActionContext } from '../actions.ts';
import { NEW_QUESTION, NO_QUESTION, stepsWanted } from './fewshot-plan.ts';
import { MOST_STEPS } from './fewshot-settings.ts';

/** A number for the next order of the nodes or the next episode. */
const LARGEST_SEED = 2_147_483_647;

const always = () => true;

function fewShotAction(
  id: string,
  label: string,
  keywords: string,
  keys: readonly string[],
  perform: (context: ActionContext) => void,
  when: (context: ActionContext) => boolean = always,
): Action {
  return { id, label, group: 'Few-shot', keywords, keys, when, perform };
}

function hasInnerLoop({ fewshot }: ActionContext): boolean {
  return fewshot.status.getState().learner?.card.kind === 'maml';
}

/** Goes to the state `by` inner steps on. */
function turnStep({ settings, fewshot }: ActionContext, by: number): void {
  const card = fewshot.status.getState().learner?.card;
  if (!card) return;
  settings.set({ innerSteps: Math.min(MOST_STEPS, Math.max(0, stepsWanted(card, settings.get()) + by)) });
}

function save(what: (context: ActionContext) => Promise<{ name: string; data: BlobPart; type: string } | null>) {
  return (context: ActionContext) => {
    void what(context).then(
      (file) => file && context.host.save(file.name, file.data, file.type),
      (error: unknown) => context.fewshot.report('file', error),
    );
  };
}

export const FEWSHOT_ACTIONS: readonly Action[] = [
  fewShotAction('few-teach', 'Teach: examples and a question', 'view episode board draw', ['1'], ({ settings }) =>
    settings.set({ fewView: 'teach' }),
  ),
  fewShotAction('few-compare', 'Compare learners on this episode', 'view side by side', ['2', 'G'], ({ settings }) =>
    settings.set({ fewView: 'compare' }),
  ),
  fewShotAction('few-evaluate', 'Evaluate on random episodes', 'view accuracy confusion', ['3'], ({ settings }) =>
    settings.set({ fewView: 'evaluate' }),
  ),
  fewShotAction(
    'next-episode',
    'Another episode from the pool',
    'shuffle classes random next',
    ['N'],
    ({ settings }) => settings.set({ episode: settings.get().episode + 1, ...NEW_QUESTION }),
    ({ settings }) => settings.get().pool !== null,
  ),
  fewShotAction('next-step', 'One inner step more', 'adapt gradient', ['.'], (context) => turnStep(context, 1), hasInnerLoop),
  fewShotAction(
    'previous-step',
    'One inner step back',
    'adapt gradient',
    [','],
    (context) => turnStep(context, -1),
    hasInnerLoop,
  ),
  fewShotAction(
    'first-step',
    'Before any inner step',
    'reset adapt forget',
    ['0'],
    ({ settings }) => settings.set({ innerSteps: 0 }),
    hasInnerLoop,
  ),
  fewShotAction(
    'all-steps',
    'As many inner steps as the learner takes by itself',
    'adapt run',
    ['R'],
    ({ settings }) => settings.set({ innerSteps: null }),
    hasInnerLoop,
  ),
  fewShotAction(
    'shuffle-nodes',
    'Shuffle which output nodes speak for which class',
    'label equivalence assignment permutation',
    ['X'],
    ({ settings }) => settings.set({ shuffle: (settings.get().shuffle + 1) % LARGEST_SEED }),
    hasInnerLoop,
  ),
  fewShotAction('why', 'Why: relevance, or the nearest examples', 'reason srd', ['V'], ({ settings }) =>
    settings.set({ reason: settings.get().reason === 'srd' ? 'nearest' : 'srd' }),
  ),
  fewShotAction('own-classes', 'Start classes of your own', 'new empty draw', ['C'], ({ settings }) =>
    settings.set({ pool: null, ownEpisode: null, ownQuery: null, ...NO_QUESTION, fewView: 'teach' }),
  ),
  {
    id: 'few-cancel',
    label: 'Stop what is running',
    group: 'Few-shot',
    keywords: 'cancel abort',
    keys: ['Escape'],
    when: ({ fewshot }) => Object.keys(fewshot.status.getState().activities).length > 0,
    perform: ({ fewshot }) => fewshot.cancel(),
  },
  {
    id: 'open-folders',
    label: 'Open folders of images, a class each',
    group: 'Open',
    keywords: 'import pool classes directory',
    keys: ['O'],
    when: always,
    perform: ({ host }) => host.pickFiles('', true),
  },
  {
    id: 'open-episode',
    label: 'Open a saved episode',
    group: 'Open',
    keywords: 'import classes json',
    keys: [],
    when: always,
    perform: ({ host }) => host.pickFiles('.json'),
  },
  {
    id: 'save-episode',
    label: 'Save the episode (JSON)',
    group: 'Take away',
    keywords: 'export classes examples file',
    keys: ['mod+S'],
    when: ({ fewshot }) => (fewshot.status.getState().board?.classes.length ?? 0) > 0,
    perform: save(async ({ fewshot }) => {
      const data = await fewshot.episodeFile();
      return data === null ? null : { name: 'heliograph-episode.json', data, type: 'application/json' };
    }),
  },
  {
    id: 'save-adapted',
    label: 'Save the adapted network (ONNX)',
    group: 'Take away',
    keywords: 'export model classifier',
    keys: [],
    when: ({ fewshot }) => fewshot.status.getState().answer !== null,
    perform: save(async ({ fewshot }) => {
      const bytes = await fewshot.frozen();
      const name = fewshot.status.getState().learner?.name ?? 'learner';
      return bytes === null ? null : { name: `${name}-adapted.onnx`, data: bytes.slice(), type: 'application/octet-stream' };
    }),
  },
];
