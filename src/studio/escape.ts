import type { KeyboardEvent } from 'react';

/** Keeps the Escape that closes something from going on to the shortcuts, where it means “stop what is running”. */
export function keepEscape(event: KeyboardEvent): void {
  // A field with a list has no use for it while the list is closed.
  if (event.key === 'Escape' && event.currentTarget.getAttribute('aria-expanded') !== 'false') event.stopPropagation();
}
