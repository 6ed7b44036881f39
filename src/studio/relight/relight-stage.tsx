import { ActionIcon, NativeSelect, SegmentedControl, Tooltip, VisuallyHidden } from '@mantine/core';
import { IconSunrise } from '@tabler/icons-react';
import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { radians, toDegrees } from '../../relight/angle.ts';
import type { Layer } from '../../relight/frame-uniforms.ts';
import type { Scene, SceneCamera } from '../../relight/scene.ts';
import { useRelight, useSettings, useStudio } from '../context.ts';
import { Problem, SettingsProblems } from '../problem.tsx';
import { useCanvasSize } from '../seeing/use-canvas-size.ts';
import stageStyles from '../stage.module.css';
import { formatMinute } from './clock.ts';
import { describeSun } from './compass-dome.tsx';
import { dolly, type Limits, look, orbit, type Pose, pan, walk } from './navigation.ts';
import styles from './relight.module.css';
import { LAYER_NAMES } from './relight-actions.ts';
import { sunOf } from './relight-day.ts';
import { LAYERS } from './relight-settings.ts';
import { cameraIn, limitsOf, viewpointOf } from './relight-view.ts';
import { usePhotograph } from './scene-panel.tsx';
import { SkyOverlay } from './sky-overlay.tsx';
import { TakeAway } from './take-away.tsx';

/** The relit scene, as large as it can be. */
export function RelightStage() {
  const { relight } = useStudio();
  const { scene, trouble, canvasKey } = useRelight(({ scene, trouble, canvasKey }) => ({ scene, trouble, canvasKey }));
  return (
    <>
      <Toolbar scene={scene} />
      <div className={stageStyles.problems}>
        <SettingsProblems />
        {trouble && <Problem error={trouble} onRetry={relight.retry} />}
      </div>
      <Picture key={canvasKey} scene={scene} />
    </>
  );
}

const LAYER_OPTIONS = LAYERS.map((value) => ({ value, label: LAYER_NAMES[value] }));
const SPLIT_OPTIONS = [
  { value: 'none', label: 'Whole picture' },
  { value: 'layer', label: 'Beside another layer' },
  { value: 'time', label: 'Beside another time' },
  { value: 'photograph', label: 'Beside the photograph' },
];

function Toolbar({ scene }: { scene: Scene | null }) {
  const { settings } = useStudio();
  const { show, split, path, move, viewpoint, eye } = useSettings(({ show, split, path, move, viewpoint, eye }) => ({
    show,
    split,
    path,
    move,
    viewpoint,
    eye,
  }));
  const photographed = scene !== null && Boolean(viewpointOf({ viewpoint, eye }, scene)?.image);
  return (
    <div className={stageStyles.toolbar} role="toolbar" aria-label="View">
      <NativeSelect
        size="xs"
        aria-label="What is shown"
        data={LAYER_OPTIONS}
        value={show}
        onChange={({ currentTarget }) => settings.set({ show: currentTarget.value as typeof show })}
      />
      <NativeSelect
        size="xs"
        aria-label="Split the picture"
        data={SPLIT_OPTIONS.map((option) => ({
          ...option,
          disabled: option.value === 'photograph' && !photographed && split !== 'photograph',
        }))}
        value={split}
        onChange={({ currentTarget }) => settings.set({ split: currentTarget.value as typeof split })}
      />
      <SegmentedControl
        size="xs"
        aria-label="How to move"
        data={[
          { value: 'orbit', label: 'Orbit' },
          { value: 'walk', label: 'Walk' },
        ]}
        value={move}
        onChange={(value) => settings.set({ move: value as typeof move })}
      />
      <Tooltip label="The sun’s path over the picture (C)">
        <ActionIcon
          variant="default"
          size={26}
          aria-label="The sun’s path over the picture"
          aria-pressed={path}
          data-pressed={path || undefined}
          className={styles.toggle}
          onClick={() => settings.set({ path: !path })}
        >
          <IconSunrise size={16} />
        </ActionIcon>
      </Tooltip>
      <span className={stageStyles.spacer} />
      <TakeAway />
    </div>
  );
}

/** Radians the view turns while the pointer crosses the picture. */
const TURN = Math.PI;
const ZOOM_WHEEL = 0.0012;
const KEY_TURN = radians(Math.PI / 36);
const KEY_STEP = 0.6;
const KEY_ZOOM = 1.15;
/** Metres walked for each pixel of the wheel. */
const WHEEL_STEP = 0.01;

const NONE = radians(0);
type Move = (pose: Pose, limits: Limits) => Pose;

const ORBIT_KEYS: Readonly<Record<string, Move>> = {
  ArrowLeft: (pose, limits) => orbit(pose, radians(-KEY_TURN), NONE, limits),
  ArrowRight: (pose, limits) => orbit(pose, KEY_TURN, NONE, limits),
  ArrowUp: (pose, limits) => orbit(pose, NONE, KEY_TURN, limits),
  ArrowDown: (pose, limits) => orbit(pose, NONE, radians(-KEY_TURN), limits),
  '+': (pose, limits) => dolly(pose, 1 / KEY_ZOOM, limits),
  '=': (pose, limits) => dolly(pose, 1 / KEY_ZOOM, limits),
  '-': (pose, limits) => dolly(pose, KEY_ZOOM, limits),
};

