/**
 * Draws Relight scenes with three's WebGPURenderer, on WebGPU or WebGL2. The only module a viewer needs of the drawing side, and large: import it
 * when a scene is opened. Nothing is drawn but by `render`; there is no loop.
 */
import { positionGeometry, varying, vec4 } from 'three/tsl';
import {
  CustomBlending,
  LinearSRGBColorSpace,
  Mesh,
  NodeMaterial,
  NoToneMapping,
  OneFactor,
  OneMinusSrcAlphaFactor,
  OrthographicCamera,
  PlaneGeometry,
  RenderTarget,
  Scene as ThreeScene,
  UnsignedByteType,
  WebGPURenderer,
} from 'three/webgpu';
import { HeliographError } from '../graph/errors.ts';
import { type Camera, pixelDirection, shifted } from './camera.ts';
import { canExpand, expandDensity } from './density-volume.ts';
import { type Backend, type DrawingDevice, deviceIdle, longestVolume, openDrawingDevice } from './device.ts';
import { LAYERS, type Layer, PACKED_DEPTH } from './frame-uniforms.ts';
import type { Scene } from './scene.ts';
import { SceneNodes } from './scene-nodes.ts';
import { deferredShader, type Shader } from './shader.ts';
import type { SunPosition } from './sun.ts';

/** What is seen of a scene, and under which sun. */
export interface Look {
  readonly layer: Layer;
  readonly sun: SunPosition;
}

/** One picture. */
export interface Frame {
  /** Pixels of the picture at full quality. */
  readonly width: number;
  readonly height: number;
  /** Pixels drawn for one of the picture, along each side: less than 1 is faster and coarser. */
  readonly scale: number;
  /** Rays a pixel: through its centre, or four in a turned square, whose sRGB colours are averaged. */
  readonly rays: 1 | 4;
  readonly camera: Camera;
  readonly left: Look;
  /** Right of the divider, or null for `left` all over. */
  readonly right: Look | null;
  /** Where the divider stands, 0 = left edge, 1 = right edge. */
  readonly divider: number;
  /** Whether the sun's disc is drawn into the sky; it is not part of the learned scene. */
  readonly disc: boolean;
}

/** Where in a pixel its rays pass, in pixels from its centre: of four, no two in one row or column. */
const RAYS = {
  1: [[0, 0]],
  4: [
    [-0.125, -0.375],
    [0.375, -0.125],
    [0.125, 0.375],
    [-0.375, 0.125],
  ],
} as const;

/** Rows from top to bottom, RGBA, sRGB. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** Row by row from the top. */
export interface Surface {
  /** Metres along the pixel's ray, 0 where it sees the sky; accurate to a 16-millionth of `farthest`. */
  readonly depths: Float32Array;
  /** How much of the pixel the scene covers, 0 to 1, in steps of 1/255. */
  readonly opacities: Float32Array;
}

export interface RelightRenderer {
  readonly backend: Backend;
  /** Distance shown as black in the depth layer, metres: the diagonal of the scene's box. */
  readonly farthest: number;
  /**
   * Uploads a scene and compiles its shader; frees the one before.
   *
   * @throws HeliographError `runtime-failed` when the graphics driver refuses it
   */
  setScene(scene: Scene): Promise<void>;
  /** Draws one frame into the canvas, whose drawing buffer it sizes. Does nothing without a scene or after the device was lost. */
  render(frame: Frame): void;
  /** Resolves when the device has drawn all that was asked for. */
  finished(): Promise<void>;
  /** The same picture off screen, at its full size whatever its scale. */
  pixels(frame: Frame): Promise<Pixels>;
  /** Depth and opacity of every pixel. */
  surface(camera: Camera, width: number, height: number): Promise<Surface>;
  /** Metres along the ray to what a point of a width × height picture shows, null for the sky. */
  depthAt(camera: Camera, x: number, y: number, width: number, height: number): Promise<number | null>;
  /** Frees the scene and the device. A canvas keeps the kind of its context: to change the backend, take a new one. */
  dispose(): void;
}

export interface RendererOptions {
  /** 'auto' (the default) takes WebGPU where there is hardware for it, else WebGL2. */
  readonly backend?: Backend | 'auto';
  /** Called once when the device or context goes away. Dispose of the renderer then and create another, on a new canvas. */
  readonly onLost?: (error: HeliographError) => void;
  /** How pixels come about; the shipped shader unless a benchmark compares. */
  readonly shader?: Shader;
  /** Whether the density is expanded into a volume, which is faster, as far as memory allows (the default), or stays in its tensors. */
  readonly density?: 'volume' | 'tensors';
}

/**
 * Creates a renderer on a canvas.
 *
 * @throws HeliographError `runtime-failed` where the browser offers neither WebGPU nor WebGL2
 */
