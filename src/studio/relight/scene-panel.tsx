import { Button, CloseButton, UnstyledButton } from '@mantine/core';
import { IconFolderOpen } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { Scene, SceneCamera } from '../../relight/scene.ts';
import { action } from '../actions.ts';
import { usePerform, useRelight, useSettings, useStudio } from '../context.ts';
import panels from '../panels.module.css';
import { Problem } from '../problem.tsx';
import { formatNumber } from '../seeing/numbers.ts';
import { same } from '../state.ts';
import styles from './relight.module.css';
import { MOST_SAVED_VIEWS } from './relight-settings.ts';
import { freeSunAt, viewpointOf } from './relight-view.ts';

const MEGABYTE = 1e6;

/** The scene and the places to see it from. */
export function ScenePanel() {
  const perform = usePerform();
  const { relight } = useStudio();
  const own = useSettings(({ scene }) => scene === null);
  const { scene, loading, problem } = useRelight(({ scene, loading, problem }) => ({ scene, loading, problem }));
  return (
    <>
      <section className={panels.section} aria-labelledby="scene-heading">
        <h2 id="scene-heading">Scene</h2>
        {scene && <SceneFacts scene={scene} />}
        {loading && (
          <p className={panels.quiet} role="status">
            Loading {(loading.doneBytes / MEGABYTE).toFixed(1)}
            {loading.totalBytes !== null && ` of ${(loading.totalBytes / MEGABYTE).toFixed(1)}`} MB
            <progress
              className={styles.bar}
              aria-label="Loading the scene"
              {...(loading.totalBytes === null ? {} : { value: loading.doneBytes / loading.totalBytes })}
            />
          </p>
        )}
        {problem && <Problem error={problem} onRetry={relight.retry} />}
        <div className={panels.row}>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconFolderOpen size={14} />}
            onClick={() => perform(action('open-scene'))}
          >
            Open folder …
          </Button>
          {own && (
            <Button size="compact-sm" variant="subtle" onClick={() => perform(action('bundled-scene'))}>
              Back to the bundled one
            </Button>
          )}
        </div>
        <p className={panels.hint}>or drop the folder of a scene anywhere</p>
      </section>
      {scene && <Viewpoints scene={scene} />}
    </>
  );
}

function SceneFacts({ scene }: { scene: Scene }) {
  const { header, grid, bytes, box } = scene;
  const [low, high] = box;
  const { latitude, longitude } = scene.place;
  const side = (axis: 0 | 1 | 2) => Math.round(high[axis] - low[axis]);
  const place = `${Math.abs(latitude).toFixed(1)}° ${latitude < 0 ? 'S' : 'N'}, ${Math.abs(longitude).toFixed(1)}° ${longitude < 0 ? 'W' : 'E'}`;
  return (
    <>
      <p className={panels.title}>{header.title}</p>
      <dl className={panels.facts}>
        <dt>Place</dt>
        <dd>
          {header.place.name}, {place}
        </dd>
        <dt>Extent</dt>
        <dd>
          {side(0)} × {side(1)} × {side(2)} m
        </dd>
        <dt>Grid</dt>
        <dd>
          {grid.join(' × ')}, {(bytes / MEGABYTE).toFixed(1)} MB
        </dd>
        <dt>Shadow</dt>
        <dd>variant {header.heads.shadow.variant}</dd>
        <dt>Licence</dt>
        <dd>{header.licence}</dd>
      </dl>
      <Metrics metrics={header.metrics} />
    </>
  );
}

/** What an exporter may have measured, as the page names it. */
const FIGURES = [
  { key: 'psnr', name: 'PSNR', unit: ' dB', help: 'Against pictures the training never saw; higher is closer' },
  { key: 'ssim', name: 'SSIM', unit: '', help: 'Structural similarity to those pictures; 1 is the same' },
  { key: 'shadow_iou_image', name: 'Shadow IoU', unit: '', help: 'Overlap of learned and true shadow; 1 is the same' },
  { key: 'shadow_iou_ground', name: 'Shadow IoU, ground', unit: '', help: 'The same, on the ground alone' },
] as const;

