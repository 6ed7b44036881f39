import { createSpotlight, Spotlight } from '@mantine/spotlight';
import '@mantine/spotlight/styles.css';
import { Kbd } from '@mantine/core';
import { useEffect } from 'react';
import { actionsOf, writeKeys } from './actions.ts';
import { useSettings, useStudio, useUi } from './context.ts';
import { IS_MAC } from './platform.ts';

const [store, spotlight] = createSpotlight();

/** Every action by name. */
export default function Palette() {
  const studio = useStudio();
  const workspace = useSettings(({ workspace }) => workspace);
  const opened = useUi(({ dialog }) => dialog === 'palette');
  useEffect(() => {
    if (opened) spotlight.open();
  }, [opened]);
  return (
    <Spotlight
      store={store}
      shortcut={null}
      attributes={{ content: { 'aria-label': 'Find an action' } }}
      overlayProps={{ blur: 0 }}
      scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}
      highlightQuery
      scrollable
      maxHeight={440}
      nothingFound="No action of that name"
      searchProps={{ placeholder: 'What would you like to do?', 'aria-label': 'Find an action' }}
      onSpotlightClose={() => studio.ui.setState(({ dialog }) => ({ dialog: dialog === 'palette' ? null : dialog }))}
      actions={actionsOf(workspace)
        .filter((action) => action.id !== 'palette' && action.when(studio))
        .map((action) => ({
          id: action.id,
          label: action.label,
          keywords: action.keywords,
          rightSection: action.keys[0] && <Kbd size="xs">{writeKeys(action.keys[0], IS_MAC)}</Kbd>,
          onClick: () => action.perform(studio),
        }))}
    />
  );
}
