import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { decodeImage } from '../runtime/decode-image.ts';
import type { Pixels } from '../runtime/preprocess.ts';
import type { Library } from './assets.ts';
import { useLabels, useSettings, useStatus, useStudio } from './context.ts';
import { labelOf } from './labels.ts';
import styles from './panels.module.css';
import { plainPicture } from './pictures.ts';
import { ProblemOf } from './problem.tsx';
import { ranking, softmax } from './requests.ts';
import { formatPercent } from './seeing/numbers.ts';
import { activityFraction, activityLabel } from './view.ts';

const PLAIN = {
  grey: { name: 'plain grey', picture: () => plainPicture([128, 128, 128]) },
  black: { name: 'black', picture: () => plainPicture([0, 0, 0]) },
  white: { name: 'white', picture: () => plainPicture([255, 255, 255]) },
} as const;
type Plain = keyof typeof PLAIN;

/** The picture chosen to carry the pattern: a plain one or one of the gallery. */
async function carrierOf(choice: string, library: Library): Promise<Pixels | null> {
  if (choice in PLAIN) return PLAIN[choice as Plain].picture();
  const photograph = (await library.gallery()).find(({ id }) => id === choice);
  if (!photograph) return null;
  const response = await fetch(library.photographUrl(photograph));
  return (await decodeImage(await response.blob(), photograph.title)).pixels;
}

/**
 * Activation-pattern-only prediction (Han et al. 2024): which units are on for the picture is recorded and forced on another
 * picture. If the classes survive, the pattern alone carried them.
 */
export function Apop() {
  const { controller, library } = useStudio();
  const labels = useLabels();
  const current = useSettings(({ image }) => image);
  const [carrier, setCarrier] = useState<string>('grey');
  const [gallery, setGallery] = useState<readonly { value: string; label: string }[]>([]);
  const { apop, prepared, running, ready } = useStatus(({ apop, prepared, activities, verdict }) => ({
    apop,
    prepared,
    running: activities.apop,
    ready: verdict !== null,
  }));
  const shown = apop && apop.inputKey === prepared?.key ? apop.result : null;
  const fill = () => {
    library.gallery().then(
      (photographs) => setGallery(photographs.map(({ id, title }) => ({ value: id, label: title }))),
      (error: unknown) => controller.report('apop', error),
    );
  };
  const run = async () => {
    try {
      const pixels = await carrierOf(carrier, library);
      if (pixels) await controller.runApop(pixels);
    } catch (error) {
      controller.report('apop', error);
    }
  };
  return (
    <>
      <p className={styles.quiet}>
        Which hidden units are on (the activation pattern) is taken from your picture and forced upon another one, whose colours
        say nothing. If the same classes come out, the pattern alone carried the decision.
      </p>
      <div className={styles.row}>
        <NativeSelect
          className={styles.grow}
          size="xs"
          aria-label="Picture that carries the pattern"
          value={carrier}
          onFocus={fill}
          data={[
            { group: 'Plain', items: Object.entries(PLAIN).map(([value, { name }]) => ({ value, label: name })) },
            { group: 'Gallery', items: gallery.filter(({ value }) => value !== current) },
          ]}
          onChange={({ currentTarget }) => setCarrier(currentTarget.value)}
        />
        <Button size="xs" disabled={!ready} loading={running !== undefined} onClick={() => void run()}>
          Run
        </Button>
      </div>
      {running && (
        <p className={styles.quiet} role="status">
          {activityLabel(running)}{' '}
          <progress {...(activityFraction(running) === null ? {} : { value: activityFraction(running) ?? 0 })} />
        </p>
      )}
      <ProblemOf place="apop" />
      {shown && (
        <div className={styles.apop}>
          <TopFive title="Your picture" logits={shown.logits} labels={labels} />
          <TopFive title="The other picture" logits={shown.carrierLogits} labels={labels} />
          <TopFive title="The other picture with your picture’s pattern" logits={shown.patternLogits} labels={labels} />
        </div>
      )}
    </>
  );
}

const TOP = 5;

function TopFive({ title, logits, labels }: { title: string; logits: Float32Array; labels: readonly string[] | null }) {
  const probabilities = softmax(logits);
  return (
    <table className={styles.top}>
      <caption>{title}</caption>
      <tbody>
        {ranking(logits)
          .slice(0, TOP)
          .map((index) => (
            <tr key={index}>
              <td>{labelOf(labels, index)}</td>
              <td>{formatPercent(probabilities[index] ?? 0, 1)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
