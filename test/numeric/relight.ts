/**
 * The shader against the NumPy renders of `goldens/relight-tiny`, and of the shipped scene in `goldens/relight-town`, in a browser:
 * `?backend=webgl2&variants=A,C-B,town`. Results lie on `window.relight` when `window.relight.done` is true.
 */
import { degrees } from '../../src/relight/angle.ts';
import type { Backend } from '../../src/relight/device.ts';
import type { Layer } from '../../src/relight/frame-uniforms.ts';
import { createRenderer, type Frame, type RelightRenderer } from '../../src/relight/renderer.ts';
import type { Scene, SceneCamera } from '../../src/relight/scene.ts';
import { loadScene } from '../../src/relight/scene-file.ts';
import { sceneAt } from '../../src/relight/scene-source.ts';
import { sunAt } from '../../src/relight/sun.ts';
import { readNpy } from '../../src/runtime/npy.ts';

export interface RelightResult {
  readonly variant: string;
  readonly name: string;
  /** Decibels against the reference picture; depth against the scene's diagonal. */
  readonly psnr: number;
}

export interface RelightReport {
  done: boolean;
  failure: string;
  backend: string;
  milliseconds: number;
  readonly results: RelightResult[];
  /** The shipped scene against photographs it was not trained on: decibels by the shader, and by the reference renderer. */
  readonly truths: { readonly image: string; readonly psnr: number; readonly reference: number }[];
  /** Largest difference, of 255, between a split picture and the halves of whole ones, and between the canvas and the picture off screen. */
  readonly splitError: number[];
  /** Largest difference, of 255, between a picture of four rays a pixel and the mean of four pictures through those points, or the canvas; and how far the mean lies from a picture of one. */
  smooth: { error: number; gain: number };
  /** Code of the error that a lost WebGL context ends in. */
  lost: string;
  /** Animation frames asked for while nothing was drawn. */
  idleFrames: number;
}

interface References {
  readonly azimuth_degrees: number;
  readonly elevation_degrees: number;
  readonly final: string;
  readonly shadow: string;
  readonly albedo?: string;
  readonly depth?: string;
}

interface TinyGolden {
  readonly scenes: readonly {
    readonly variant: string;
    readonly scene: string;
    readonly renders: readonly (References & { readonly camera: string })[];
  }[];
}

type Intrinsics = Pick<SceneCamera, 'id' | 'width' | 'height' | 'fx' | 'fy' | 'cx' | 'cy'>;

interface TownGolden {
  readonly sha256: Readonly<Record<string, string>>;
  readonly renders: readonly (References & { readonly camera: Intrinsics })[];
  readonly truths: readonly { readonly camera: string; readonly image: string; readonly psnr: number }[];
}

declare global {
  interface Window {
    relight: RelightReport;
  }
}

const TINY = './relight-tiny';
const TOWN = './relight-town';
const SHIPPED = './scenes/town-square';
const parameters = new URLSearchParams(location.search);
const backend: Backend = parameters.get('backend') === 'webgpu' ? 'webgpu' : 'webgl2';
const variants = parameters.get('variants')?.split(',');
const report: RelightReport = {
  done: false,
  failure: '',
  backend,
  milliseconds: 0,
  results: [],
  truths: [],
  splitError: [],
  smooth: { error: Number.NaN, gain: 0 },
  lost: '',
  idleFrames: 0,
};
window.relight = report;

