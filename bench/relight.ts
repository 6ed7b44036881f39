/**
 * What a frame of a Relight scene costs, at the scene's first cameras, beside plain marches of the same tensors:
 * `?scene=./scenes/NAME&backend=webgl2|webgpu|auto&width=640&height=360&rounds=5&cameras=3&rest=200&plain=no`. `rest` is the
 * pause in ms before each frame, for devices that grow hot and slow. Figures lie on `window.relightBench` when `done` is true, and as CSV on the page.
 */
import { radians } from '../src/relight/angle.ts';
import type { Backend } from '../src/relight/device.ts';
import { createRenderer, type Frame, type RelightRenderer, type RendererOptions } from '../src/relight/renderer.ts';
import type { SceneCamera } from '../src/relight/scene.ts';
import { loadScene } from '../src/relight/scene-file.ts';
import { sceneAt } from '../src/relight/scene-source.ts';
import { plainShader } from './relight-plain.ts';
import { type Measurement, pairedMedians } from './statistics.ts';

export interface RelightFrameCost extends Measurement {
  readonly camera: string;
  /** Pixels drawn. */
  readonly width: number;
  readonly height: number;
}

export interface RelightBench {
  done: boolean;
  failure: string;
  backend: string;
  /** Bytes of the scene, and milliseconds to load it, to compile its shader, to a first coarse picture and to a full one. */
  bytes: number;
  readonly milliseconds: { load: number; compile: number; coarse: number; full: number };
  readonly frames: RelightFrameCost[];
}

declare global {
  interface Window {
    relightBench: RelightBench;
  }
}

const parameters = new URLSearchParams(location.search);
const number = (name: string, otherwise: number) => Number(parameters.get(name) ?? otherwise);
const [width, height] = [number('width', 640), number('height', 360)];
const bench: RelightBench = {
  done: false,
  failure: '',
  backend: '',
  bytes: 0,
  milliseconds: { load: 0, compile: 0, coarse: 0, full: 0 },
  frames: [],
};
window.relightBench = bench;

/** Milliseconds of a frame that no graphics card needs. */
const SLOW_FRAME = 500;
/** A first picture is drawn with a quarter of the pixels a side. */
const COARSE = 0.25;
const TINY = 0.02;

function show(line: string): void {
  document.querySelector('#log')?.append(`${line}\n`);
}

function frame(camera: SceneCamera, turn: number, scale = 1): Frame {
  const sun = { azimuth: radians(camera.sun.azimuth + turn), elevation: camera.sun.elevation };
  return { width, height, scale, rays: 1, camera, left: { layer: 'final', sun }, right: null, divider: 1, disc: false };
}

function add(camera: SceneCamera, scale: number, measurements: readonly Measurement[]): void {
  for (const measured of measurements) {
    const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
    bench.frames.push({ camera: camera.id, ...size, ...measured });
    const { name, milliseconds, ratio, rounds } = measured;
    show(`${camera.id},"${name}",${size.width},${size.height},${milliseconds.toFixed(2)},${ratio.toFixed(2)},${rounds}`);
  }
}

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function drawn(renderer: RelightRenderer, picture: Frame): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, number('rest', 200)));
  return timed(() => {
    renderer.render(picture);
    return renderer.finished();
  });
}

async function rendererWith(options: Pick<RendererOptions, 'shader' | 'density'> = {}): Promise<RelightRenderer> {
  const canvas = document.createElement('canvas');
  document.body.append(canvas);
  return createRenderer(canvas, { backend: (parameters.get('backend') ?? 'auto') as Backend | 'auto', ...options });
}

async function main(): Promise<void> {
  const { milliseconds } = bench;
  const started = performance.now();
  const loaded = await loadScene(sceneAt(parameters.get('scene') ?? './scenes/town'));
  milliseconds.load = performance.now() - started;
  bench.bytes = loaded.bytes;
  const [first] = loaded.cameras;
  if (first === undefined) throw new Error('The scene has no camera.');
  const shipped = await rendererWith();
  bench.backend = shipped.backend;
  milliseconds.compile = await timed(() => shipped.setScene(loaded));
  milliseconds.coarse = await drawn(shipped, frame(first, 0, COARSE));
  milliseconds.full = await drawn(shipped, frame(first, 0));
  const plain = new Map<string, RelightRenderer>();
  const plainShaders = [
    ['plain march', false],
    ['plain march that stops in the dark', true],
  ] as const;
  for (const [name, stops] of parameters.get('plain') === 'no' ? [] : plainShaders) {
    const renderer = await rendererWith({ shader: plainShader(stops), density: 'tensors' });
    await renderer.setScene(loaded);
    // The driver compiles at the first picture.
    await drawn(renderer, frame(first, 0, TINY));
    plain.set(name, renderer);
  }
  // A plain frame takes a software rasteriser minutes; the ratio to the shipped one's is that of small pictures as well.
  const slow = milliseconds.full > SLOW_FRAME;
  const scale = slow ? COARSE : 1;
  show('camera,what,width,height,milliseconds,ratio,rounds');
  for (const camera of loaded.cameras.slice(0, number('cameras', 3))) {
    let turn = 0;
    const moving = () => {
      turn += Math.PI / 180;
      return drawn(shipped, frame(camera, turn));
    };
    const suns = new Map([
      ['still sun', () => drawn(shipped, frame(camera, 0))],
      ['moving sun', moving],
    ]);
    add(camera, 1, await pairedMedians(suns, number('rounds', 5), 1));
    if (plain.size === 0) continue;
    const marches = new Map([
      ['shipped march', () => drawn(shipped, frame(camera, 0, scale))],
      ...[...plain].map(([name, renderer]) => [name, () => drawn(renderer, frame(camera, 0, scale))] as const),
    ]);
    add(camera, scale, await pairedMedians(marches, slow ? 1 : number('rounds', 5), slow ? 0 : 1));
  }
  for (const renderer of [shipped, ...plain.values()]) renderer.dispose();
}

main()
  .catch((error: unknown) => {
    bench.failure = error instanceof Error ? error.message : String(error);
    show(bench.failure);
  })
  .finally(() => {
    bench.done = true;
  });
