import { MultiSelect, SegmentedControl } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useMemo } from 'react';
import type { MethodId } from '../explain/explainer.ts';
import { useLabels, useSettings, useStatus, useStudio } from './context.ts';
import type { Status } from './explain-status.ts';
import { STACKED } from './host.ts';
import { labelOf } from './labels.ts';
import { METHODS, methodFace } from './methods.ts';
import panelsStyles from './panels.module.css';
import { cellRequest, compareClasses, keyOf, obstacleOf } from './requests.ts';
import { CompareGrid } from './seeing/CompareGrid.tsx';
import { finding } from './seeing/finding.ts';
import { formatPercent } from './seeing/numbers.ts';
import type { CompareCell } from './seeing/types.ts';
import stageStyles from './stage.module.css';
import { useSeen } from './stage.tsx';
import { lookOf, type Settings } from './state.ts';
import { activityFraction, activityLabel } from './view.ts';

/** A list of 1,000 classes is searched, not scrolled. */
const SHOWN_CLASSES = 40;
const MOST_CLASSES = 5;

/** Pickers of fixed height: what does not fit is scrolled to, so that the grid below never moves. */
const ONE_LINE = { pillsList: stageStyles.pills, section: stageStyles.pickerName };

/** Methods × classes on one picture. */
export default function Compare() {
  const { settings: store } = useStudio();
  const settings = useSettings((all) => all);
  const status = useStatus((all) => all);
  const labels = useLabels();
  const seen = useSeen();
  const stacked = useMediaQuery(STACKED, false, { getInitialValueInEffect: false }) ?? false;
  const { model, verdict } = status;
  if (!model || !verdict) return <p className={panelsStyles.empty}>The grid fills when the model has seen the picture.</p>;

  const classes = compareClasses(model.summary, settings, verdict.ranked);
  const probability = (index: number) => verdict.probabilities[index] ?? 0;
  return (
    <div className={stageStyles.compare}>
      <Pickers />
      <div className={stageStyles.compareGrid}>
        <CompareGrid
          methods={settings.compareMethods.map((id) => ({ id, label: methodFace(id).name, detail: methodFace(id).unit }))}
          classes={classes.map((index) => ({
            id: String(index),
            label: labelOf(labels, index),
            detail: formatPercent(probability(index), 1),
          }))}
          cellAt={(method, of) => cellOf(status, settings, method as MethodId, Number(of), labels)}
          bounded={!stacked}
          picture={seen}
          look={lookOf(settings)}
          setting={settings.limit}
          onSetting={(limit) => store.set({ limit })}
          values={settings.compareValues}
          unit="units of each method"
          selected={{ method: settings.method, of: String(settings.plus ?? verdict.ranked[0]) }}
          onSelect={(method, of) => store.set({ method: method as MethodId, plus: Number(of), minus: null, view: 'single' })}
        />
      </div>
    </div>
  );
}

/** Which methods and classes. Not told what runs, because lists of 1,000 classes are slow to render. */
function Pickers() {
  const { settings: store } = useStudio();
  const settings = useSettings(({ compareMethods, compareClasses, compareValues }) => ({
    compareMethods,
    compareClasses,
    compareValues,
  }));
  const { model, verdict } = useStatus(({ model, verdict }) => ({ model, verdict }));
  const labels = useLabels();
  const options = useMemo(
    () => verdict?.ranked.map((index) => ({ value: String(index), label: `${labelOf(labels, index)} (${index})` })) ?? [],
    [verdict, labels],
  );
  if (!model || !verdict) return null;
  const classes = compareClasses(model.summary, settings, verdict.ranked);
  const usable = METHODS.filter(({ id }) => id !== 'erf');
  return (
    <div className={stageStyles.compareTools}>
      <MultiSelect
        size="xs"
        aria-label="Methods"
        leftSection="Methods"
        leftSectionWidth={64}
        classNames={ONE_LINE}
        data={usable.map(({ id, name }) => ({ value: id, label: name, disabled: obstacleOf(model.summary, id) !== null }))}
        value={[...settings.compareMethods]}
        onChange={(ids) => store.set({ compareMethods: ids as Exclude<MethodId, 'erf'>[] })}
      />
      <MultiSelect
        size="xs"
        aria-label="Classes"
        leftSection="Classes"
        leftSectionWidth={58}
        classNames={ONE_LINE}
        searchable
        limit={SHOWN_CLASSES}
        maxValues={MOST_CLASSES}
        data={options}
        value={classes.map(String)}
        onChange={(indices) => store.set({ compareClasses: indices.map(Number) })}
      />
      <SegmentedControl
        size="xs"
        aria-label="Values of the grid"
        data={[
          { value: 'density', label: 'Relative' },
          { value: 'raw', label: 'Raw values' },
        ]}
        value={settings.compareValues}
        onChange={(value) => store.set({ compareValues: value as Settings['compareValues'] })}
      />
    </div>
  );
}

function cellOf(
  status: Status,
  settings: Settings,
  method: MethodId,
  index: number,
  labels: readonly string[] | null,
): CompareCell {
  const { model, prepared, results, failures, activities } = status;
  if (!model || !prepared) return { kind: 'empty' };
  const obstacle = obstacleOf(model.summary, method);
  if (obstacle) return { kind: 'error', message: obstacle };
  const request = cellRequest(model.summary, settings, method, index);
  const key = request ? keyOf(prepared.key, request) : '';
  const result = results.get(key);
  const name = { method: methodFace(method).name, target: labelOf(labels, index) };
  if (result) return { kind: 'ready', map: result.map, alt: finding(result.map, name) };
  const failure = failures.get(key);
  if (failure) return { kind: 'error', message: failure.message };
  const { map } = activities;
  if (map?.key !== key) return { kind: 'pending', label: 'Waiting', fraction: null };
  return { kind: 'pending', label: activityLabel(map), fraction: activityFraction(map) };
}
