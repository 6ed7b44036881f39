import { describe, expect, test } from 'vitest';
import { HeliographError } from '../../graph/errors.ts';
import { degrees, radians } from '../../relight/angle.ts';
import { lookAt } from '../../relight/camera.ts';
import type { Frame, RelightRenderer } from '../../relight/renderer.ts';
import type { Scene } from '../../relight/scene.ts';
import { sunAt } from '../../relight/sun.ts';
import { DEFAULTS } from '../state.ts';
import { createSettings } from '../store.ts';
import { orbit } from './navigation.ts';
import { createRelight, type RelightSurroundings } from './relight-controller.ts';
import * as relightDay from './relight-day.ts';
import { limitsOf } from './relight-view.ts';

const SCENE = {
  place: { latitude: degrees(43.8), longitude: degrees(11.3) },
  psi: radians(0),
  box: [
    [-20, 0, -20],
    [20, 20, 20],
  ],
  cameras: [{ id: 'first', sun: sunAt(degrees(100), degrees(30)), ...lookAt([0, 5, 18], [0, 5, 0], radians(1)) }],
} as unknown as Scene;

/** Lets everything that waits on settled promises go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A studio whose screen repaints and whose clock goes when the test says so. */
function make(drawing = 10) {
  let now = 0;
  const callbacks: (() => void)[] = [];
  const frames: Frame[] = [];
  let lose: (error: unknown) => void = () => {};
  let disposed = 0;
  let depth: number | null = null;
  const renderer = {
    depthAt: async () => depth,
    backend: 'webgl2',
    setScene: async () => {},
    render: (frame: Frame) => {
      frames.push(frame);
      now += drawing * frame.rays * frame.scale ** 2;
    },
    finished: async () => {},
    dispose: () => {
      disposed += 1;
    },
  } as unknown as RelightRenderer;
  const around: RelightSurroundings & { load: () => Promise<Scene> } = {
    load: async () => SCENE,
    loadBundled: () => around.load(),
    loadOwn: () => around.load(),
    loadDay: async () => relightDay,
    createRenderer: async (_, onLost) => {
      lose = onLost;
      return renderer;
    },
    nextFrame: (callback) => void callbacks.push(callback),
    clock: () => now,
  };
  const settings = createSettings({ ...DEFAULTS, workspace: 'relight' }, () => now);
  const relight = createRelight(settings, around);
  const canvas = {} as HTMLCanvasElement;
  /** Repaints until nothing asks for it any more, or `most` times. */
  async function repaint(most = 100): Promise<number> {
    await settle();
    for (let count = 0; count < most; count += 1) {
      const due = callbacks.splice(0);
      if (due.length === 0) return count;
      now += 16;
      for (const callback of due) callback();
      await settle();
    }
    return most;
  }
  const start = async () => {
    const detach = relight.attach(canvas);
    relight.resize(800, 600);
    await repaint();
    return detach;
  };
  const surfaceAt = (distance: number | null) => {
    depth = distance;
  };
  return {
    relight,
    settings,
    around,
    surfaceAt,
    frames,
    repaint,
    start,
    lose: (error: unknown) => lose(error),
    disposed: () => disposed,
  };
}

test('is busy from the first moment until there is a picture', async () => {
  const { relight, repaint, start } = make();
  const busy: boolean[] = [];
  const look = () => {
    const { loading, preparing, drawing } = relight.status.getState();
    busy.push(loading !== null || preparing || drawing);
  };
  const unsubscribe = relight.status.subscribe(look);
  await start();
  await repaint();
  unsubscribe();
  expect(busy.at(-1)).toBe(false);
  expect(busy.slice(0, -1)).not.toContain(false);
  expect(relight.status.getState().drawn).not.toBeNull();
});