async function fetched(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

/** A picture's channels in 0…1, RGB. */
async function picture(path: string): Promise<Float32Array> {
  const bitmap = await createImageBitmap(await (await fetched(path)).blob(), { colorSpaceConversion: 'none' });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  if (context === null) throw new Error('no 2-D canvas');
  context.drawImage(bitmap, 0, 0);
  return rgb(context.getImageData(0, 0, bitmap.width, bitmap.height).data);
}

function rgb(data: Uint8ClampedArray): Float32Array {
  return Float32Array.from({ length: (data.length / 4) * 3 }, (_, at) => (data[Math.floor(at / 3) * 4 + (at % 3)] ?? 0) / 255);
}

function psnr(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values where ${expected.length} are expected`);
  const squares = actual.reduce((sum, value, at) => sum + (value - (expected[at] ?? Number.NaN)) ** 2, 0);
  return -10 * Math.log10(Math.max(squares / actual.length, 1e-10));
}

function toLinear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

interface Compared {
  readonly renderer: RelightRenderer;
  readonly camera: SceneCamera;
  readonly render: References;
  /** Of the reference pictures. */
  readonly folder: string;
  readonly variant: string;
}

async function compare({ renderer, camera, render, folder, variant }: Compared): Promise<void> {
  const sun = sunAt(degrees(render.azimuth_degrees), degrees(render.elevation_degrees));
  const pixels = async (layer: Layer) => rgb((await renderer.pixels(frameOf(camera, { layer, sun }))).data);
  const name = `${camera.id} ${render.azimuth_degrees}°`;
  const add = (layer: string, decibels: number) => {
    report.results.push({ variant, name: `${name} ${layer}`, psnr: decibels });
    say(`${variant} ${name} ${layer} ${decibels.toFixed(1)} dB`);
  };
  // Layers are blended with their background by the opacity; the references are not.
  const { depths, opacities } = await renderer.surface(camera, camera.width, camera.height);
  const blended = (values: Float32Array, background: number) =>
    values.map((value, at) => background + (value - background) * (opacities[Math.floor(at / 3)] ?? 0));
  const reference = (file: string) => picture(`${folder}/${file}`);
  add('final', psnr(await pixels('final'), await reference(render.final)));
  add('shadow', psnr(await pixels('learned-shadow'), blended(await reference(render.shadow), 1)));
  // The reference's albedo is written in linear light.
  if (render.albedo !== undefined) {
    add('albedo', psnr((await pixels('albedo')).map(toLinear), blended(await reference(render.albedo), 0)));
  }
  if (render.depth !== undefined) {
    const expected = readNpy(new Uint8Array(await (await fetched(`${folder}/${render.depth}`)).arrayBuffer())).data;
    const relative = (values: Float32Array) => values.map((depth) => depth / renderer.farthest);
    add('depth', psnr(relative(depths), relative(expected)));
  }
}

function cameraOf(scene: Scene, id: string): SceneCamera {
  const camera = scene.cameras.find((candidate) => candidate.id === id);
  if (camera === undefined) throw new Error(`no camera ${id}`);
  return camera;
}

/** Made-up scenes of all variants. */
async function compareTiny(renderer: RelightRenderer, canvas: HTMLCanvasElement): Promise<void> {
  const golden: TinyGolden = await (await fetched(`${TINY}/golden.json`)).json();
  for (const { variant, scene: header, renders } of golden.scenes) {
    if (variants !== undefined && !variants.includes(variant)) continue;
    const scene = await loadScene(sceneAt(`${TINY}/${header.slice(0, header.lastIndexOf('/'))}`));
    await renderer.setScene(scene);
    for (const render of renders) {
      await compare({ renderer, camera: cameraOf(scene, render.camera), render, folder: TINY, variant });
    }
    if (variant !== 'C-B') continue;
    await compareSplit(renderer, canvas, scene);
    await compareSmooth(renderer, canvas, scene);
  }
}

/** The shipped scene: small pictures against the reference renderer's, whole ones against photographs it has never seen. */
async function compareTown(renderer: RelightRenderer): Promise<void> {
  const golden: TownGolden = await (await fetched(`${TOWN}/golden.json`)).json();
  const scene = await loadScene(sceneAt(SHIPPED));
  for (const { file, sha256 } of scene.header.files) {
    if (golden.sha256[file] !== sha256) throw new Error(`goldens/relight-town is of another scene than public/scenes: ${file}`);
  }
  await renderer.setScene(scene);
  for (const render of golden.renders) {
    const { id, width, height, fx, fy, cx, cy } = render.camera;
    const camera = { ...cameraOf(scene, id), width, height, fx, fy, cx, cy };
    await compare({ renderer, camera, render, folder: TOWN, variant: 'town' });
  }
  for (const { camera: id, image, psnr: reference } of golden.truths) {
    const camera = cameraOf(scene, id);
    const drawn = await renderer.pixels(frameOf(camera, { layer: 'final', sun: camera.sun }));
    const decibels = psnr(rgb(drawn.data), await picture(`${SHIPPED}/${image}`));
    report.truths.push({ image, psnr: decibels, reference });
    say(`town ${image} ${decibels.toFixed(3)} dB, reference ${reference.toFixed(3)} dB`);
  }
}

function say(line: string): void {
  document.querySelector('#log')?.append(`${line}\n`);
}

/** A split picture is the halves of two whole ones, on the canvas as off screen. */
async function compareSplit(renderer: RelightRenderer, canvas: HTMLCanvasElement, scene: Scene): Promise<void> {
  const [camera] = scene.cameras;
  if (camera === undefined) throw new Error('no camera');
  const morning = { layer: 'final', sun: sunAt(degrees(100), degrees(25)) } as const;
  const evening = { layer: 'learned-shadow', sun: sunAt(degrees(260), degrees(25)) } as const;
  const [left, right] = [await renderer.pixels(frameOf(camera, morning)), await renderer.pixels(frameOf(camera, evening))];
  const divided: Frame = { ...frameOf(camera, morning), right: evening, divider: 0.25 };
  const { width, data } = await renderer.pixels(divided);
  const error = (values: Uint8ClampedArray) =>
    values.reduce((worst, value, at) => {
      const expected = Math.floor(at / 4) % width < width / 4 ? left.data[at] : right.data[at];
      return Math.max(worst, Math.abs(value - (expected ?? Number.NaN)));
    }, 0);
  report.splitError.push(error(data));
  // Presenting to a canvas ends the process of Chromium's software WebGPU adapter.
  if (renderer.backend === 'webgpu') return;
  report.splitError.push(error(onCanvas(renderer, canvas, divided)));
}

/** What a frame looks like on the canvas. */
function onCanvas(renderer: RelightRenderer, canvas: HTMLCanvasElement, frame: Frame): Uint8ClampedArray {
  renderer.render(frame);
  const context = new OffscreenCanvas(frame.width, frame.height).getContext('2d');
  if (context === null) throw new Error('no 2-D canvas');
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, frame.width, frame.height).data;
}

/** Four rays a pixel are the mean of four pictures whose pixels are seen through those points. */
async function compareSmooth(renderer: RelightRenderer, canvas: HTMLCanvasElement, scene: Scene): Promise<void> {
  const [camera] = scene.cameras;
  if (camera === undefined) throw new Error('no camera');
  const look = { layer: 'final', sun: sunAt(degrees(100), degrees(25)) } as const;
  const seenThrough = async (x: number, y: number) =>
    (await renderer.pixels(frameOf({ ...camera, cx: camera.cx - x, cy: camera.cy - y }, look))).data;
  const parts = [
    await seenThrough(-1 / 8, -3 / 8),
    await seenThrough(3 / 8, -1 / 8),
    await seenThrough(1 / 8, 3 / 8),
    await seenThrough(-3 / 8, 1 / 8),
  ];
  const centre = await seenThrough(0, 0);
  const smooth: Frame = { ...frameOf(camera, look), rays: 4 };
  const { data } = await renderer.pixels(smooth);
  let [error, gain] = [0, 0];
  for (const [at, value] of data.entries()) {
    const mean = parts.reduce((sum, part) => sum + (part[at] ?? Number.NaN), 0) / 4;
    error = Math.max(error, Math.abs(value - mean));
    gain = Math.max(gain, Math.abs(mean - (centre[at] ?? Number.NaN)));
  }
  report.smooth = { error, gain };
  say(`four rays a pixel: ${error} of 255 from the mean, which is ${gain} from one ray`);
  if (renderer.backend === 'webgpu') return;
  const shown = onCanvas(renderer, canvas, smooth);
  report.smooth.error = shown.reduce((worst, value, at) => Math.max(worst, Math.abs(value - (data[at] ?? Number.NaN))), error);
}

function frameOf(camera: SceneCamera, left: Frame['left']): Frame {
  return { width: camera.width, height: camera.height, scale: 1, rays: 1, camera, left, right: null, divider: 1, disc: false };
}

/** Counts animation frames that anyone asks for in a fifth of a second. */
async function countIdleFrames(): Promise<number> {
  const original = window.requestAnimationFrame;
  let count = 0;
  window.requestAnimationFrame = (callback) => {
    count += 1;
    return original.call(window, callback);
  };
  await new Promise((resolve) => setTimeout(resolve, 200));
  window.requestAnimationFrame = original;
  return count;
}

async function main(): Promise<void> {
  const canvas = document.querySelector('canvas');
  if (canvas === null) throw new Error('no canvas');
  const started = performance.now();
  let onLost: (code: string) => void = () => {};
  const lost = new Promise<string>((resolve) => {
    onLost = resolve;
  });
  const renderer = await createRenderer(canvas, { backend, onLost: ({ code }) => onLost(code) });
  await compareTiny(renderer, canvas);
  if (variants === undefined || variants.includes('town')) await compareTown(renderer);
  report.idleFrames = await countIdleFrames();
  if (backend === 'webgl2') {
    canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context')?.loseContext();
    report.lost = await lost;
  }
  renderer.dispose();
  report.milliseconds = performance.now() - started;
}

main()
  .catch((error: unknown) => {
    report.failure = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    say(report.failure);
  })
  .finally(() => {
    report.done = true;
  });
