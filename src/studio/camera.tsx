import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useStudio } from './context.ts';
import { Dialog } from './dialog.tsx';
import styles from './panels.module.css';
import { grabFrame } from './pictures.ts';

/** Why the camera gives nothing, by the browser's name for it. */
function reasonOf(error: unknown): string {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError') return 'The camera was not allowed. Allow it in the address bar and open this again.';
  if (name === 'NotFoundError') return 'There is no camera.';
  if (name === 'NotReadableError') return 'Another program uses the camera. Close it and open this again.';
  return 'This browser gives no camera to this page; it needs a secure address (https, or this machine).';
}

/** Takes one picture with the camera. The stream ends when the dialog closes. */
export default function Camera() {
  const { controller, ui } = useStudio();
  return (
    <Dialog name="camera" title="Take a picture">
      {(opened) =>
        opened && (
          <Viewfinder
            onPicture={(video) => {
              controller.takeOwnPicture({ title: 'Camera picture', pixels: grabFrame(video), note: '' });
              ui.setState({ dialog: null });
            }}
          />
        )
      }
    </Dialog>
  );
}

function Viewfinder({ onPicture }: { onPicture: (video: HTMLVideoElement) => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState('');
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let closed = false;
    let stream: MediaStream | null = null;
    const end = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    const begin = async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
        if (closed) end();
        else if (video.current) video.current.srcObject = stream;
      } catch (error) {
        if (!closed) setProblem(reasonOf(error));
      }
    };
    void begin();
    return () => {
      closed = true;
      end();
    };
  }, []);
  if (problem) return <p role="alert">{problem}</p>;
  return (
    <>
      <video ref={video} className={styles.video} autoPlay muted playsInline onPlaying={() => setReady(true)} />
      <div className={styles.row}>
        <Button disabled={!ready} onClick={() => video.current && onPicture(video.current)}>
          Use this picture
        </Button>
        <span className={styles.quiet}>The picture stays on this machine.</span>
      </div>
    </>
  );
}