const WALK_KEYS: Readonly<Record<string, Move>> = {
  ArrowLeft: (pose) => look(pose, radians(-KEY_TURN), NONE),
  ArrowRight: (pose) => look(pose, KEY_TURN, NONE),
  ArrowUp: (pose, limits) => walk(pose, KEY_STEP, 0, limits),
  ArrowDown: (pose, limits) => walk(pose, -KEY_STEP, 0, limits),
  PageUp: (pose) => look(pose, NONE, KEY_TURN),
  PageDown: (pose) => look(pose, NONE, radians(-KEY_TURN)),
};

function Picture({ scene }: { scene: Scene | null }) {
  const { relight } = useStudio();
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const size = useCanvasSize(canvas);
  const { loading, preparing, trouble } = useRelight(({ loading, preparing, trouble }) => ({ loading, preparing, trouble }));
  const { split, viewpoint, eye, target, move } = useSettings(({ split, viewpoint, eye, target, move }) => ({
    split,
    viewpoint,
    eye,
    target,
    move,
  }));
  const camera = useMemo(() => scene && cameraIn({ viewpoint, eye, target }, scene), [scene, viewpoint, eye, target]);
  const dataset = scene && viewpointOf({ viewpoint, eye }, scene);
  const photographed = split === 'photograph' && dataset?.image ? dataset : null;

  useEffect(() => {
    if (canvas.current) return relight.attach(canvas.current);
  }, [relight]);
  useEffect(() => {
    if (size) relight.resize(size.width, size.height);
  }, [relight, size]);
  useGestures(frame, move === 'walk');

  function onKeyDown(event: KeyboardEvent): void {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const change = (move === 'walk' ? WALK_KEYS : ORBIT_KEYS)[event.key];
    if (!change) return;
    event.preventDefault();
    relight.move((pose, of) => change(pose, limitsOf(of)));
  }

  /** The point under the pointer becomes the one the view turns about; sky gets the sun. */
  function onDoubleClick(event: MouseEvent): void {
    const box = event.currentTarget.getBoundingClientRect();
    void relight.recentre((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }

  const css = size ? { width: size.width / devicePixelRatio, height: size.height / devicePixelRatio } : null;
  return (
    <div className={styles.stage}>
      <div
        ref={frame}
        className={styles.frame}
        role="application"
        aria-roledescription="relit scene"
        aria-label={move === 'walk' ? 'Arrow keys walk and turn.' : 'Arrow keys turn, plus and minus go nearer and back.'}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes the keyboard
        tabIndex={0}
        onKeyDown={onKeyDown}
        onDoubleClick={onDoubleClick}
        data-photograph={photographed ? true : undefined}
        style={photographed ? { aspectRatio: `${photographed.width} / ${photographed.height}` } : {}}
      >
        <canvas ref={canvas} className={styles.canvas} />
        {scene && camera && css && <SkyOverlay scene={scene} camera={camera} {...css} />}
        {scene && photographed && <Photograph scene={scene} camera={photographed} />}
        {scene && split !== 'none' && (split !== 'photograph' || photographed) && <Divider frame={frame} />}
        {split === 'photograph' && !photographed && scene && (
          <p className={styles.note}>Choose a viewpoint on the left: only there was a photograph taken.</p>
        )}
        {(loading || preparing) && !trouble && (
          <p className={styles.wait} role="status">
            {loading ? 'Loading the scene …' : 'Making shaders for your graphics …'}
          </p>
        )}
      </div>
      {scene && <Caption scene={scene} />}
    </div>
  );
}

/** Pointer, wheel, touch and keys move the view. */
function useGestures(frame: RefObject<HTMLDivElement | null>, walking: boolean): void {
  const { relight } = useStudio();
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const pointers = new Map<number, { x: number; y: number }>();
    const step = (change: (pose: Pose, limits: Limits) => Pose) => relight.move((pose, scene) => change(pose, limitsOf(scene)));

    const down = (event: globalThis.PointerEvent) => {
      if (event.target !== element.querySelector('canvas') && !(event.target instanceof SVGSVGElement)) return;
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      element.setPointerCapture(event.pointerId);
    };
    const moved = (event: globalThis.PointerEvent) => {
      const last = pointers.get(event.pointerId);
      if (!last) return;
      const { width, height } = element.getBoundingClientRect();
      const [dx, dy] = [(event.clientX - last.x) / width, (event.clientY - last.y) / height];
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (other) {
        const before = Math.hypot(last.x - other.x, last.y - other.y);
        const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
        step((pose, limits) => pan(dolly(pose, before / Math.max(1, after), limits), -dx / 2, dy / 2, limits));
      } else if (event.shiftKey || event.buttons === 2 || event.buttons === 4) {
        step((pose, limits) => pan(pose, -dx, dy, limits));
      } else if (walking) {
        step((pose) => look(pose, radians((-dx * TURN) / 2), radians((dy * TURN) / 2)));
      } else {
        step((pose, limits) => orbit(pose, radians(-dx * TURN), radians(dy * TURN), limits));
      }
    };
    const up = (event: globalThis.PointerEvent) => pointers.delete(event.pointerId);
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      step((pose, limits) =>
        walking ? walk(pose, -event.deltaY * WHEEL_STEP, 0, limits) : dolly(pose, Math.exp(event.deltaY * ZOOM_WHEEL), limits),
      );
    };
    const menu = (event: Event) => event.preventDefault();
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', moved);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', up);
    element.addEventListener('wheel', wheel, { passive: false });
    element.addEventListener('contextmenu', menu);
    return () => {
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', moved);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', up);
      element.removeEventListener('wheel', wheel);
      element.removeEventListener('contextmenu', menu);
    };
  }, [frame, relight, walking]);
}

