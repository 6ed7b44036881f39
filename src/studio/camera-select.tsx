import { NativeSelect } from '@mantine/core';
import styles from './camera-select.module.css';
import type { CameraChoice } from './use-camera.ts';

/** Which camera is used; nothing where there is nothing to choose. */
export function CameraSelect({ cameras, used, choose }: CameraChoice) {
  if (cameras.length < 2) return null;
  return (
    <NativeSelect
      className={styles.camera}
      aria-label="Which camera"
      title={cameras.find(({ id }) => id === used)?.name}
      data={cameras.map(({ id, name }) => ({ value: id, label: name }))}
      value={used ?? ''}
      onChange={({ currentTarget }) => choose(currentTarget.value)}
    />
  );
}
