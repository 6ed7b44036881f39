import { CloseButton, MantineProvider, VisuallyHidden } from '@mantine/core';
import { useHotkeys, useMediaQuery } from '@mantine/hooks';
import { type ComponentType, lazy, type ReactNode, Suspense, startTransition, useEffect, useRef, useState } from 'react';
import { actionsOf, isSingleKey } from './actions.ts';
import { type Studio, StudioContext, useBusy, usePerform, useSettings, useStatus, useStudio, useUi } from './context.ts';
import { filesIn } from './dropped-files.ts';
import { keepEscape } from './escape.ts';
import { NARROW } from './host.ts';
import { type Place, panel } from './panels.ts';
import { Problem } from './problem.tsx';
import { finding } from './seeing/finding.ts';
import styles from './shell.module.css';
import { cssVariables, theme } from './theme.ts';
import { TopBar } from './top-bar.tsx';
import type { DialogName } from './ui.ts';
import { mapOnScreen } from './view.ts';
import type { Workspace } from './workspaces.ts';

const DIALOGS = {
  palette: lazy(() => import('./palette.tsx')),
  help: lazy(() => import('./help.tsx')),
  preprocessing: lazy(() => import('./preprocessing-dialog.tsx')),
  camera: lazy(() => import('./camera.tsx')),
} satisfies Record<DialogName, unknown>;

export function App({ studio }: { studio: Studio }) {
  return (
    <StudioContext value={studio}>
      <Themed />
    </StudioContext>
  );
}

function Themed() {
  const scheme = useSettings(({ theme: chosen }) => chosen);
  const { host } = useStudio();
  const [dark, setDark] = useState(host.prefersDark());
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setDark(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      forceColorScheme={scheme === 'auto' ? (dark ? 'dark' : 'light') : scheme}
    >
      <Shell />
    </MantineProvider>
  );
}

/** Well after the first paint. Milliseconds. */
const PALETTE_LOADS_AFTER = 2000;

const NOT_LOADED = {
  code: 'download-failed',
  message: 'A part of the studio could not be loaded.',
  remedy: 'Check the connection and try again.',
} as const;

/**
 * A panel when its code is there, rendered in slices: all panels at once hold the page for a quarter of a second, which nobody
 * can click in. Their places are there from the start, so nothing moves.
 */
function Panel({ place }: { place: Place }) {
  const workspace = useSettings(({ workspace }) => workspace);
  const [arrived, setArrived] = useState<{ readonly workspace: Workspace; readonly Component: ComponentType } | null>(null);
  const [tries, setTries] = useState(0);
  const [failed, setFailed] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another try asks again
  useEffect(() => {
    let wanted = true;
    setFailed(false);
    panel(workspace, place).then(
      (Component) => wanted && startTransition(() => setArrived({ workspace, Component })),
      () => wanted && setFailed(true),
    );
    return () => {
      wanted = false;
    };
  }, [workspace, place, tries]);
  if (failed) return <Problem error={NOT_LOADED} onRetry={() => setTries(tries + 1)} />;
  return arrived?.workspace === workspace && <arrived.Component />;
}

const STRIP_NAMES: Readonly<Record<Workspace, string>> = { explain: 'Layers', 'few-shot': 'Steps', relight: 'Day' };

