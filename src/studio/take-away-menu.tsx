import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { action } from './actions.ts';
import { usePerform, useStudio } from './context.ts';

/** The list of what a reader can take along: a workspace's own items, then the listed actions. */
export function TakeAwayMenu({ actions, children }: { actions: readonly string[]; children?: ReactNode }) {
  const perform = usePerform();
  const studio = useStudio();
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button size="compact-sm" variant="default" leftSection={<IconDownload size={14} />}>
          Take away
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {children}
        {actions.map((id) => (
          <Menu.Item key={id} disabled={!action(id).when(studio)} onClick={() => perform(action(id))}>
            {action(id).label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
