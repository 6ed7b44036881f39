import { Button, Menu, Modal, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { ErrorMessage } from '../../runtime/protocol.ts';
import { useRelight, useStudio } from '../context.ts';
import { NumberEntry } from '../fields.tsx';
import panels from '../panels.module.css';
import { Problem } from '../problem.tsx';
import { TakeAwayMenu } from '../take-away-menu.tsx';
import { asMessage } from '../workbench.ts';
import styles from './relight.module.css';

const LINKS = ['copy-link', 'save-session', 'open-session'] as const;
/** Largest side of a saved picture. Pixels. */
const LARGEST = 4096;
const LENGTHS = [
  { value: '120', label: '4 seconds' },
  { value: '240', label: '8 seconds' },
  { value: '480', label: '16 seconds' },
];
const FRAMES_A_SECOND = 30;
type What = 'picture' | 'film';

/** A picture of any size, a film of the day, a link. */
export function TakeAway() {
  const hasScene = useRelight(({ drawn }) => drawn !== null);
  const [what, setWhat] = useState<What | null>(null);
  return (
    <>
      <TakeAwayMenu actions={LINKS}>
        <Menu.Item disabled={!hasScene} onClick={() => setWhat('picture')}>
          Save a picture (PNG) …
        </Menu.Item>
        <Menu.Item disabled={!hasScene} onClick={() => setWhat('film')}>
          Save the day as a video …
        </Menu.Item>
      </TakeAwayMenu>
      {what && <SizeDialog what={what} onClose={() => setWhat(null)} />}
    </>
  );
}

function SizeDialog({ what, onClose }: { what: What; onClose: () => void }) {
  const { relight, host } = useStudio();
  const title = useRelight(({ scene }) => scene?.header.name ?? 'scene');
  const [width, setWidth] = useState(what === 'picture' ? 1920 : 960);
  const [height, setHeight] = useState(what === 'picture' ? 1080 : 540);
  const [frames, setFrames] = useState('240');
  const [progress, setProgress] = useState<{
    readonly done: number;
    readonly of: number;
    readonly abort: AbortController;
  } | null>(null);
  const [problem, setProblem] = useState<ErrorMessage | null>(null);

  async function savePicture(): Promise<void> {
    const picture = await relight.picture(width, height);
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d')?.putImageData(picture, 0, 0);
    host.save(`${title}.png`, await canvas.convertToBlob({ type: 'image/png' }), 'image/png');
  }

  async function saveFilm(abort: AbortController): Promise<void> {
    const count = Number(frames);
    const { encodeFilm } = await import('./film.ts');
    async function* counted() {
      let done = 0;
      for await (const picture of relight.film(width, height, count)) {
        done += 1;
        setProgress({ done, of: count, abort });
        yield picture;
      }
    }
    const { blob, extension } = await encodeFilm(counted(), { width, height, perSecond: FRAMES_A_SECOND }, abort.signal);
    host.save(`${title}-day.${extension}`, blob, blob.type);
  }

  async function save(): Promise<void> {
    const abort = new AbortController();
    setProblem(null);
    setProgress({ done: 0, of: what === 'film' ? Number(frames) : 1, abort });
    try {
      await (what === 'picture' ? savePicture() : saveFilm(abort));
      onClose();
    } catch (error) {
      setProblem(asMessage(error));
      setProgress(null);
    }
  }

  return (
    <Modal
      opened
      centered
      title={what === 'picture' ? 'Save a picture' : 'Save the day as a video'}
      onClose={() => {
        progress?.abort.abort();
        onClose();
      }}
    >
      <div className={panels.form}>
        <div className={styles.pair}>
          <SideField label="Width" value={width} onChange={setWidth} />
          <SideField label="Height" value={height} onChange={setHeight} />
        </div>
        {what === 'film' && (
          <NativeSelect
            size="xs"
            label="Length, sunrise to sunset"
            value={frames}
            data={LENGTHS}
            onChange={({ currentTarget }) => setFrames(currentTarget.value)}
          />
        )}
        {problem && <Problem error={problem} />}
        {progress ? (
          <div className={panels.row}>
            <progress className={styles.bar} aria-label="Drawing" value={progress.done / progress.of} />
            <span className={panels.quiet}>
              {progress.done} of {progress.of}
            </span>
            <Button size="compact-sm" variant="default" onClick={() => progress.abort.abort()}>
              Stop
            </Button>
          </div>
        ) : (
          <Button size="sm" onClick={() => void save()}>
            Save
          </Button>
        )}
      </div>
    </Modal>
  );
}

/** A side of a picture in pixels: even, because encoders take no other. */
function SideField({ label, value, onChange }: { label: string; value: number; onChange: (value: number) => void }) {
  return (
    <NumberEntry
      label={label}
      suffix=" px"
      value={value}
      min={16}
      max={LARGEST}
      step={2}
      onChange={(next) => onChange(2 * Math.round(next / 2))}
    />
  );
}