function Shell() {
  const { sourcesOpen, inspectorOpen, stripOpen } = useSettings(({ sourcesOpen, inspectorOpen, stripOpen }) => ({
    sourcesOpen,
    inspectorOpen,
    stripOpen,
  }));
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const workspace = useSettings(({ workspace }) => workspace);
  const drawer = useUi(({ drawer }) => drawer);
  const inspector = narrow ? drawer : inspectorOpen;
  useShortcuts();
  useEffect(() => {
    // The palette must be there when its keys are pressed; nothing is slower for loading it now.
    const timer = setTimeout(() => void import('./palette.tsx'), PALETTE_LOADS_AFTER);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div
      className={styles.shell}
      data-sources={sourcesOpen || undefined}
      data-inspector={inspector || undefined}
      data-strip={stripOpen || undefined}
    >
      <a className={styles.skip} href="#stage">
        Skip to the picture
      </a>
      <TopBar />
      <aside className={styles.sources} aria-label="Sources" hidden={!sourcesOpen}>
        <Panel place="sources" />
      </aside>
      <Main>
        <Panel place="stage" />
      </Main>
      <InspectorPanel opened={inspector} drawer={Boolean(narrow)} />
      <section className={styles.strip} aria-label={STRIP_NAMES[workspace]} hidden={!stripOpen}>
        <Panel place="strip" />
      </section>
      {workspace === 'explain' && <Announcer />}
      <Notice />
      <DropZone />
      <Dialogs />
    </div>
  );
}

/** Says that it is busy without rendering what is in it again. */
function Main({ children }: { children: ReactNode }) {
  return (
    <main id="stage" className={styles.stage} tabIndex={-1} aria-busy={useBusy()}>
      {children}
    </main>
  );
}

function InspectorPanel({ opened, drawer }: { opened: boolean; drawer: boolean }) {
  const { ui } = useStudio();
  return (
    <aside
      className={styles.inspector}
      aria-label="Inspector"
      hidden={!opened}
      onKeyDown={(event) => {
        if (!drawer || event.key !== 'Escape') return;
        keepEscape(event);
        ui.setState({ drawer: false });
      }}
    >
      {drawer && (
        <CloseButton
          className={styles.closeDrawer}
          aria-label="Close the inspector"
          onClick={() => ui.setState({ drawer: false })}
        />
      )}
      <Panel place="inspector" />
    </aside>
  );
}

/** Whether keys pressed there are writing, or choosing in a list by its first letter. Switches and sliders have no use for them. */
function takesLetters(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !target.readOnly && !['radio', 'checkbox', 'range', 'button'].includes(target.type);
  return target.matches('textarea, select') || target.isContentEditable;
}

/** All shortcuts of the list. While a dialog is open they rest, and so do those of a single key where a reader wants that. */
function useShortcuts(): void {
  const perform = usePerform();
  const singleKeys = useSettings(({ singleKeys }) => singleKeys);
  const dialog = useUi(({ dialog }) => dialog);
  const workspace = useSettings(({ workspace }) => workspace);
  const active = dialog === null ? actionsOf(workspace) : [];
  useHotkeys(
    active.flatMap((action) =>
      action.keys
        .filter((keys) => singleKeys || !isSingleKey(keys))
        .map((keys): [string, (event: KeyboardEvent) => void, { preventDefault: boolean }] => [
          keys,
          (event) => {
            if (takesLetters(event.target)) return;
            if (keys !== 'Escape') event.preventDefault();
            perform(action);
          },
          { preventDefault: false },
        ]),
    ),
    [],
  );
}

/** Says results aloud: the finding of each finished map, and what went wrong. */
function Announcer() {
  const status = useStatus((all) => all);
  const settings = useSettings((all) => all);
  const onScreen = mapOnScreen(status, settings);
  const text = onScreen?.current && settings.view === 'single' ? finding(onScreen.map, onScreen.explained) : '';
  return (
    <VisuallyHidden role="status" aria-live="polite" aria-label="Result">
      {text}
    </VisuallyHidden>
  );
}

/** How long a confirmation stays. Milliseconds. */
const NOTICE_STAYS = 5000;

function Notice() {
  const { ui } = useStudio();
  const notice = useUi(({ notice }) => notice);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => ui.setState({ notice: '' }), NOTICE_STAYS);
    return () => clearTimeout(timer);
  }, [notice, ui]);
  return (
    <div className={styles.notice} role="status" data-shown={notice !== '' || undefined}>
      {notice}
    </div>
  );
}

const WELCOME: Readonly<Record<Workspace, string>> = {
  explain: 'Drop a picture, an .onnx classifier with its weight files, class labels or a session',
  'few-shot': 'Drop folders of images (a class each), a picture to ask about, or a saved episode',
  relight: 'Drop the folder of a scene, or a session',
};

/** The whole window takes files; while they hover it says what it takes. Pasting works too. */
function DropZone() {
  const { intake } = useStudio();
  const workspace = useSettings(({ workspace }) => workspace);
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  useEffect(() => {
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth.current += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth.current = Math.max(0, depth.current - 1);
      if (depth.current === 0) setOver(false);
    };
    const hover = (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth.current = 0;
      setOver(false);
      if (event.dataTransfer) void filesIn(event.dataTransfer).then(intake.take);
    };
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) void intake.take(files);
    };
    addEventListener('dragenter', enter);
    addEventListener('dragleave', leave);
    addEventListener('dragover', hover);
    addEventListener('drop', drop);
    addEventListener('paste', paste);
    return () => {
      removeEventListener('dragenter', enter);
      removeEventListener('dragleave', leave);
      removeEventListener('dragover', hover);
      removeEventListener('drop', drop);
      removeEventListener('paste', paste);
    };
  }, [intake]);
  if (!over) return null;
  return (
    <div className={styles.dropZone} aria-hidden="true">
      <p>{WELCOME[workspace]}</p>
    </div>
  );
}

/** Dialogs are loaded when first opened and stay, so that closing can be animated. */
function Dialogs() {
  const dialog = useUi(({ dialog }) => dialog);
  const [loaded, setLoaded] = useState<readonly DialogName[]>([]);
  useEffect(() => {
    if (dialog) setLoaded((before) => (before.includes(dialog) ? before : [...before, dialog]));
  }, [dialog]);
  return loaded.map((name) => {
    const Dialog = DIALOGS[name];
    return (
      <Suspense key={name} fallback={null}>
        <Dialog />
      </Suspense>
    );
  });
}
