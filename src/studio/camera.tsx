import { Button } from '@mantine/core';
import { CameraSelect } from './camera-select.tsx';
import { useStudio } from './context.ts';
import { Dialog } from './dialog.tsx';
import styles from './panels.module.css';
import { grabFrame } from './pictures.ts';
import { useCamera } from './use-camera.ts';

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
  const { state, place, video, retry, choice } = useCamera(true);
  const failed = state.kind === 'failed';
  return (
    <div ref={place}>
      {failed && <p role="alert">{state.problem}</p>}
      <video ref={video} className={styles.video} hidden={failed} autoPlay muted playsInline />
      <div className={styles.row}>
        {failed ? (
          <Button variant="default" onClick={retry}>
            Try again
          </Button>
        ) : (
          <Button disabled={state.kind !== 'on'} onClick={() => video.current && onPicture(video.current)}>
            Use this picture
          </Button>
        )}
        <CameraSelect {...choice} />
        <span className={styles.quiet}>The picture stays on this machine.</span>
      </div>
      {state.kind === 'on' && state.note && (
        <p className={styles.quiet} role="status">
          {state.note}
        </p>
      )}
    </div>
  );
}
