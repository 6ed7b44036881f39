import { Button, NativeSelect } from '@mantine/core';
import { IconArrowsShuffle, IconDeviceFloppy, IconFolderOpen, IconPencil } from '@tabler/icons-react';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import { action } from '../actions.ts';
import { useFewShot, usePerform, useReset, useSettings, useStudio } from '../context.ts';
import { NumberField } from '../fields.tsx';
import panels from '../panels.module.css';
import { NO_QUESTION } from './fewshot-plan.ts';
import { FewShotProblem } from './fewshot-problem.tsx';
import { MOST_QUERIES, MOST_SHOTS, MOST_WAYS } from './fewshot-settings.ts';
import { LearnerFacts } from './learner-facts.tsx';

/** What is learned, and what learns it. */
export function EpisodePanel() {
  return (
    <>
      <EpisodeSection />
      <LearnerSection />
    </>
  );
}

const POOLS: readonly { readonly value: string; readonly label: string; readonly domain: LearnerCard['domain'] }[] = [
  { value: 'glyphs', label: 'Letters of many scripts', domain: 'drawings' },
  { value: 'gallery', label: 'Crops of the gallery’s photographs', domain: 'photographs' },
];
const OWN = 'own';

function EpisodeSection() {
  const { settings, fewshot } = useStudio();
  const perform = usePerform();
  const { pool, episode } = useSettings(({ pool, episode }) => ({ pool, episode }));
  const pools = useFewShot(({ pools }) => pools);
  const folders = pools.filter(({ id }) => id.startsWith('folders'));
  const shown = pools.find(({ id }) => id === pool);
  const options = [
    ...POOLS,
    ...folders.map(({ id, title, domain }) => ({ value: id, label: title, domain })),
    { value: OWN, label: 'Your own classes', domain: 'drawings' as const },
  ];
  return (
    <section className={panels.section} aria-labelledby="episode-heading">
      <h2 id="episode-heading">Episode</h2>
      <NativeSelect
        size="xs"
        label="Pictures"
        value={pool ?? OWN}
        data={options.map(({ value, label }) => ({ value, label }))}
        onChange={({ currentTarget: { value } }) => {
          const chosen = options.find((option) => option.value === value);
          if (value === OWN) settings.set({ pool: null, ...NO_QUESTION });
          else if (chosen) fewshot.choosePool(value, chosen.domain);
        }}
      />
      {pool === null ? <OwnFacts /> : <Shape />}
      <div className={panels.row}>
        {pool !== null && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconArrowsShuffle size={14} />}
            onClick={() => perform(action('next-episode'))}
          >
            Another one
          </Button>
        )}
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPencil size={14} />}
          onClick={() => perform(action('own-classes'))}
        >
          New classes
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconFolderOpen size={14} />}
          onClick={() => perform(action('open-folders'))}
        >
          Open folders …
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconDeviceFloppy size={14} />}
          onClick={() => perform(action('save-episode'))}
        >
          Save
        </Button>
      </div>
      <FewShotProblem place="file" />
      {shown && (
        <p className={panels.quiet}>
          Episode {episode}. {shown.note}
        </p>
      )}
      {pool === null && <p className={panels.hint}>or drop folders anywhere, a class each</p>}
    </section>
  );
}

/** N, K and Q. */
function Shape() {
  const { settings } = useStudio();
  const reset = useReset();
  const { ways, shots, queries } = useSettings(({ ways, shots, queries }) => ({ ways, shots, queries }));
  return (
    <>
      <NumberField
        label="Classes (ways, N)"
        help="How many classes the learner has to tell apart"
        value={ways}
        min={2}
        max={MOST_WAYS}
        step={1}
        onChange={(next) => settings.set({ ways: Math.round(next), query: [0, 0] })}
        onReset={() => reset('ways')}
      />
      <NumberField
        label="Examples of each (shots, K)"
        help="How many pictures of a class the learner may look at"
        value={shots}
        min={1}
        max={MOST_SHOTS}
        step={1}
        onChange={(next) => settings.set({ shots: Math.round(next) })}
        onReset={() => reset('shots')}
      />
      <NumberField
        label="Questions of each (queries, Q)"
        help="Pictures of the same classes that the learner has not seen, to try it on"
        value={queries}
        min={1}
        max={MOST_QUERIES}
        step={1}
        onChange={(next) => settings.set({ queries: Math.round(next), query: [0, 0] })}
        onReset={() => reset('queries')}
      />
    </>
  );
}

/** How far an episode of the reader's own has come. */
function OwnFacts() {
  const board = useFewShot(({ board }) => board);
  if (!board?.own) return null;
  const counts = board.classes.map(({ examples }) => examples.length);
  const uneven = new Set(counts).size > 1;
  const missing =
    board.classes.length < 2
      ? 'Few-shot learning needs at least two classes.'
      : counts.includes(0)
        ? 'Give every class at least one example, or take it away.'
        : '';
  return (
    <>
      <dl className={panels.facts}>
        <dt>Classes</dt>
        <dd>{board.classes.length}</dd>
        <dt>Examples</dt>
        <dd>{counts.length === 0 ? 0 : uneven ? `${Math.min(...counts)} to ${Math.max(...counts)}` : counts[0]} of each</dd>
      </dl>
      {missing ? (
        <p className={panels.quiet}>{missing}</p>
      ) : (
        uneven && <p className={panels.quiet}>Classes with more examples weigh more in the loss of the inner loop.</p>
      )}
    </>
  );
}

function LearnerSection() {
  const { fewshot } = useStudio();
  const { cards, learner, loading } = useFewShot(({ cards, learner, activities }) => ({
    cards,
    learner,
    loading: activities.learner ?? activities.cards,
  }));
  const name = useSettings(({ learner }) => learner);
  return (
    <section className={panels.section} aria-labelledby="learner-heading">
      <h2 id="learner-heading">Learner</h2>
      {cards.length > 0 && (
        <NativeSelect
          size="xs"
          aria-label="Learner"
          value={name}
          data={GROUPS.map(({ domain, label }) => ({
            group: label,
            items: cards.filter((card) => card.domain === domain).map((card) => ({ value: card.name, label: card.title })),
          }))}
          onChange={({ currentTarget: { value } }) => {
            const card = cards.find((candidate) => candidate.name === value);
            if (card) fewshot.chooseLearner(card);
          }}
        />
      )}
      {loading && (
        <p className={panels.quiet} role="status">
          {loading.label} …
        </p>
      )}
      <FewShotProblem place="learner" retry />
      {learner && <LearnerFacts card={learner.card} />}
    </section>
  );
}

const GROUPS = [
  { domain: 'drawings', label: 'Drawings' },
  { domain: 'photographs', label: 'Photographs' },
] as const;