/** The dataset's photograph on the right of the divider. */
function Photograph({ scene, camera }: { scene: Scene; camera: SceneCamera }) {
  const url = usePhotograph(scene, camera);
  const divider = useSettings(({ divider }) => divider);
  if (!url) return null;
  return (
    <img
      className={styles.photograph}
      src={url}
      alt="The photograph the training never saw"
      style={{ clipPath: `inset(0 0 0 ${100 * divider}%)` }}
    />
  );
}

const DIVIDER_STEP = 0.02;

function Divider({ frame }: { frame: RefObject<HTMLDivElement | null> }) {
  const { settings } = useStudio();
  const { divider, split, show, showRight, minute, minuteRight } = useSettings(
    ({ divider, split, show, showRight, minute, minuteRight }) => ({ divider, split, show, showRight, minute, minuteRight }),
  );
  const set = (value: number) => settings.set({ divider: Math.round(1000 * Math.min(1, Math.max(0, value))) / 1000 });
  const names = {
    layer: [LAYER_NAMES[show], LAYER_NAMES[showRight]],
    time: [formatMinute(minute), formatMinute(minuteRight)],
    photograph: ['Relit', 'Photograph'],
    none: ['', ''],
  }[split];

  function drag(event: PointerEvent): void {
    const box = frame.current?.getBoundingClientRect();
    if (box && event.buttons !== 0) set((event.clientX - box.left) / box.width);
  }

  return (
    <div
      className={styles.divider}
      style={{ left: `${100 * divider}%` }}
      role="slider"
      tabIndex={0}
      aria-label="Where the halves meet"
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(100 * divider)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.stopPropagation();
      }}
      onPointerMove={drag}
      onDoubleClick={(event) => {
        event.stopPropagation();
        set(0.5);
      }}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -DIVIDER_STEP, ArrowRight: DIVIDER_STEP }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        set(divider + step);
      }}
    >
      <span className={styles.side} data-left>
        {names?.[0]}
      </span>
      <span className={styles.side}>{names?.[1]}</span>
    </div>
  );
}

/** How the layer's shades are read. */
function legendOf(layer: Layer, { box: [low, high] }: Scene): string {
  const farthest = Math.round(Math.hypot(high[0] - low[0], high[1] - low[1], high[2] - low[2]));
  const legends: Readonly<Record<Layer, string>> = {
    final: '',
    albedo: ' · colour without light',
    'learned-shadow': ' · white lit, black in shadow',
    'geometric-shadow': ' · white lit, black in shadow',
    depth: ` · white 0 m, black ${farthest} m`,
    normals: ' · red x, green up, blue z',
  };
  return legends[layer];
}

/** After so long without a change a screen reader is told. Milliseconds. */
const ANNOUNCE_AFTER = 600;

/** What is shown, under which sun. */
function Caption({ scene }: { scene: Scene }) {
  const now = useSettings((all) => all);
  const sun = sunOf(now, scene);
  const when = now.freeSun ? 'sun placed by hand' : `${now.date} ${formatMinute(now.minute)}`;
  const what = `${LAYER_NAMES[now.show]}, sun ${describeSun(sun)}`;
  const [spoken, setSpoken] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSpoken(what), ANNOUNCE_AFTER);
    return () => clearTimeout(timer);
  }, [what]);
  return (
    <p className={styles.caption}>
      <strong>{LAYER_NAMES[now.show]}</strong>
      {what.slice(LAYER_NAMES[now.show].length)}
      <span className={styles.captionQuiet}>
        {' '}
        · {when} · azimuth {Math.round(toDegrees(sun.azimuth))}°{legendOf(now.show, scene)}
      </span>
      <VisuallyHidden role="status" aria-live="polite" aria-label="Result">
        {spoken}
      </VisuallyHidden>
    </p>
  );
}
