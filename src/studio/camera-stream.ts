/** The camera: asking for it, ending it, and saying why it gives nothing. */

/** Wide enough for any model's input. */
const WISHES: MediaStreamConstraints = { video: { width: { ideal: 1280 } } };

export const UNPLUGGED = 'The camera was disconnected.';

/** @throws whatever the browser says, for `reasonOf`; a TypeError where the page may not ask at all */
export async function openCamera(): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia(WISHES);
}

export function endStream(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Whether the camera looks at who sits before the screen, who then expects a mirror. */
export function facesReader(stream: MediaStream): boolean {
  return stream.getVideoTracks().every((track) => track.getSettings().facingMode !== 'environment');
}

/** Why the camera gives nothing, by the browser's name for it. */
export function reasonOf(error: unknown): string {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError') return 'The camera was not allowed. Allow it in the address bar and try again.';
  if (name === 'NotFoundError') return 'There is no camera.';
  if (name === 'NotReadableError') return 'Another program uses the camera. Close it and try again.';
  return 'This browser gives no camera to this page; it needs a secure address (https, or this machine).';
}
