import { ActionIcon, Button, NativeSelect, SegmentedControl, Select, Tooltip } from '@mantine/core';
import { IconRestore } from '@tabler/icons-react';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import type { MethodId } from '../explain/explainer.ts';
import { Apop } from './apop.tsx';
import { useLabels, useReset, useSettings, useStatus, useStudio, useUi } from './context.ts';
import { NumberField } from './fields.tsx';
import { labelOf } from './labels.ts';
import { MethodNote } from './method-notes.tsx';
import { METHOD_GROUPS, METHODS, methodFace } from './methods.ts';
import styles from './panels.module.css';
import { erfLayerOf, obstacleOf, targetName, targetOf } from './requests.ts';
import { formatCount, formatNumber } from './seeing/numbers.ts';
import { ProbabilityBars } from './seeing/ProbabilityBars.tsx';

const CurvesPanel = lazy(() => import('./curves-panel.tsx'));

/** What the model says, how it is explained, and how to read that. */
export function Inspector() {
  const method = useSettings(({ method }) => method);
  return (
    <>
      <Verdict />
      <Method />
      <Numbers />
      <Fold title="How to read this" open>
        <MethodNote method={method} />
      </Fold>
      <Faithfulness />
      <Fold title="What the pattern alone says (APOP)">
        <Apop />
      </Fold>
    </>
  );
}

/** A section that can be folded away. */
function Fold({
  title,
  open = false,
  onToggle,
  children,
}: {
  title: string;
  open?: boolean;
  onToggle?: (open: boolean) => void;
  children: ReactNode;
}) {
  return (
    <details className={styles.fold} open={open} onToggle={(event) => onToggle?.(event.currentTarget.open)}>
      <summary>
        <h2>{title}</h2>
      </summary>
      <div className={styles.foldBody}>{children}</div>
    </details>
  );
}

/** A thousand classes are searched, not scrolled. */
const SHOWN_CLASSES = 40;
const TOP = 5;

function Verdict() {
  const { settings } = useStudio();
  const { plus, minus } = useSettings(({ plus, minus }) => ({ plus, minus }));
  const { verdict, model } = useStatus(({ verdict, model }) => ({ verdict, model }));
  const first = useUi(({ firstLook }) => firstLook?.look ?? null);
  const labels = useLabels();
  const [query, setQuery] = useState('');
  const [searching, setSearching] = useState(false);

  const choosePlus = (index: number) => settings.set({ plus: index, ...(index === minus ? { minus: null } : {}) });
  const chooseMinus = (index: number | null) => settings.set({ minus: index });

  if (!verdict || !model) {
    return (
      <section className={styles.section} aria-labelledby="verdict-heading">
        <h2 id="verdict-heading">What the model says</h2>
        {first ? (
          <ProbabilityBars
            entries={first.top5}
            plus={first.top5[0]?.index ?? 0}
            minus={null}
            onPlus={choosePlus}
            onMinus={chooseMinus}
            label="Top 5 classes, computed beforehand"
          />
        ) : (
          <p className={styles.quiet}>The five likeliest classes will stand here.</p>
        )}
      </section>
    );
  }
  const target = targetOf({ plus, minus }, verdict.ranked[0] ?? 0, model.summary.classes);
  const shown = new Set([...verdict.ranked.slice(0, TOP), target.plus, ...(target.minus === undefined ? [] : [target.minus])]);
  const entries = [...shown].map((index) => ({
    index,
    label: labelOf(labels, index),
    probability: verdict.probabilities[index] ?? 0,
    logit: verdict.logits[index] ?? 0,
  }));
  return (
    <section className={styles.section} aria-labelledby="verdict-heading">
      <h2 id="verdict-heading">What the model says</h2>
      <ProbabilityBars
        entries={entries}
        plus={target.plus}
        minus={target.minus ?? null}
        onPlus={choosePlus}
        onMinus={chooseMinus}
        label="Most likely classes"
      />
      <div className={styles.row}>
        <Select
          className={styles.grow}
          size="xs"
          aria-label="Explain another class"
          placeholder={`Search ${formatCount(model.summary.classes)} classes`}
          searchable
          limit={SHOWN_CLASSES}
          nothingFoundMessage="No class of that name"
          // A thousand options are only worth their time while they can be seen.
          data={
            searching
              ? verdict.ranked.map((index) => ({ value: String(index), label: `${labelOf(labels, index)} (${index})` }))
              : []
          }
          onDropdownOpen={() => setSearching(true)}
          onDropdownClose={() => setSearching(false)}
          value={null}
          searchValue={query}
          onSearchChange={setQuery}
          onChange={(value) => {
            if (value !== null) choosePlus(Number(value));
            setQuery('');
          }}
        />
        <Tooltip label="Explain the model’s first choice (0)">
          <ActionIcon
            variant="default"
            aria-label="Explain the model’s first choice"
            disabled={plus === null && minus === null}
            onClick={() => settings.set({ plus: null, minus: null })}
          >
            <IconRestore size={14} />
          </ActionIcon>
        </Tooltip>
      </div>
      <p className={styles.quiet}>
        Explained: <strong>{targetName(target, labels)}</strong>
      </p>
    </section>
  );
}