test('a point of the picture becomes the middle of turning, and sky gets the sun', async () => {
  const { relight, settings, start, surfaceAt } = make();
  await start();
  surfaceAt(6);
  await relight.recentre(0.5, 0.5);
  // The first camera stands at z = 18 and looks along −z.
  expect(settings.get()).toMatchObject({ freeSun: null, eye: [0, 5, 18], target: [0, 5, 12] });
  surfaceAt(null);
  await relight.recentre(0.5, 0.5);
  // With ψ = 0 that way is north, and level.
  expect(settings.get()).toMatchObject({ freeSun: [0, 0], target: [0, 5, 12] });
});

describe('drawing', () => {
  test('ends with a picture in full, then with one of smooth edges, and then rests', async () => {
    const { frames, start, repaint, relight } = make();
    await start();
    expect(frames.at(-2)).toMatchObject({ width: 800, height: 600, scale: 1, rays: 1 });
    expect(frames.at(-1)).toMatchObject({ width: 800, height: 600, scale: 1, rays: 4 });
    expect(relight.status.getState()).toMatchObject({ backend: 'webgl2', drawn: { width: 800, height: 600 }, preparing: false });
    expect(await repaint()).toBe(0);
  });

  test('is coarser while things move, and in full again at rest', async () => {
    const { frames, start, repaint, settings } = make();
    await start();
    frames.length = 0;
    settings.set({ minute: 600 });
    await repaint();
    expect(frames[0]?.scale).toBeLessThan(1);
    expect(frames.at(-1)?.scale).toBe(1);
    expect(frames.filter(({ scale }) => scale === 1).map(({ rays }) => rays)).toEqual([1, 4]);
  });

  test('has smooth edges only where four rays a pixel are soon drawn', async () => {
    const { frames, start, repaint, settings, relight } = make(300);
    await start();
    // 1.2 s with four rays: too long unless quality is asked for.
    expect(frames.at(-1)).toMatchObject({ scale: 1, rays: 1 });
    settings.set({ quality: 'quality' });
    await repaint();
    expect(frames.at(-1)).toMatchObject({ scale: 1, rays: 4 });
    expect(relight.status.getState().drawn).toMatchObject({ rays: 4 });
    // What moves on in the meantime is drawn coarsely at once.
    const before = frames.length;
    settings.set({ minute: 600 });
    await repaint(1);
    expect(frames[before]).toMatchObject({ rays: 1 });
    expect(frames[before]?.scale).toBeLessThan(1);
    settings.set({ quality: 'performance' });
    await repaint();
    expect(frames.at(-1)).toMatchObject({ rays: 1 });
  });

  test('gets coarse enough to follow on slow graphics, and does not wait long for a picture at rest', async () => {
    const { frames, start, repaint, settings } = make(10_000);
    await start();
    frames.length = 0;
    for (let minute = 600; minute < 620; minute += 1) {
      settings.set({ minute });
      await repaint(1);
    }
    const moving = frames.at(-1)?.scale ?? 1;
    await repaint();
    // 10 s a full frame: the coarsest while moving, and 1.5 s at rest.
    expect(moving).toBe(0.15);
    expect(10_000 * (frames.at(-1)?.scale ?? 1) ** 2).toBeCloseTo(1500, -1);
    settings.set({ quality: 'quality' });
    await repaint();
    expect(frames.at(-1)?.scale).toBe(1);
  });

  test('is not asked for by settings of other workspaces', async () => {
    const { start, repaint, settings } = make();
    await start();
    settings.set({ method: 'gradient', opacity: 0.3 });
    expect(await repaint()).toBe(0);
  });

  test('moves the sun with the clock: east in the morning, west in the evening, and where it was dragged to', async () => {
    const { frames, start, repaint, settings } = make();
    await start();
    settings.set({ date: '2026-03-20', minute: 8 * 60 });
    await repaint();
    expect(frames.at(-1)?.left.sun.azimuth).toBeLessThan(Math.PI);
    settings.set({ minute: 16 * 60 });
    await repaint();
    expect(frames.at(-1)?.left.sun.azimuth).toBeGreaterThan(Math.PI);
    settings.set({ freeSun: [45, 60] });
    await repaint();
    expect(frames.at(-1)?.left.sun).toEqual(sunAt(degrees(45), degrees(60)));
  });

  test('shows two times side by side', async () => {
    const { frames, start, repaint, settings } = make();
    await start();
    settings.set({ split: 'time', minute: 480, minuteRight: 1000 });
    await repaint();
    const { left, right } = frames.at(-1) ?? {};
    expect(left?.sun.azimuth).toBeLessThan(Math.PI);
    expect(right?.sun.azimuth).toBeGreaterThan(Math.PI);
  });
});

