import { Button, SegmentedControl, UnstyledButton } from '@mantine/core';
import { IconAdjustments, IconCamera, IconFileUpload, IconPhoto } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { action } from './actions.ts';
import type { Photograph } from './assets.ts';
import { usePerform, useSettings, useStatus, useStudio } from './context.ts';
import type { StudioModel } from './explain-status.ts';
import styles from './panels.module.css';
import { thumbnail } from './pictures.ts';
import { ProblemOf } from './problem.tsx';
import { formatCount } from './seeing/numbers.ts';
import { SizeForm } from './size-form.tsx';
import { DEFAULTS } from './state.ts';

/** What is explained: the model and the picture. */
export function Sources() {
  return (
    <>
      <ModelPanel />
      <PicturePanel />
    </>
  );
}

function ModelPanel() {
  const perform = usePerform();
  const { settings } = useStudio();
  const { model, loading, problem } = useStatus(({ model, activities, problems }) => ({
    model,
    loading: activities.model,
    problem: problems.model,
  }));
  return (
    <section className={styles.section} aria-labelledby="model-heading">
      <h2 id="model-heading">Model</h2>
      {model ? (
        <ModelFacts model={model} />
      ) : (
        <p className={styles.quiet}>{loading ? 'The model is on its way …' : problem ? '' : 'No model yet.'}</p>
      )}
      <ProblemOf place="model" retry={problem?.code === 'download-failed' || problem?.code === 'cancelled'} />
      {problem?.code === 'dynamic-shape' && <SizeForm />}
      <ProblemOf place="labels" />
      <div className={styles.row}>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconFileUpload size={14} />}
          onClick={() => perform(action('open-model'))}
        >
          Open ONNX …
        </Button>
        {model?.own && (
          <Button
            size="compact-sm"
            variant="subtle"
            onClick={() => settings.set({ model: DEFAULTS.model, preprocessing: null, labels: null })}
          >
            Back to the bundled one
          </Button>
        )}
      </div>
      <p className={styles.hint}>or drop a classifier anywhere, with its weight files if it has any</p>
    </section>
  );
}

function ModelFacts({ model }: { model: StudioModel }) {
  const perform = usePerform();
  const { summary, card } = model;
  const hasLabels = useSettings(({ labels }) => labels !== null) || model.labels !== null;
  const { height, width } = summary.preprocessing;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return (
    <>
      <p className={styles.title}>{card?.title ?? summary.name}</p>
      <dl className={styles.facts}>
        <dt>Input</dt>
        <dd>
          {height} × {width} {summary.preprocessing.channels}, {summary.preprocessing.layout}
        </dd>
        <dt>Classes</dt>
        <dd>
          {formatCount(summary.classes)}
          {!hasLabels && ', unnamed'}
        </dd>
        <dt>Size</dt>
        <dd>
          {(summary.bytes / 1e6).toFixed(1)} MB, opset {summary.opset}
        </dd>
        {card?.measured && (
          <>
            <dt>Top-1</dt>
            <dd title={card.measured.dataset}>{percent(card.measured.top1)} on Imagenette</dd>
          </>
        )}
        {card && (
          <>
            <dt>Licence</dt>
            <dd>{card.licence}</dd>
          </>
        )}
      </dl>
      {summary.notices.map((notice) => (
        <p key={notice} className={styles.quiet}>
          {notice}
        </p>
      ))}
      <div className={styles.row}>
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconAdjustments size={14} />}
          onClick={() => perform(action('preprocessing'))}
        >
          Pixels to input …
        </Button>
        {model.own && (
          <Button size="compact-sm" variant="subtle" onClick={() => perform(action('open-labels'))}>
            {hasLabels ? 'Other labels …' : 'Labels …'}
          </Button>
        )}
      </div>
    </>
  );
}

const FIT_LABELS = [
  { value: 'crop', label: 'Crop' },
  { value: 'fit', label: 'Fit' },
  { value: 'stretch', label: 'Stretch' },
];

