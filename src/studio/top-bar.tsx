import { ActionIcon, Button, Popover, SegmentedControl, Tooltip, UnstyledButton, useComputedColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconBulb,
  IconHelp,
  IconLayoutBottombar,
  IconLayoutSidebar,
  IconLayoutSidebarRight,
  IconLink,
  IconLock,
  IconMoon,
  IconSearch,
  IconSun,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { action, WORKSPACE_NAMES, writeKeys } from './actions.ts';
import { useFewShot, usePerform, useRelight, useSettings, useStatus, useStudio, useUi } from './context.ts';
import panelsStyles from './panels.module.css';
import { IS_MAC } from './platform.ts';
import { ProblemOf } from './problem.tsx';
import shellStyles from './shell.module.css';
import { WORKSPACES } from './workspaces.ts';

/** A button for an action of the list, named and keyed as it is there. */
function ActionButton({ id, icon, pressed }: { id: string; icon: ReactNode; pressed?: boolean }) {
  const perform = usePerform();
  const { label, keys } = action(id);
  const [shortcut] = keys;
  return (
    <Tooltip label={shortcut ? `${label} (${writeKeys(shortcut, IS_MAC)})` : label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={label}
        aria-pressed={pressed}
        data-pressed={pressed || undefined}
        className={shellStyles.barButton}
        onClick={() => perform(action(id))}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

export function TopBar() {
  const scheme = useComputedColorScheme('light');
  const { sourcesOpen, inspectorOpen, stripOpen } = useSettings(({ sourcesOpen, inspectorOpen, stripOpen }) => ({
    sourcesOpen,
    inspectorOpen,
    stripOpen,
  }));
  const workspace = useSettings(({ workspace }) => workspace);
  const drawer = useUi(({ drawer }) => drawer);
  const { host } = useStudio();
  return (
    <header className={shellStyles.topBar}>
      <h1 className={shellStyles.brand}>
        <Mark />
        <span className={shellStyles.brandName}>Heliograph</span>
      </h1>
      <Workspaces />
      <Privacy />
      <span className={shellStyles.spacer} />
      {workspace === 'relight' ? <RendererBadge /> : <DeviceBadge />}
      <span className={shellStyles.barGroup}>
        <ActionButton id="copy-link" icon={<IconLink size={18} />} />
        <ActionButton id="palette" icon={<IconSearch size={18} />} />
        <ActionButton id="theme" icon={scheme === 'dark' ? <IconSun size={18} /> : <IconMoon size={18} />} />
        <ActionButton id="help" icon={<IconHelp size={18} />} />
      </span>
      <span className={shellStyles.barGroup} data-panels>
        <ActionButton id="sources" icon={<IconLayoutSidebar size={18} />} pressed={sourcesOpen} />
        <ActionButton id="strip" icon={<IconLayoutBottombar size={18} />} pressed={stripOpen} />
        <ActionButton
          id="inspector"
          icon={<IconLayoutSidebarRight size={18} />}
          pressed={host.narrow() ? drawer : inspectorOpen}
        />
      </span>
    </header>
  );
}

/** The name's mark: a mirror that throws the sun's light on. */
function Mark() {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" className={shellStyles.mark}>
      <circle cx="9" cy="9" r="4.5" />
      <path d="M9 1v1.5M1 9h1.5M3.3 3.3l1.1 1.1M14.7 3.3l-1.1 1.1M3.3 14.7l1.1-1.1M13.5 13.5 22 22M16.5 12.6l5.5 3M12.6 16.5l3 5.5" />
    </svg>
  );
}

/** Which of the studio's rooms is shown. */
function Workspaces() {
  const { settings } = useStudio();
  const current = useSettings(({ workspace }) => workspace);
  return (
    <nav className={shellStyles.workspaces} aria-label="Workspaces">
      {WORKSPACES.map((workspace) => (
        <UnstyledButton
          key={workspace}
          className={shellStyles.workspace}
          aria-current={workspace === current ? 'page' : undefined}
          onClick={() => settings.set({ workspace })}
        >
          {WORKSPACE_NAMES[workspace]}
        </UnstyledButton>
      ))}
    </nav>
  );
}

/** The promise that everything is computed here, with the reasons one can check. */
function Privacy() {
  const [opened, { toggle, close }] = useDisclosure(false);
  return (
    <Popover opened={opened} onChange={close} trapFocus returnFocus width={320} position="bottom-start">
      <Popover.Target>
        <UnstyledButton className={shellStyles.privacy} onClick={toggle} aria-expanded={opened}>
          <IconLock size={14} aria-hidden="true" />
          Nothing leaves your machine
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={panelsStyles.prose} aria-label="Nothing leaves your machine">
        <p>
          Models and pictures you open are read by this page and computed by your own processor or graphics card. There is no
          server that could receive them.
        </p>
        <p>
          The page may speak only to the address it came from (its security policy forbids the rest), and only to fetch its own
          files. Once loaded, it works offline.
        </p>
      </Popover.Dropdown>
    </Popover>
  );
}

const RENDERERS = { webgpu: 'WebGPU', webgl2: 'WebGL 2' } as const;

/** What draws the relit scene, and how long the last picture in full took. */
function RendererBadge() {
  const { backend, drawn, trouble } = useRelight(({ backend, drawn, trouble }) => ({ backend, drawn, trouble }));
  const label = drawn
    ? `Last picture in full: ${drawn.width} × ${drawn.height} pixels${drawn.rays > 1 ? `, ${drawn.rays} rays each` : ''}`
    : 'What draws the scene';
  return (
    <Tooltip label={label}>
      <span className={shellStyles.renderer} data-problem={trouble ? true : undefined}>
        <IconBulb size={14} aria-hidden="true" />
        {backend ? RENDERERS[backend] : trouble ? 'No graphics' : 'Starting …'}
        {drawn && <span className={shellStyles.time}>{Math.round(drawn.milliseconds)} ms</span>}
      </span>
    </Tooltip>
  );
}

const DEVICES = [
  { value: 'auto', label: 'Automatic' },
  { value: 'webgpu', label: 'WebGPU' },
  { value: 'wasm', label: 'wasm' },
];

/** Which device computes and how long the last run took; opens the choice and the reason. */
function DeviceBadge() {
  const { settings } = useStudio();
  const [opened, { toggle, close }] = useDisclosure(false);
  const { device, explained, problem } = useStatus(({ device, lastRun, problems }) => ({
    device,
    explained: lastRun,
    problem: problems.device,
  }));
  const learned = useFewShot(({ lastRun }) => lastRun);
  const lastRun = useSettings(({ workspace }) => workspace) === 'few-shot' ? learned : explained;
  const chosen = useSettings(({ device }) => device);
  const name = !device ? 'Starting …' : device.backend === 'webgpu' ? 'WebGPU' : 'wasm';
  const time = lastRun === null ? '' : `${lastRun < 10 ? lastRun.toFixed(1) : Math.round(lastRun)} ms`;
  return (
    <Popover opened={opened} onChange={close} trapFocus returnFocus width={320} position="bottom-end">
      <Popover.Target>
        <Tooltip label={device?.note || 'Device and time of the last run'} multiline maw={300} disabled={opened}>
          <Button
            size="compact-sm"
            variant="default"
            className={shellStyles.device}
            data-problem={problem ? true : undefined}
            leftSection={<IconBulb size={14} aria-hidden="true" />}
            onClick={toggle}
            aria-expanded={opened}
          >
            {name}
            {device?.backend === 'wasm' && <span className={shellStyles.threads}>&nbsp;· {threadsOf(device.threads)}</span>}
            {time && <span className={shellStyles.time}>{time}</span>}
          </Button>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown className={panelsStyles.prose} aria-label="Device">
        <SegmentedControl
          fullWidth
          size="xs"
          data={DEVICES}
          value={chosen}
          onChange={(value) => settings.set({ device: value as typeof chosen })}
          aria-label="Device that computes"
        />
        {device && (
          <p>
            {device.backend === 'webgpu'
              ? `Graphics card: ${device.adapter || 'unnamed'}. `
              : `Processor, ${threadsOf(device.threads)}. `}
            {device.note}
          </p>
        )}
        <p>Last run: {time || 'none yet'}.</p>
        <ProblemOf place="device" retry />
      </Popover.Dropdown>
    </Popover>
  );
}

function threadsOf(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}