describe('moving', () => {
  test('begins at the first viewpoint and leaves it; undo goes back', async () => {
    const { relight, settings, start, frames, repaint } = make();
    await start();
    expect(frames.at(-1)?.camera).toMatchObject({ id: 'first' });
    relight.move((pose, scene) => orbit(pose, radians(Math.PI / 2), radians(0), limitsOf(scene)));
    const { eye, target } = settings.get();
    expect(eye).toEqual([18, 5, 0]);
    expect(target).toEqual([0, 5, 0]);
    settings.undo();
    await repaint();
    expect(frames.at(-1)?.camera).toMatchObject({ id: 'first' });
  });
});

describe('a day', () => {
  test('passes from before sunrise to after sunset, and again', async () => {
    const { relight, settings, start, repaint } = make();
    await start();
    settings.set({ date: '2026-12-21', minute: 990 });
    await repaint();
    relight.play();
    const seen: number[] = [];
    for (let frame = 0; frame < 200; frame += 1) {
      await repaint(1);
      seen.push(settings.get().minute);
    }
    // In Florence the sun of 21 December rises at about 7:38 and sets at about 16:25, local mean time 15 minutes behind zone time.
    expect(Math.min(...seen)).toBeGreaterThan(6.6 * 60);
    expect(Math.max(...seen)).toBeLessThan(17.2 * 60);
    expect(seen.some((minute, index) => minute < (seen[index - 1] ?? 0))).toBe(true);
    relight.pause();
    await repaint();
    const { minute } = settings.get();
    await repaint();
    expect(settings.get().minute).toBe(minute);
  });
});

describe('trouble', () => {
  test('with another scene leaves the present one and can be tried again', async () => {
    const { relight, settings, around, start, repaint } = make();
    await start();
    around.load = () => Promise.reject(new HeliographError('bad-document', 'Not a scene.', 'Take another.'));
    await relight.openOwn([]);
    expect(relight.status.getState()).toMatchObject({
      scene: SCENE,
      sceneId: 'town-square',
      problem: { message: 'Not a scene.' },
    });
    expect(settings.get().scene).toBe('town-square');
    around.load = async () => ({ ...SCENE });
    await relight.openOwn([]);
    await repaint();
    expect(relight.status.getState()).toMatchObject({ sceneId: 'own-2', problem: null });
    expect(settings.get().scene).toBeNull();
  });

  test('with the graphics is said, and another canvas is asked for', async () => {
    const { relight, start, lose, disposed, repaint, frames } = make();
    await start();
    lose(new HeliographError('device-lost', 'The graphics card was lost.', 'Try again.'));
    expect(relight.status.getState()).toMatchObject({ trouble: { code: 'device-lost' }, backend: null });
    expect(disposed()).toBe(1);
    relight.retry();
    expect(relight.status.getState()).toMatchObject({ trouble: null, canvasKey: 1 });
    const before = frames.length;
    relight.attach({} as HTMLCanvasElement);
    await repaint();
    expect(frames.length).toBeGreaterThan(before);
  });

  test('a canvas that goes takes its graphics with it', async () => {
    const { start, disposed, relight } = make();
    const detach = await start();
    detach();
    expect(disposed()).toBe(1);
    expect(relight.status.getState().backend).toBeNull();
  });
});