/** Figures measured on this very file under views and suns the training never saw. */
function Metrics({ metrics }: { metrics: Readonly<Record<string, unknown>> }) {
  const unseen: Readonly<Record<string, unknown>> = Object(metrics['unseen-both'] ?? metrics.all);
  const measured = FIGURES.flatMap(({ key, ...figure }) => {
    const value = unseen[key];
    return typeof value === 'number' ? [{ ...figure, value }] : [];
  });
  if (measured.length === 0) return null;
  return (
    <>
      <p className={panels.quiet}>Unseen view under unseen sun:</p>
      <dl className={panels.facts} data-figures>
        {measured.map(({ name, unit, help, value }) => (
          <div key={name} className={panels.figure} title={help}>
            <dt>{name}</dt>
            <dd>
              {formatNumber(value)}
              {unit}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Viewpoints({ scene }: { scene: Scene }) {
  const { settings } = useStudio();
  const { viewpoint, eye, split } = useSettings(({ viewpoint, eye, split }) => ({ viewpoint, eye, split }));
  const current = viewpointOf({ viewpoint, eye }, scene);
  const go = (camera: SceneCamera) =>
    settings.set({
      viewpoint: camera.id,
      eye: null,
      target: null,
      ...(split === 'photograph' ? underItsSun(camera) : {}),
    });
  return (
    <section className={panels.section} aria-labelledby="viewpoints-heading">
      <h2 id="viewpoints-heading">Viewpoints</h2>
      <ul className={panels.gallery}>
        {scene.cameras.map((camera, index) => (
          <li key={camera.id}>
            <UnstyledButton
              className={`${panels.thumb} ${styles.viewpoint}`}
              aria-label={`Viewpoint ${index + 1}`}
              aria-pressed={camera.id === current?.id}
              title={`${camera.id}, ${camera.split}`}
              onClick={() => go(camera)}
            >
              <Thumbnail scene={scene} camera={camera} fallback={index + 1} />
            </UnstyledButton>
          </li>
        ))}
      </ul>
      {current?.image && split !== 'photograph' && (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => settings.set({ split: 'photograph', viewpoint: current.id, ...underItsSun(current) })}
        >
          Compare with the photograph
        </Button>
      )}
      <p className={panels.quiet}>Cameras that the training never saw.</p>
      <SavedViews scene={scene} />
    </section>
  );
}

/** Views the reader has kept, in this browser. */
function SavedViews({ scene }: { scene: Scene }) {
  const { settings } = useStudio();
  const { savedViews, eye, target } = useSettings(({ savedViews, eye, target }) => ({ savedViews, eye, target }));
  const { name } = scene.header;
  const here = savedViews.filter((view) => view.scene === name);
  const full = savedViews.length >= MOST_SAVED_VIEWS;
  return (
    <>
      {here.length > 0 && (
        <ul className={styles.saved} aria-label="Your views">
          {here.map((view, index) => (
            <li key={JSON.stringify(view)}>
              <Button
                size="compact-xs"
                variant="default"
                onClick={() => settings.set({ viewpoint: null, eye: view.eye, target: view.target })}
              >
                View {index + 1}
              </Button>
              <CloseButton
                size="xs"
                aria-label={`Forget view ${index + 1}`}
                onClick={() => settings.set({ savedViews: savedViews.filter((other) => other !== view) })}
              />
            </li>
          ))}
        </ul>
      )}
      {eye && target && (
        <Button
          size="compact-sm"
          variant="default"
          disabled={full || here.some((view) => same(view, { scene: name, eye, target }))}
          onClick={() => settings.set({ savedViews: [...savedViews, { scene: name, eye, target }] })}
        >
          Keep this view
        </Button>
      )}
      {full && <p className={panels.quiet}>No more than {MOST_SAVED_VIEWS} views are kept: forget one first.</p>}
    </>
  );
}

/** The light in which the photograph was taken. */
function underItsSun({ sun }: SceneCamera) {
  return { freeSun: freeSunAt(sun), show: 'final' as const };
}

function Thumbnail({ scene, camera, fallback }: { scene: Scene; camera: SceneCamera; fallback: number }) {
  const url = usePhotograph(scene, camera);
  return url ? <img src={url} alt="" /> : <span>{fallback}</span>;
}

/** Address of a camera's photograph; null while it is on its way, or where there is none. */
export function usePhotograph(scene: Scene, camera: SceneCamera | null): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    let made: string | null = null;
    if (camera) {
      scene.image(camera, abort.signal).then(
        (blob) => {
          if (!blob || abort.signal.aborted) return;
          made = URL.createObjectURL(blob);
          setUrl(made);
        },
        // A scene without its photographs can still be relit; its number stands in the place of the thumbnail.
        () => undefined,
      );
    }
    return () => {
      abort.abort();
      setUrl(null);
      if (made) URL.revokeObjectURL(made);
    };
  }, [scene, camera]);
  return url;
}