function PicturePanel() {
  const { settings } = useStudio();
  const perform = usePerform();
  const fit = useSettings(({ fit }) => fit);
  const picture = useStatus(({ picture }) => picture);
  return (
    <section className={styles.section} aria-labelledby="picture-heading">
      <h2 id="picture-heading">Picture</h2>
      <WhatTheModelSees />
      <SegmentedControl
        size="xs"
        fullWidth
        data={FIT_LABELS}
        value={fit}
        onChange={(value) => settings.set({ fit: value as typeof fit })}
        aria-label="How the picture meets the model’s shape"
      />
      {picture?.photograph ? <Attribution photograph={picture.photograph} /> : null}
      {picture?.own && <p className={styles.quiet}>{picture.title}</p>}
      {picture?.note && <p className={styles.quiet}>{picture.note}</p>}
      <ProblemOf place="image" retry />
      <Gallery />
      <div className={styles.row}>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPhoto size={14} />}
          onClick={() => perform(action('open-picture'))}
        >
          Open …
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconCamera size={14} />}
          onClick={() => perform(action('camera'))}
        >
          Camera …
        </Button>
      </div>
      <p className={styles.hint}>or drop one anywhere, or paste it</p>
    </section>
  );
}

/** Room for the whole picture beside the gallery, in CSS pixels. */
const CROP_WIDTH = 240;
const CROP_HEIGHT = 168;

/** The whole picture with the rectangle that becomes the model's input. */
function WhatTheModelSees() {
  const { picture, prepared } = useStatus(({ picture, prepared }) => ({ picture, prepared }));
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || !picture) return;
    const small = thumbnail(picture.pixels, 2 * CROP_WIDTH);
    context.canvas.width = small.width;
    context.canvas.height = small.height;
    context.putImageData(small, 0, 0);
  }, [picture]);
  if (!picture) return null;
  const { width, height } = picture.pixels;
  const { x, y, width: inner, height: tall } = prepared?.picture === picture.id ? prepared.window : { x: 0, y: 0, width, height };
  // Bars of “fit” lie outside the picture, so the view grows by them.
  const left = Math.min(0, x);
  const top = Math.min(0, y);
  const right = Math.max(width, x + inner);
  const bottom = Math.max(height, y + tall);
  const ratio = (right - left) / (bottom - top);
  const view = `${left} ${top} ${right - left} ${bottom - top}`;
  const share = (part: number, whole: number) => `${(100 * part) / whole}%`;
  return (
    <figure className={styles.crop} style={{ width: Math.min(CROP_WIDTH, CROP_HEIGHT * ratio), aspectRatio: ratio }}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${picture.photograph?.alt ?? picture.title}; the bright part is what the model sees`}
        style={{
          left: share(-left, right - left),
          top: share(-top, bottom - top),
          width: share(width, right - left),
          height: share(height, bottom - top),
        }}
      />
      <svg viewBox={view} preserveAspectRatio="none" aria-hidden="true">
        <path
          className={styles.outside}
          fillRule="evenodd"
          d={`M${left} ${top}H${right}V${bottom}H${left}ZM${x} ${y}h${inner}v${tall}h${-inner}Z`}
        />
        <rect className={styles.inside} x={x} y={y} width={inner} height={tall} />
      </svg>
    </figure>
  );
}

function Attribution({ photograph }: { photograph: Photograph }) {
  const { title, attribution, licence, source } = photograph;
  return (
    <p className={styles.quiet} title={source}>
      {title}. {attribution}, {licence}
    </p>
  );
}

function Gallery() {
  const { library, settings, controller } = useStudio();
  const [photographs, setPhotographs] = useState<readonly Photograph[]>([]);
  const current = useSettings(({ image }) => image);
  useEffect(() => {
    library.gallery().then(setPhotographs, (error: unknown) => controller.report('image', error));
  }, [library, controller]);
  const urls = useMemo(
    () => new Map(photographs.map((entry) => [entry.id, library.photographUrl(entry)])),
    [photographs, library],
  );
  return (
    <ul className={styles.gallery} aria-label="Gallery">
      {photographs.map(({ id, title }) => (
        <li key={id}>
          <UnstyledButton
            className={styles.thumb}
            aria-label={title}
            aria-pressed={id === current}
            title={title}
            onClick={() => settings.set({ image: id })}
          >
            <img src={urls.get(id)} alt="" loading="lazy" decoding="async" />
          </UnstyledButton>
        </li>
      ))}
    </ul>
  );
}