export async function createRenderer(
  canvas: HTMLCanvasElement | OffscreenCanvas,
  options: RendererOptions = {},
): Promise<RelightRenderer> {
  const { backend = 'auto', onLost = () => {}, shader = deferredShader, density = 'volume' } = options;
  const drawing = await openDrawingDevice(canvas, backend);
  const three = new WebGPURenderer({
    canvas: canvas as HTMLCanvasElement,
    antialias: false,
    alpha: false,
    depth: false,
    ...(drawing.backend === 'webgpu' ? { device: drawing.device } : { context: drawing.context, forceWebGL: true }),
  });
  // The shader writes sRGB itself; three then draws into the canvas directly.
  three.outputColorSpace = LinearSRGBColorSpace;
  three.toneMapping = NoToneMapping;
  three.autoClear = false;
  await three.init();
  return new ThreeRenderer(three, drawing, shader, density === 'volume', onLost);
}

/** What `renderOnce` reaches for in a WebGPURenderer; not part of its interface, so it may be missing in another version. */
interface ThreeInternals {
  readonly _animation?: { stop(): void };
}

class ThreeRenderer implements RelightRenderer {
  readonly backend: Backend;
  readonly #three: WebGPURenderer;
  readonly #drawing: DrawingDevice;
  readonly #shader: Shader;
  readonly #expands: boolean;
  readonly #stage = new ThreeScene();
  readonly #eye = new OrthographicCamera(-1, 1, 1, -1, 0, 1);
  readonly #screen = new PlaneGeometry(2, 2);
  #material = new NodeMaterial();
  #nodes: SceneNodes | null = null;
  #usable = true;
  /** Counts the scenes that were asked for. */
  #turn = 0;

