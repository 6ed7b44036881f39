import { SegmentedControl } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Appearance } from './appearance.tsx';
import { useSettings, useStatus, useStudio, useUi } from './context.ts';
import { activityOf, type Status, type StudioPicture } from './explain-status.ts';
import panelsStyles from './panels.module.css';
import { Problem, ProblemOf, SettingsProblems } from './problem.tsx';
import { erfLayerOf, obstacleOf, positionOf } from './requests.ts';
import { Running, useLasting } from './running.tsx';
import { maximumMagnitude, resolveLimit } from './seeing/colormap.ts';
import { finding } from './seeing/finding.ts';
import { Legend } from './seeing/Legend.tsx';
import { MapView } from './seeing/MapView.tsx';
import { DEFAULT_LIMIT, DEFAULT_LOOK, type MapLook, type ViewStatus } from './seeing/types.ts';
import stageStyles from './stage.module.css';
import { DEFAULTS, lookOf } from './state.ts';
import { TakeAwayMenu } from './take-away-menu.tsx';
import { activityFraction, activityLabel, failureOf, mapOnScreen } from './view.ts';

const Compare = lazy(() => import('./compare.tsx'));

/** What runs, once it has run for a moment. */
function useRunning() {
  return useLasting(useStatus(activityOf));
}

/** The part of the picture the model sees, for the screen. */
export function useSeen(): ImageData | null {
  return useStatus(({ prepared }) => prepared?.seen ?? null);
}

export function Stage() {
  const view = useSettings(({ view }) => view);
  return (
    <>
      <Toolbar />
      <div className={stageStyles.problems}>
        <SettingsProblems />
        <ProblemOf place="export" />
        <ProblemOf place="map" />
        <Failure />
      </div>
      {view === 'compare' ? (
        <Suspense fallback={null}>
          <Compare />
        </Suspense>
      ) : (
        <Single />
      )}
    </>
  );
}

function Failure() {
  const { controller } = useStudio();
  const failure = useStatus(failureOf);
  const { model, method } = { model: useStatus(({ model }) => model), method: useSettings(({ method }) => method) };
  const obstacle = model && obstacleOf(model.summary, method);
  if (obstacle) return <Problem error={{ code: 'method-not-applicable', message: obstacle, remedy: '' }} />;
  return failure && <Problem error={failure} onRetry={controller.retry} />;
}

const VIEWS = [
  { value: 'single', label: 'One map' },
  { value: 'compare', label: 'Compare' },
];

function Toolbar() {
  const { settings, controller } = useStudio();
  const view = useSettings(({ view }) => view);
  const running = useRunning();
  return (
    <div className={stageStyles.toolbar} role="toolbar" aria-label="View">
      <SegmentedControl
        size="xs"
        data={VIEWS}
        value={view}
        onChange={(value) => settings.set({ view: value as typeof view })}
        aria-label="View"
      />
      <Appearance />
      <span className={stageStyles.spacer} />
      {running && <Running activity={running.activity} onStop={controller.cancel} />}
      <TakeAway />
    </div>
  );
}

const TAKE_AWAY = ['save-png', 'save-npy', 'save-derived', 'save-session', 'copy-link', 'open-session'] as const;

function TakeAway() {
  // Renders again when a map arrives, because most of the list needs one.
  useStatus(({ shown }) => shown !== null);
  return <TakeAwayMenu actions={TAKE_AWAY} />;
}

/** Feature norms are magnitudes: a sheet of their own scale beside the signed map. */
const NORM_LOOK: MapLook = { ...DEFAULT_LOOK, mode: 'magnitude', ground: 'clear', opacity: 0.8, smooth: false };

function Single() {
  const settings = useSettings((all) => all);
  const status = useStatus((all) => all);
  const seen = useSeen();
  const running = useRunning();
  const onScreen = mapOnScreen(status, settings);
  const failed = failureOf(status) !== null;
  if (!onScreen && !status.verdict && !failed) return <FirstLook status={status} running={running} />;
  const look = lookOf(settings);
  const map = onScreen?.map ?? null;
  const limit = map ? resolveLimit([map], settings.limit) : 1;
  const view: ViewStatus = onScreen?.current || failed ? { kind: 'ready' } : viewStatus(running, onScreen !== null);
  return (
    <div className={stageStyles.views} data-two={settings.method === 'erf' || undefined}>
      {settings.method === 'erf' && <Pointing seen={seen} />}
      <div className={stageStyles.viewColumn}>
        <div className={stageStyles.viewBox}>
          <MapView
            picture={seen}
            map={map}
            look={look}
            limit={limit}
            unit={onScreen?.unit ?? ''}
            explained={onScreen?.explained ?? null}
            alt={onScreen ? finding(onScreen.map, onScreen.explained) : altOfPicture(status.picture)}
            status={view}
          />
        </div>
        {map && <StageLegend maximum={maximumMagnitude(map.values)} limit={limit} unit={onScreen?.unit ?? ''} />}
      </div>
    </div>
  );
}

