/**
 * Keeps the relit picture in step with the settings: loads the scene, owns the renderer, and draws when something has changed and
 * never otherwise. It knows no React; the page gives it a canvas.
 *
 * While things move, frames are drawn as coarsely as they must be to follow; once they rest, one is drawn in full.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { cameraFrame, pixelDirection } from '../../relight/camera.ts';
import type { Frame, RelightRenderer } from '../../relight/renderer.ts';
import type { Scene } from '../../relight/scene.ts';
import type { SceneProgress } from '../../relight/scene-file.ts';
import { sunFromDirection } from '../../relight/sun.ts';
import { addScaled } from '../../relight/vector.ts';
import type { ErrorMessage } from '../../runtime/protocol.ts';
import type { Settings } from '../state.ts';
import type { SettingsStore } from '../store.ts';
import { asMessage } from '../workbench.ts';
import type { Pose } from './navigation.ts';
import { RELIGHT_STATE } from './relight-settings.ts';
import { cameraIn, freeSunAt, poseIn } from './relight-view.ts';

export interface RelightStatus {
  readonly scene: Scene | null;
  /** Bundled id, or `own-1`, … */
  readonly sceneId: string | null;
  readonly loading: SceneProgress | null;
  /** Whether the graphics are being opened, or shaders made for the scene. */
  readonly preparing: boolean;
  /** Whether a picture in full is still to come. */
  readonly drawing: boolean;
  readonly backend: RelightRenderer['backend'] | null;
  /** Of the last picture in full: how long it took, how many pixels it had, and how many rays each of them. */
  readonly drawn: (Pick<Frame, 'width' | 'height' | 'rays'> & { readonly milliseconds: number }) | null;
  readonly playing: boolean;
  /** Why there is no scene, or not the one asked for. */
  readonly problem: ErrorMessage | null;
  /** Why nothing can be drawn. */
  readonly trouble: ErrorMessage | null;
  /** A canvas whose graphics were lost is of no use: this counts the canvases there have been. */
  readonly canvasKey: number;
}

export interface RelightController {
  readonly status: StoreApi<RelightStatus>;
  /** Draws on this canvas, size in device pixels; returns what ends that. */
  attach(canvas: HTMLCanvasElement): () => void;
  resize(width: number, height: number): void;
  /** Opens the user's own scene. The present one stays when that fails. */
  openOwn(files: readonly File[]): Promise<void>;
  /** Lets the day pass, again and again, until `pause`. */
  play(): void;
  pause(): void;
  /** Goes to another pose: the view is no dataset camera any more. */
  move(step: (pose: Pose, scene: Scene) => Pose): void;
  /** Makes what is seen there the point the view turns about; where it is sky, puts the sun there. Shares of the picture's width and height. */
  recentre(x: number, y: number): Promise<void>;
  /** The present picture at a chosen size, in sRGB. */
  picture(width: number, height: number): Promise<ImageData>;
  /** Pictures of the day from sunrise to sunset, evenly spaced. */
  film(width: number, height: number, count: number): AsyncGenerator<ImageData>;
  /** Tries again to load and to draw. */
  retry(): void;
}

type Day = typeof import('./relight-day.ts');

/** What of the browser this needs; a test gives its own. */
export interface RelightSurroundings {
  /** @throws HeliographError */
  readonly loadBundled: (id: string, onProgress: (progress: SceneProgress) => void, signal: AbortSignal) => Promise<Scene>;
  readonly loadOwn: (
    files: readonly File[],
    onProgress: (progress: SceneProgress) => void,
    signal: AbortSignal,
  ) => Promise<Scene>;
  readonly loadDay: () => Promise<Day>;
  readonly createRenderer: (canvas: HTMLCanvasElement, onLost: (error: unknown) => void) => Promise<RelightRenderer>;
  /** Calls back before the next repaint. */
  readonly nextFrame: (callback: () => void) => void;
  /** Milliseconds. */
  readonly clock: () => number;
}

