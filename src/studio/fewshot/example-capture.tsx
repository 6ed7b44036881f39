import { CloseButton } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { Pixels } from '../../runtime/preprocess.ts';
import { CameraView } from './camera-view.tsx';
import { DrawingPad } from './drawing-pad.tsx';
import type { BoardClass } from './fewshot-status.ts';
import { PictureCanvas } from './picture-canvas.tsx';
import styles from './query.module.css';

export interface ExampleCaptureProps {
  /** The class the pictures are for. */
  readonly entry: BoardClass;
  readonly means: 'draw' | 'camera';
  /** How many more fit. */
  readonly room: number;
  readonly onPicture: (pixels: Pixels) => void;
  readonly onClose: () => void;
}

/** So many examples tell most learners a class. */
const ENOUGH = 3;
const SHOWN = 8;
const THUMBNAIL = 32;

/** Adds examples to a class, one after another, until it is closed. */
export function ExampleCapture({ entry, means, room, onPicture, onClose }: ExampleCaptureProps) {
  const pane = useRef<HTMLElement>(null);
  useEffect(() => {
    // Whoever asked for it by keyboard goes on there.
    pane.current?.querySelector<HTMLElement>('[role=application], button:not([aria-label=Close])')?.focus();
  }, []);
  const { name, examples } = entry;
  const missing = ENOUGH - examples.length;
  return (
    <section
      ref={pane}
      className={styles.pane}
      aria-label={`Examples of ${name}`}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return;
        // It means “stop what is running” to the page.
        event.stopPropagation();
        onClose();
      }}
    >
      <div className={styles.captureHead}>
        <h2>
          Examples of <strong>{name}</strong>
        </h2>
        <CloseButton aria-label="Close" size="sm" onClick={onClose} />
      </div>
      <div className={styles.columns}>
        {means === 'draw' ? (
          <DrawingPad
            label={`Draw an example of ${name}`}
            hint="Draw one, about as large as this frame"
            doneLabel={room > 0 ? 'Add' : 'No more fit'}
            onDone={(pixels) => room > 0 && onPicture(pixels)}
          />
        ) : (
          <CameraView label={`Film an example of ${name}`} starts onTake={onPicture} room={room} />
        )}
        <div className={styles.said}>
          <p className={styles.quiet} role="status">
            {examples.length === 0 && `Give ${ENOUGH} or more, each a little different.`}
            {examples.length > 0 && missing > 0 && `${examples.length} so far. ${missing} more will do.`}
            {missing <= 0 && `${examples.length} examples${room > 0 ? '. More can help.' : ', as many as fit.'}`}
          </p>
          <div className={styles.latest}>
            {examples.slice(-SHOWN).map((pixels, i) => (
              <span key={i} className={styles.face}>
                <PictureCanvas pixels={pixels} side={THUMBNAIL} alt="" />
              </span>
            ))}
          </div>
        </div>
      </div>
    </section>
  );
}