function Method() {
  const { settings } = useStudio();
  const method = useSettings(({ method }) => method);
  const model = useStatus(({ model }) => model);
  const obstacle = (id: MethodId) => (model ? obstacleOf(model.summary, id) : null);
  const face = methodFace(method);
  const groups = METHOD_GROUPS.map((group) => ({
    group,
    items: METHODS.filter((entry) => entry.group === group).map(({ id, name }) => ({
      value: id,
      label: name,
      disabled: obstacle(id) !== null,
    })),
  }));
  return (
    <section className={styles.section} aria-labelledby="method-heading">
      <h2 id="method-heading">Method</h2>
      <Select
        aria-label="Method"
        data={groups}
        value={method}
        allowDeselect={false}
        onChange={(value) => value && settings.set({ method: value as MethodId })}
        renderOption={({ option }) => (
          <span>
            {option.label}
            {obstacle(option.value as MethodId) !== null && (
              <small className={styles.obstacle}>{obstacle(option.value as MethodId)}</small>
            )}
          </span>
        )}
      />
      <p className={styles.question}>{face.question}</p>
      <Options />
    </section>
  );
}

const STARTS = [
  { value: 'identity', label: 'Identity' },
  { value: 'contrastive', label: 'Contrastive' },
];

function Options() {
  const { settings: store } = useStudio();
  const reset = useReset();
  const settings = useSettings((all) => all);
  const model = useStatus(({ model }) => model);
  const layers = model?.summary.layers ?? [];
  const named = layers.map(({ tensor, height, width, channels }) => ({
    value: tensor,
    label: `${tensor} (${height} × ${width}, ${channels} channels)`,
  }));
  const { method } = settings;
  return (
    <>
      {method === 'srd' && (
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label="Where relevance starts"
          data={STARTS}
          value={settings.start}
          onChange={(start) => store.set({ start: start as typeof settings.start })}
        />
      )}
      {method === 'srd' && (
        <NativeSelect
          size="xs"
          label="Relevance at"
          value={settings.layer ?? ''}
          data={[{ value: '', label: 'the picture' }, ...named]}
          onChange={({ currentTarget }) => store.set({ layer: currentTarget.value || null })}
        />
      )}
      {method === 'erf' && model && (
        <>
          <NativeSelect
            size="xs"
            label="Layer to point at"
            value={erfLayerOf(model.summary, settings)?.tensor ?? ''}
            data={named}
            onChange={({ currentTarget }) => store.set({ erfLayer: currentTarget.value, at: null })}
          />
          <p className={styles.quiet}>
            {settings.at
              ? `Position ${settings.at[0]}, ${settings.at[1]} (row, column).`
              : 'The position with the longest feature vector. Click the left picture, or use the arrow keys and Enter, to choose another.'}
          </p>
        </>
      )}
      {method === 'grad-cam' && (
        <NativeSelect
          size="xs"
          label="Layer"
          value={settings.camLayer ?? ''}
          data={[{ value: '', label: 'the last feature map' }, ...named]}
          onChange={({ currentTarget }) => store.set({ camLayer: currentTarget.value || null })}
        />
      )}
      {methodFace(method).numbers.map(({ key, label, help, min, max, step }) => (
        <NumberField
          key={key}
          label={label}
          help={help}
          value={settings[key]}
          min={min}
          max={max}
          step={step}
          onChange={(value) => store.set({ [key]: value })}
          onReset={() => reset(key)}
        />
      ))}
    </>
  );
}

/** Figures of the map on screen. */
function Numbers() {
  const shown = useStatus(({ shown, prepared }) => (shown?.inputKey === prepared?.key ? shown : null));
  if (!shown) return null;
  const { score, completenessError, milliseconds, steps, backend, map } = shown.result;
  let sum = 0;
  for (const value of map.values) sum += value;
  const facts: [string, string, string][] = [['Sum of the map', formatNumber(sum, 4), 'All values of the map added up']];
  // A receptive field explains no score.
  if (Number.isFinite(score)) {
    facts.unshift(['Score explained', formatNumber(score, 4), 'Class score (logit) or difference of scores, before any softmax']);
  }
  if (completenessError !== null) {
    facts.push(['Completeness error', formatNumber(completenessError, 2), 'How far the sum is from what theory says it is']);
  }
  facts.push(['Time', `${formatNumber(milliseconds)} ms${steps > 1 ? `, ${steps} steps` : ''}`, `On ${backend}`]);
  return (
    <section className={styles.section} aria-label="Figures">
      <dl className={styles.facts} data-figures>
        {facts.map(([name, value, help]) => (
          <div key={name} className={styles.figure} title={help}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Faithfulness() {
  const { settings } = useStudio();
  const wanted = useSettings(({ curves }) => curves);
  return (
    <Fold title="Insertion and deletion" open={wanted} onToggle={(curves) => settings.set({ curves })}>
      {wanted && (
        <Suspense fallback={<p className={styles.quiet}>One moment …</p>}>
          <CurvesPanel />
        </Suspense>
      )}
      {!wanted && <Button onClick={() => settings.set({ curves: true })}>Compute</Button>}
    </Fold>
  );
}
