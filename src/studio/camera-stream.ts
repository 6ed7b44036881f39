/** The camera: asking for it, ending it, and saying why it gives nothing. */

/** Wide enough for any model's input. */
const WISHES: MediaTrackConstraints = { width: { ideal: 1280 } };

export const UNPLUGGED = 'The camera was disconnected.';

export interface CameraDevice {
  readonly id: string;
  readonly name: string;
}

/**
 * @param id the camera to use; another one takes its place where it is not connected
 * @throws whatever the browser says, for `reasonOf`; a TypeError where the page may not ask at all
 */
export async function openCamera(id: string | null): Promise<MediaStream> {
  const ask = (video: MediaTrackConstraints) => navigator.mediaDevices.getUserMedia({ video });
  if (id === null) return ask(WISHES);
  try {
    // Merely wished for, it would lose against one with a better picture.
    return await ask({ ...WISHES, deviceId: { exact: id } });
  } catch (error) {
    if (error instanceof OverconstrainedError) return ask(WISHES);
    throw error;
  }
}

/** The cameras of this machine. Browsers tell them apart only for a page that has been allowed one. */
export function camerasOf(devices: readonly MediaDeviceInfo[]): CameraDevice[] {
  return devices
    .filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '')
    .map(({ deviceId, label }, index) => ({ id: deviceId, name: label || `Camera ${index + 1}` }));
}

/** Which camera a stream is from; null where the browser does not say. */
export function cameraOf(stream: MediaStream): string | null {
  return stream.getVideoTracks()[0]?.getSettings().deviceId ?? null;
}

/**
 * What is to be said of the camera that is used; null where it is the expected one.
 *
 * @param chosen null for the browser's own choice
 * @param lost the one whose stream ended by itself before
 */
export function noteOn(used: string | null, chosen: string | null, lost: string | null): string | null {
  if (used === null || used === chosen) return null;
  if (lost !== null && lost !== used) return `${UNPLUGGED} This is another one.`;
  return chosen === null ? null : 'The camera chosen before is not connected. This is another one.';
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