/**
 * Shares of the stage's pixels a side: while moving at most, and at rest. A picture at rest may take `patience` milliseconds; where it
 * would take longer (graphics emulated on the processor), it is as fine as that allows. Where four rays a pixel take at most `smooth`
 * milliseconds, such a picture follows: its edges are smooth.
 */
const QUALITIES = {
  performance: { moving: 0.4, rest: 0.6, patience: 500, smooth: 0 },
  balanced: { moving: 0.6, rest: 1, patience: 1500, smooth: 500 },
  quality: { moving: 0.85, rest: 1, patience: Number.POSITIVE_INFINITY, smooth: 4000 },
} as const;
const COARSEST = 0.15;
/** A frame of movement should take no longer. Milliseconds. */
const FLUENT = 40;
/** After so long without a change things are at rest. Milliseconds. */
const REST_AFTER = 160;
/** A day takes so long to play. Milliseconds. */
const DAY_PLAYS = 24_000;

const INITIAL: RelightStatus = {
  scene: null,
  sceneId: null,
  loading: null,
  preparing: false,
  drawing: false,
  backend: null,
  drawn: null,
  playing: false,
  problem: null,
  trouble: null,
  canvasKey: 0,
};

const VIEW_KEYS = Object.keys(RELIGHT_STATE) as (keyof typeof RELIGHT_STATE)[];

