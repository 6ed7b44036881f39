import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useStudio, useUi } from './context.ts';
import styles from './studio.module.css';
import type { DialogName } from './ui.ts';

/** One of the studio's dialogs: named, closed by Escape, its button or a click beside it. */
export function Dialog({ name, title, children }: { name: DialogName; title: string; children: (opened: boolean) => ReactNode }) {
  const { ui } = useStudio();
  const opened = useUi(({ dialog }) => dialog === name);
  return (
    <Modal.Root opened={opened} onClose={() => ui.setState({ dialog: null })} size="lg">
      <Modal.Overlay />
      <Modal.Content>
        {/* The library's own header element would be a second banner of the page. */}
        <div className={styles.dialogHead}>
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children(opened)}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
