import { Button, VisuallyHidden } from '@mantine/core';
import { IconCamera, IconPlayerPause, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { Pixels } from '../../runtime/preprocess.ts';
import { CameraSelect } from '../camera-select.tsx';
import { grabSquare } from '../pictures.ts';
import { useCamera } from '../use-camera.ts';
import styles from './capture.module.css';
import { pumpFrames } from './frame-pump.ts';
import { useHold } from './use-hold.ts';

export interface CameraViewProps {
  /** Names what is filmed: “The picture asked about”. */
  readonly label: string;
  /** Whether the reader has just asked for the camera, so that it starts without another press. */
  readonly starts?: boolean;
  /** While live, up to five frames a second, the next only after this one was dealt with. */
  readonly onFrame?: (pixels: Pixels) => Promise<void> | void;
  /** The reader has stopped it: no frame is looked at any more. */
  readonly onStop?: () => void;
  /** One picture when the button is pressed, several while it is held. */
  readonly onTake?: (pixels: Pixels) => void;
  /** How many more pictures there is room for. */
  readonly room?: number;
}

/** Side of the pictures in pixels, enough for every learner's input and small enough to be kept in a file with hundreds. */
const PICTURE_SIDE = 256;
/** Between two frames, in milliseconds. */
const FRAME_INTERVAL = 200;

/** The camera in a square: what is in it is what the learner gets. Shown mirrored, given unmirrored. */
export function CameraView({ label, starts = false, onFrame, onStop, onTake, room = Number.POSITIVE_INFINITY }: CameraViewProps) {
  const [wanted, setWanted] = useState(starts);
  const [live, setLive] = useState(true);
  const [taken, setTaken] = useState(0);
  const { state, place, video, retry, choice } = useCamera(wanted);
  const on = state.kind === 'on';
  const filming = wanted && state.kind !== 'failed';

  const give = useRef(onFrame);
  useEffect(() => {
    give.current = onFrame;
  }, [onFrame]);
  const films = on && live && onFrame !== undefined;
  useEffect(() => {
    if (!films) return;
    return pumpFrames({
      take: () => (video.current && video.current.videoWidth > 0 ? grabSquare(video.current, PICTURE_SIDE) : null),
      give: (frame) => give.current?.(frame),
      interval: FRAME_INTERVAL,
    });
  }, [films, video]);
  useEffect(() => {
    // Not live, the frame that was answered last stays to be looked at.
    if (!on) return;
    if (live) video.current?.play().catch(() => undefined);
    else video.current?.pause();
  }, [on, live, video]);

  const full = room <= 0;
  const hold = useHold(() => {
    if (!on || full || !video.current || !onTake) return;
    onTake(grabSquare(video.current, PICTURE_SIDE));
    setTaken((count) => count + 1);
  });

  function stop(): void {
    setWanted(false);
    onStop?.();
  }

  return (
    <section className={styles.capture} aria-label={label}>
      <div ref={place} className={styles.finder}>
        <video
          ref={video}
          hidden={!filming}
          data-mirrored={(state.kind === 'on' && state.mirrored) || undefined}
          data-taken={taken === 0 ? undefined : taken % 2 === 0 ? 'even' : 'odd'}
          autoPlay
          muted
          playsInline
        />
        {!wanted && (
          <div className={styles.finderOff}>
            <Button
              size="sm"
              variant="default"
              leftSection={<IconCamera size={16} />}
              onClick={() => {
                setWanted(true);
                setLive(true);
              }}
            >
              Start the camera
            </Button>
            <p>Its pictures stay on this machine.</p>
          </div>
        )}
        {state.kind === 'starting' && (
          <p className={styles.finderWait} role="status">
            Waiting for the camera …
          </p>
        )}
        {state.kind === 'on' && state.note && (
          <p className={styles.finderNote} role="status">
            {state.note}
          </p>
        )}
        {state.kind === 'failed' && (
          <div className={styles.finderOff}>
            <p role="alert">{state.problem}</p>
            <Button size="xs" variant="default" onClick={retry}>
              Try again
            </Button>
          </div>
        )}
      </div>
      {/* Its place is kept: what stands below must not move when the camera starts. */}
      <div className={styles.tools}>
        {filming && (
          <Button size="sm" variant="default" leftSection={<IconPlayerStop size={14} />} onClick={stop}>
            Stop
          </Button>
        )}
        {filming && onFrame && (
          <Button
            size="sm"
            variant="default"
            leftSection={live ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
            disabled={!on}
            onClick={() => setLive(!live)}
          >
            {live ? 'Freeze' : 'Go on'}
          </Button>
        )}
        {wanted && <CameraSelect {...choice} />}
        {filming && onTake && (
          <Button className={styles.done} size="sm" disabled={!on || full} title="Hold it to take several" {...hold}>
            {full ? 'No more fit' : 'Take'}
          </Button>
        )}
      </div>
      {onTake && <VisuallyHidden role="status">{taken === 0 ? '' : `${taken} taken`}</VisuallyHidden>}
    </section>
  );
}