export function createRelight(settings: SettingsStore, around: RelightSurroundings): RelightController {
  const status = createStore<RelightStatus>(() => INITIAL);
  const set = (patch: Partial<RelightStatus>) => status.setState(patch);
  let ownCount = 0;
  let loading: { readonly key: string; readonly abort: AbortController } | null = null;
  let failed: string | null = null;
  let day: Day | null = null;
  let stage: { readonly canvas: HTMLCanvasElement; renderer: RelightRenderer | null; scene: Scene | null } | null = null;
  let size = { width: 0, height: 0 };
  let changedAt = Number.NEGATIVE_INFINITY;
  let wanted = false;
  /** Whether the next picture at rest is one of smooth edges. */
  let smoothing = false;
  /** What a frame of all the stage's pixels would take, by the last one. Milliseconds. */
  let fullTime = 1;
  let movingScale: number = QUALITIES.balanced.moving;

  async function load(key: string, read: (onProgress: (progress: SceneProgress) => void, signal: AbortSignal) => Promise<Scene>) {
    loading?.abort.abort();
    const ticket = { key, abort: new AbortController() };
    loading = ticket;
    set({ loading: { doneBytes: 0, totalBytes: null }, problem: null });
    try {
      const scene = await read((progress) => loading === ticket && set({ loading: progress }), ticket.abort.signal);
      if (loading !== ticket) return false;
      set({ scene, sceneId: key, loading: null });
      loading = null;
      void prepare();
      return true;
    } catch (error) {
      if (loading !== ticket) return false;
      loading = null;
      failed = key;
      set({ loading: null, problem: asMessage(error) });
      return false;
    }
  }

  function follow(): void {
    const { scene: id } = settings.get();
    if (id === null && status.getState().sceneId?.startsWith('own')) return;
    const key = id ?? RELIGHT_STATE.scene.default ?? '';
    if (status.getState().sceneId === key || loading?.key === key || loading?.key.startsWith('own') || failed === key) return;
    void load(key, (onProgress, signal) => around.loadBundled(key, onProgress, signal));
  }

  /** Gives the scene to the renderer. */
  async function prepare(): Promise<void> {
    const { scene } = status.getState();
    const on = stage;
    if (!on?.renderer || !scene || on.scene === scene) return;
    on.scene = scene;
    set({ preparing: true });
    try {
      await on.renderer.setScene(scene);
      if (stage === on) invalidate();
    } catch (error) {
      if (stage === on) set({ trouble: asMessage(error) });
    } finally {
      if (stage === on) set({ preparing: false });
    }
  }

  /** Four rays a pixel of the whole stage, where that takes no longer than a reader wants to wait. */
  function affordableRays(): Frame['rays'] {
    return 4 * fullTime <= QUALITIES[settings.get().quality].smooth ? 4 : 1;
  }

  function frameOf(
    { looksOf }: Day,
    now: Settings,
    scene: Scene,
    size: Pick<Frame, 'width' | 'height' | 'scale' | 'rays'>,
  ): Frame {
    // A disc painted over a photograph's sky would be compared with it.
    const disc = now.show === 'final' && now.split !== 'photograph';
    return { ...size, camera: cameraIn(now, scene), ...looksOf(now, scene), divider: now.divider, disc };
  }

  /** The present picture off the screen. */
  async function picture(now: Settings, width: number, height: number): Promise<ImageData> {
    const drawn = drawable(stage, day);
    const size = { width, height, scale: 1, rays: affordableRays() };
    const { data } = await drawn.renderer.pixels(frameOf(drawn.day, now, drawn.scene, size));
    return new ImageData(new Uint8ClampedArray(data), width, height);
  }

  function invalidate(): void {
    changedAt = around.clock();
    wanted = true;
    if (status.getState().drawing) return;
    set({ drawing: true });
    void draw();
  }

  async function draw(): Promise<void> {
    try {
      while (wanted) {
        await new Promise<void>((resolve) => around.nextFrame(resolve));
        const renderer = stage?.renderer;
        const scene = stage?.scene;
        if (!renderer || !scene || !day || status.getState().preparing || size.width === 0 || size.height === 0) {
          wanted = false;
          break;
        }
        const { moving, rest, patience } = QUALITIES[settings.get().quality];
        const resting = around.clock() - changedAt >= REST_AFTER;
        const bearable = Math.max(COARSEST, Math.sqrt(patience / fullTime));
        const scale = resting ? Math.min(rest, bearable) : Math.min(moving, movingScale);
        // Whatever changes from here on wants another frame.
        wanted = !resting;
        const rays = resting && smoothing ? 4 : 1;
        smoothing = false;
        const begin = around.clock();
        renderer.render(frameOf(day, settings.get(), scene, { ...size, scale, rays }));
        await renderer.finished();
        const milliseconds = around.clock() - begin;
        fullTime = Math.max(1, milliseconds) / rays / scale ** 2;
        if (resting) {
          const [width, height] = [Math.round(size.width * scale), Math.round(size.height * scale)];
          set({ drawn: { milliseconds, width, height, rays } });
          // The frame before was no measure for this one, as after shaders were made: once more, finer.
          if (scale < rest && scale < 0.7 * Math.sqrt(patience / fullTime)) wanted = true;
          else if (rays === 1 && scale === rest && affordableRays() === 4) smoothing = wanted = true;
        }
        // Time goes with the square of the scale; half the step there, so that one odd frame does not make it jump.
        else movingScale = Math.min(moving, Math.max(COARSEST, scale * Math.sqrt(Math.sqrt(FLUENT / Math.max(1, milliseconds)))));
        if (!resting && around.clock() - changedAt < REST_AFTER) await rested();
      }
    } catch (error) {
      set({ trouble: asMessage(error) });
    } finally {
      set({ drawing: false });
    }
  }

  /** Waits for the next change, or until nothing has changed for long enough. */
  async function rested(): Promise<void> {
    const seen = changedAt;
    while (changedAt === seen && around.clock() - seen < REST_AFTER) {
      await new Promise<void>((resolve) => around.nextFrame(resolve));
    }
  }

  function passTime(before: number): void {
    const { scene, playing } = status.getState();
    if (!playing || !scene || !day) return;
    const { daySpan } = day;
    around.nextFrame(() => {
      const now = around.clock();
      const [from, to] = daySpan(settings.get(), scene);
      const { minute } = settings.get();
      const next = minute + ((to - from) * (now - before)) / DAY_PLAYS;
      // Hundredths, or the link would carry fifteen digits.
      settings.set({ minute: next > to || minute < from ? from : Math.round(100 * next) / 100, freeSun: null });
      passTime(now);
    });
  }

  settings.subscribe((now, before) => {
    if (stage) follow();
    if (VIEW_KEYS.some((key) => now[key] !== before[key])) invalidate();
  });

  async function open(canvas: HTMLCanvasElement): Promise<void> {
    const own = { canvas, renderer: null, scene: null } as typeof stage & object;
    stage = own;
    set({ preparing: true });
    try {
      day ??= await around.loadDay();
      const renderer = await around.createRenderer(canvas, (error) => {
        if (stage !== own) return;
        own.renderer?.dispose();
        own.renderer = null;
        set({ trouble: asMessage(error), backend: null });
      });
      if (stage !== own) {
        renderer.dispose();
        return;
      }
      own.renderer = renderer;
      set({ backend: renderer.backend, trouble: null, preparing: false });
      await prepare();
    } catch (error) {
      if (stage === own) set({ trouble: asMessage(error), preparing: false });
    }
  }

  function close(): void {
    stage?.renderer?.dispose();
    stage = null;
    set({ backend: null, drawn: null, preparing: false });
  }

  return {
    status,
    attach(canvas) {
      void open(canvas);
      follow();
      return () => {
        if (stage?.canvas === canvas) close();
      };
    },
    resize(width, height) {
      if (size.width === width && size.height === height) return;
      size = { width, height };
      invalidate();
    },
    async openOwn(files) {
      ownCount += 1;
      const opened = await load(`own-${ownCount}`, (onProgress, signal) => around.loadOwn(files, onProgress, signal));
      if (opened) settings.set({ scene: null, viewpoint: null, eye: null, target: null, latitude: null, longitude: null });
    },
    play() {
      if (status.getState().playing || !day) return;
      set({ playing: true });
      passTime(around.clock());
    },
    pause: () => set({ playing: false }),
    move(step) {
      const { scene } = status.getState();
      if (!scene) return;
      const { eye, target } = step(poseIn(settings.get(), scene), scene);
      const millimetres = (value: number) => Math.round(value * 1000) / 1000;
      const rounded = ([x, y, z]: Pose['eye']): Pose['eye'] => [millimetres(x), millimetres(y), millimetres(z)];
      settings.set({ viewpoint: null, eye: rounded(eye), target: rounded(target) });
    },
    async recentre(x, y) {
      const { scene, renderer } = drawable(stage, day);
      const camera = cameraIn(settings.get(), scene);
      const distance = await renderer.depthAt(camera, x * size.width, y * size.height, size.width, size.height);
      const direction = pixelDirection(camera, x * size.width, y * size.height, size.width, size.height);
      if (distance === null) {
        settings.set({ freeSun: freeSunAt(sunFromDirection(direction, scene.psi)) });
        return;
      }
      const target = addScaled(cameraFrame(camera).position, direction, distance);
      this.move(({ eye }) => ({ eye, target }));
    },
    picture: (width, height) => picture(settings.get(), width, height),
    async *film(width, height, count) {
      const { scene, day: shown } = drawable(stage, day);
      const now = settings.get();
      const [from, to] = shown.daySpan(now, scene);
      for (let index = 0; index < count; index += 1) {
        yield await picture({ ...now, minute: from + ((to - from) * index) / (count - 1), freeSun: null }, width, height);
      }
    },
    retry() {
      failed = null;
      set({ problem: null, trouble: null });
      if (stage && !stage.renderer) set({ canvasKey: status.getState().canvasKey + 1 });
      follow();
      invalidate();
    },
  };
}

function drawable(stage: { readonly renderer: RelightRenderer | null; readonly scene: Scene | null } | null, day: Day | null) {
  if (!stage?.renderer || !stage.scene || !day) throw new Error('There is no picture yet.');
  return { renderer: stage.renderer, scene: stage.scene, day };
}
