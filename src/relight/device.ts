/** Where pictures are drawn: a WebGPU device of our own, or a WebGL2 context. */
import { HeliographError } from '../graph/errors.ts';

export type Backend = 'webgpu' | 'webgl2';

export type DrawingDevice =
  | { readonly backend: 'webgpu'; readonly device: GPUDevice }
  | { readonly backend: 'webgl2'; readonly context: WebGL2RenderingContext };

/** Pixels are opaque and written once, so nothing but colour is kept. */
const CONTEXT: WebGLContextAttributes = {
  alpha: false,
  antialias: false,
  depth: false,
  stencil: false,
  powerPreference: 'high-performance',
};

/**
 * Opens a device for a canvas. 'auto' takes WebGPU on real hardware: a software adapter draws more slowly than the software WebGL2 of the same
 * browser, and (Chromium 156) its process ends when it presents to a canvas.
 *
 * @throws HeliographError `runtime-failed` where the browser offers neither, or not the one asked for
 */
export async function openDrawingDevice(
  canvas: HTMLCanvasElement | OffscreenCanvas,
  choice: Backend | 'auto',
): Promise<DrawingDevice> {
  if (choice !== 'webgl2') {
    const device = await openGpu(choice === 'auto');
    if (device !== null) return { backend: 'webgpu', device };
    if (choice === 'webgpu') throw unavailable('WebGPU');
  }
  const context = canvas.getContext('webgl2', CONTEXT) as WebGL2RenderingContext | null;
  if (context === null || context.isContextLost()) throw unavailable(choice === 'auto' ? 'WebGPU or WebGL2' : 'WebGL2');
  return { backend: 'webgl2', context };
}

async function openGpu(hardwareOnly: boolean): Promise<GPUDevice | null> {
  if (typeof navigator === 'undefined' || navigator.gpu === undefined) return null;
  try {
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null || (hardwareOnly && adapter.info.isFallbackAdapter)) return null;
    return await adapter.requestDevice();
  } catch {
    // A browser that lists WebGPU and then refuses it is one without.
    return null;
  }
}

/** Entries a volume may have along a side. WebGL2 promises 256, what draws today has 2,048. */
export function longestVolume(drawing: DrawingDevice): number {
  if (drawing.backend === 'webgpu') return drawing.device.limits.maxTextureDimension3D;
  return drawing.context.getParameter(drawing.context.MAX_3D_TEXTURE_SIZE);
}

/** Resolves when the device has done all it was asked to. */
export async function deviceIdle(drawing: DrawingDevice): Promise<void> {
  if (drawing.backend === 'webgpu') return drawing.device.queue.onSubmittedWorkDone();
  const { context } = drawing;
  const fence = context.fenceSync(context.SYNC_GPU_COMMANDS_COMPLETE, 0);
  if (fence === null) return;
  context.flush();
  // The state of a fence only changes between tasks.
  while (context.getSyncParameter(fence, context.SYNC_STATUS) !== context.SIGNALED && !context.isContextLost()) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  context.deleteSync(fence);
}

function unavailable(what: string): HeliographError {
  return new HeliographError(
    'runtime-failed',
    `The scene cannot be drawn: this browser offers no ${what}, or its graphics driver is blocked.`,
    'Try a current Chrome, Edge, Firefox or Safari with hardware acceleration switched on.',
  );
}
