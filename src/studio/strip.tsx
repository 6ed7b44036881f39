import { useMemo } from 'react';
import { useSettings, useStatus, useStudio } from './context.ts';
import styles from './panels.module.css';
import { erfLayerOf, obstacleOf, stripLayers } from './requests.ts';
import { LayerStrip } from './seeing/LayerStrip.tsx';
import type { Settings } from './state.ts';

/** Relevance at every stage of the network. Choosing a layer shows it, or makes it the one to point at. */
export function Strip() {
  const { settings: store } = useStudio();
  const settings = useSettings((all) => all);
  const { model, strip, wanted, shownKey, busy } = useStatus(({ model, strip, wanted, shown, activities }) => ({
    model,
    strip,
    wanted,
    shownKey: shown?.key,
    busy: activities.map !== undefined || activities.classify !== undefined,
  }));
  const layers = useMemo(() => {
    if (!model) return [];
    const { summary } = model;
    const input = {
      tensor: summary.inputName,
      label: 'picture',
      channels: summary.preprocessing.channels === 'gray' ? 1 : 3,
      height: summary.preprocessing.height,
      width: summary.preprocessing.width,
      map: strip?.map ?? null,
    };
    const hidden = stripLayers(summary, settings).map(({ tensor, channels, height, width }) => ({
      tensor,
      channels,
      height,
      width,
      map: strip?.relevance.find((layer) => layer.tensor === tensor) ?? null,
    }));
    return [input, ...hidden];
  }, [model, strip, settings]);

  if (!model) return <p className={styles.empty}>Relevance at every stage of the network will appear here.</p>;
  const obstacle = obstacleOf(model.summary, 'srd');
  if (obstacle) return <p className={styles.empty}>No layers to show: {obstacle}</p>;

  const current: Record<string, string | null> = {
    srd: settings.layer ?? model.summary.inputName,
    erf: erfLayerOf(model.summary, settings)?.tensor ?? null,
    'grad-cam': settings.camLayer,
  };
  return (
    <LayerStrip
      layers={layers}
      current={current[settings.method] ?? null}
      onSelect={(tensor) => store.set(chooseLayer(settings, tensor === model.summary.inputName ? null : tensor))}
      mode={settings.mode}
      score={settings.start === 'identity' ? (strip?.score ?? null) : null}
      busy={busy && wanted !== shownKey}
    />
  );
}

/** What choosing a layer means depends on the method; those without layers give way to SRD. */
function chooseLayer({ method }: Settings, tensor: string | null): Partial<Settings> {
  if (method === 'erf') return tensor === null ? {} : { erfLayer: tensor, at: null };
  if (method === 'grad-cam') return { camLayer: tensor };
  return { method: 'srd', layer: tensor, view: 'single' };
}