  constructor(
    three: WebGPURenderer,
    drawing: DrawingDevice,
    shader: Shader,
    expands: boolean,
    onLost: (error: HeliographError) => void,
  ) {
    this.backend = drawing.backend;
    this.#three = three;
    this.#drawing = drawing;
    this.#shader = shader;
    this.#expands = expands;
    three.onDeviceLost = ({ message }) => {
      if (!this.#usable) return;
      this.#usable = false;
      onLost(
        new HeliographError(
          'device-lost',
          `The graphics device was lost while a scene was shown: ${message}.`,
          'Open the scene again.',
        ),
      );
    };
  }

  get farthest(): number {
    return this.#nodes?.farthest ?? 0;
  }

  async setScene(scene: Scene): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const volume = this.#expands && canExpand(scene, longestVolume(this.#drawing)) ? await expandDensity(scene) : null;
    // Disposed of, lost, or asked for another scene in the meantime.
    if (!this.#usable || turn !== this.#turn) return;
    this.#release();
    const nodes = new SceneNodes(scene, volume);
    const clip = varying(positionGeometry.xy, 'clip');
    const material = new NodeMaterial();
    material.vertexNode = vec4(positionGeometry.xy, 0, 1);
    material.fragmentNode = this.#shader(nodes.shaderParts(clip));
    material.depthTest = false;
    material.depthWrite = false;
    // Colours come multiplied by their alpha: the k-th of several pictures has 1/k, so that what stays is their mean.
    material.transparent = true;
    material.blending = CustomBlending;
    material.blendSrc = OneFactor;
    material.blendDst = OneMinusSrcAlphaFactor;
    const mesh = new Mesh(this.#screen, material);
    mesh.frustumCulled = false;
    this.#stage.add(mesh);
    this.#material = material;
    this.#nodes = nodes;
    try {
      await this.#three.compileAsync(this.#stage, this.#eye);
    } catch (error) {
      this.#release();
      throw new HeliographError(
        'runtime-failed',
        `The graphics driver refused the scene: ${error instanceof Error ? error.message : String(error)}`,
        'Try another browser, or a smaller scene.',
        { cause: error },
      );
    }
  }

  render(frame: Frame): void {
    if (!this.#usable || this.#nodes === null) return;
    const width = Math.max(1, Math.round(frame.width * frame.scale));
    const height = Math.max(1, Math.round(frame.height * frame.scale));
    const { domElement } = this.#three;
    // Setting a size clears the canvas, so it is done only for another one.
    if (domElement.width !== width || domElement.height !== height) this.#three.setSize(width, height, false);
    this.#draw(frame, width, height, (x, columns) => {
      this.#three.setScissor(x, 0, columns, height);
      this.#three.setScissorTest(true);
    });
  }

  finished(): Promise<void> {
    return deviceIdle(this.#drawing);
  }

  async pixels(frame: Frame): Promise<Pixels> {
    const { width, height } = frame;
    const data = await this.#offScreen(width, height, (target) => {
      target.scissorTest = true;
      this.#draw(frame, width, height, (x, columns) => {
        target.scissor.set(x, 0, columns, height);
      });
    });
    return { width, height, data };
  }

  async surface(camera: Camera, width: number, height: number): Promise<Surface> {
    const data = await this.#offScreen(width, height, () => {
      this.#nodes?.frame.setCamera(camera, width, height);
      this.#drawPackedDepth();
    });
    const each = (value: (pixel: number) => number) => Float32Array.from({ length: width * height }, (_, pixel) => value(pixel));
    return {
      depths: each((pixel) => unpackDepth(data, pixel) * this.farthest),
      opacities: each((pixel) => (data[4 * pixel + 3] ?? 0) / 255),
    };
  }

  async depthAt(camera: Camera, x: number, y: number, width: number, height: number): Promise<number | null> {
    const data = await this.#offScreen(1, 1, () => {
      this.#nodes?.frame.setRay(camera, pixelDirection(camera, x, y, width, height));
      this.#drawPackedDepth();
    });
    return data[3] === 0 ? null : unpackDepth(data, 0) * this.farthest;
  }

  dispose(): void {
    this.#usable = false;
    this.#release();
    this.#screen.dispose();
    void this.#three.dispose();
    if (this.#drawing.backend === 'webgpu') this.#drawing.device.destroy();
  }

  #release(): void {
    this.#nodes?.dispose();
    this.#nodes = null;
    this.#material.dispose();
    this.#stage.clear();
  }

  /** Draws the parts left and right of the divider, each in columns it is told to draw in. */
  #draw(
    { camera, rays, left, right, divider, disc }: Frame,
    width: number,
    height: number,
    within: (x: number, columns: number) => void,
  ): void {
    const nodes = this.#nodes;
    if (nodes === null) return;
    const border = right === null ? width : Math.round(Math.min(1, Math.max(0, divider)) * width);
    const parts = [
      { look: left, x: 0, columns: border },
      { look: right, x: border, columns: width - border },
    ];
    for (const { look, x, columns } of parts) {
      if (look === null || columns === 0) continue;
      nodes.setSun(look.sun, disc);
      nodes.frame.layer.value = LAYERS[look.layer];
      within(x, columns);
      for (const [ray, [sideways, down]] of RAYS[rays].entries()) {
        nodes.frame.setCamera(shifted(camera, sideways, down, height), width, height);
        nodes.frame.share.value = 1 / (ray + 1);
        this.#renderOnce();
      }
    }
  }

  #drawPackedDepth(): void {
    if (this.#nodes === null) return;
    this.#nodes.frame.layer.value = PACKED_DEPTH;
    this.#renderOnce();
  }

  /** From its first picture on, three (r187) asks for animation frames for its bookkeeping; a picture that stands still needs none. */
  #renderOnce(): void {
    this.#three.render(this.#stage, this.#eye);
    (this.#three as unknown as ThreeInternals)._animation?.stop();
  }

  /** Draws into a target of that size and reads it, rows from top to bottom. */
  async #offScreen(width: number, height: number, draw: (target: RenderTarget) => void): Promise<Uint8ClampedArray> {
    if (!this.#usable || this.#nodes === null) {
      throw new HeliographError(
        'device-lost',
        'There is no scene to draw: the graphics device is gone.',
        'Open the scene again.',
      );
    }
    const target = new RenderTarget(width, height, { type: UnsignedByteType, depthBuffer: false });
    try {
      this.#three.setRenderTarget(target);
      draw(target);
      this.#three.setRenderTarget(null);
      const read = await this.#three.readRenderTargetPixelsAsync(target, 0, 0, width, height);
      const rows = new Uint8ClampedArray(read.buffer, read.byteOffset, 4 * width * height);
      return this.backend === 'webgpu' ? rows : upsideDown(rows, 4 * width);
    } finally {
      this.#three.setRenderTarget(null);
      target.dispose();
    }
  }
}

/** WebGL gives the lowest row first. */
function upsideDown(data: Uint8ClampedArray, rowLength: number): Uint8ClampedArray {
  const turned = new Uint8ClampedArray(data.length);
  for (let from = 0; from < data.length; from += rowLength) {
    turned.set(data.subarray(from, from + rowLength), data.length - rowLength - from);
  }
  return turned;
}

/** The fraction of the farthest distance that the shader wrote into 24 bits, 0 where there is nothing. */
function unpackDepth(data: Uint8ClampedArray, pixel: number): number {
  const [high = 0, middle = 0, low = 0, opacity = 0] = data.subarray(4 * pixel, 4 * pixel + 4);
  return opacity === 0 ? 0 : (high * 65536 + middle * 256 + low) / (2 ** 24 - 1);
}
