import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useStudio, useUi } from './context.ts';
import styles from './shell.module.css';
import type { DialogName } from './ui.ts';

/** One of the studio's dialogs: named, closed by Escape, its button or a click beside it. */
export function Dialog({ name, title, children }: { name: DialogName; title: string; children: (opened: boolean) => ReactNode }) {
  const { ui } = useStudio();
  const opened = useUi(({ dialog }) => dialog === name);
  // Not before the key's event is over: the shortcuts, awake again, would take the same Escape for “stop what is running”.
  const close = () => setTimeout(() => ui.setState({ dialog: null }));
  return (
    <Modal.Root opened={opened} onClose={close} size="lg">
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