function altOfPicture(picture: StudioPicture | null): string {
  return picture ? `${picture.title}, no map yet` : 'No picture yet';
}

function viewStatus(running: ReturnType<typeof useRunning>, hasMap: boolean): ViewStatus {
  if (running) return { kind: 'running', label: activityLabel(running.activity), fraction: activityFraction(running.activity) };
  return hasMap ? { kind: 'ready' } : { kind: 'stale' };
}

function StageLegend({ limit, unit, maximum }: { limit: number; unit: string; maximum: number }) {
  const { settings } = useStudio();
  const { mode, setting, threshold, contours } = useSettings(({ mode, limit, threshold, contours }) => ({
    mode,
    setting: limit,
    threshold,
    contours,
  }));
  return (
    <Legend
      mode={mode}
      limit={limit}
      unit={unit}
      setting={setting}
      onSetting={(next) => settings.set({ limit: next })}
      maximum={maximum}
      threshold={threshold}
      contours={contours}
    />
  );
}

/** The picture with the layer's feature norms: point at a position, and its field appears beside. */
function Pointing({ seen }: { seen: ImageData | null }) {
  const { settings: store } = useStudio();
  const settings = useSettings((all) => all);
  const { model, strip } = useStatus(({ model, strip }) => ({ model, strip }));
  const layer = model && erfLayerOf(model.summary, settings);
  if (!model || !layer) return null;
  const norms = strip?.norms.find(({ tensor }) => tensor === layer.tensor) ?? null;
  const limit = norms ? resolveLimit([norms], DEFAULT_LIMIT) : 1;
  return (
    <div className={stageStyles.viewColumn}>
      <div className={stageStyles.viewBox}>
        <MapView
          picture={seen}
          map={norms}
          look={NORM_LOOK}
          limit={limit}
          unit="length of the feature vector"
          explained={{ model: model.summary.name, method: 'Feature norm', target: '', layer: layer.tensor, start: null }}
          alt={norms ? finding(norms, { method: `Feature norm of ${layer.tensor}`, target: '' }) : 'Feature norms to come'}
          picking={{
            height: layer.height,
            width: layer.width,
            current: positionOf(layer, settings, norms),
            onPick: (y, x) => store.set({ at: [y, x] }),
            label: `Point at a position of ${layer.tensor}`,
          }}
        />
      </div>
      <Legend mode="magnitude" limit={limit} unit="length of the feature vector" setting={DEFAULT_LIMIT} />
    </div>
  );
}

/** A stored result, plainly said to be one, until this machine has computed its own. */
function FirstLook({ status, running }: { status: Status; running: ReturnType<typeof useRunning> }) {
  const first = useUi(({ firstLook }) => firstLook);
  const settings = useSettings((all) => all);
  const fits = first && settings.image === first.look.image && settings.model === first.look.model;
  const view = viewStatus(running, true);
  // Until the stored numbers are here, their picture stands where the page had it before the scripts ran.
  if (!first && settings.image === DEFAULTS.image && settings.model === DEFAULTS.model) return <StoredPicture />;
  if (!fits) {
    return (
      <div className={stageStyles.views}>
        <div className={stageStyles.viewBox}>
          <MapView
            picture={null}
            map={null}
            look={DEFAULT_LOOK}
            limit={1}
            unit=""
            explained={null}
            alt={altOfPicture(status.picture)}
            status={view}
          />
        </div>
      </div>
    );
  }
  const { look, picture } = first;
  const unit = 'share of the score per position';
  const limit = resolveLimit([look.map], settings.limit);
  const explained = { model: look.title, method: 'SRD', target: look.target, layer: null, start: 'computed beforehand' };
  return (
    <div className={stageStyles.views}>
      <div className={stageStyles.viewColumn}>
        <div className={stageStyles.viewBox}>
          <MapView
            picture={picture}
            map={look.map}
            look={lookOf(settings)}
            limit={limit}
            unit={unit}
            explained={explained}
            alt={`Computed beforehand. ${finding(look.map, explained)}`}
          />
        </div>
        <p className={stageStyles.firstLook} role="status">
          <span>This map was computed beforehand. Your own machine is getting ready to compute it anew.</span>
          {view.kind === 'running' && (
            <progress {...(view.fraction === null ? {} : { value: view.fraction })} aria-label={view.label} />
          )}
        </p>
      </div>
    </div>
  );
}

function StoredPicture() {
  return (
    <div className={stageStyles.views}>
      <div className={stageStyles.stored}>
        <img
          src="./first-look/overlay.png"
          width={448}
          height={448}
          alt="An explanation of the photograph, computed beforehand"
        />
        <p className={panelsStyles.quiet}>
          This map was computed beforehand. Your own machine is getting ready to compute it anew.
        </p>
      </div>
    </div>
  );
}
