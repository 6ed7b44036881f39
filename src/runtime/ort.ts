/**
 * The one place that loads onnxruntime-web; every other module takes the runtime, and its types, from here.
 *
 * Three builds are used, each loaded on first need: in the browser `onnxruntime-web/webgpu` where there is a GPU adapter
 * and the plain wasm build (half the download) where there is none; in Node the package's own wasm build. The default
 * browser build is never used: its GPU backend is the deprecated one, and one failed operator disables it until reload.
 */
import type * as Ort from 'onnxruntime-web';
import { HeliographError } from '../graph/errors.ts';

export type Runtime = Pick<typeof Ort, 'env' | 'InferenceSession' | 'Tensor'>;
export type Session = Ort.InferenceSession;
export type SessionOptions = Ort.InferenceSession.SessionOptions;
export type OrtTensor = Ort.Tensor;
export type ExecutionProvider = Ort.InferenceSession.ExecutionProviderConfig;

/** More threads than this win little on the convolutions of image networks and starve the page. */
const MAX_THREADS = 4;

export interface RuntimeThreads {
  readonly threads: number;
  /** Why it is one thread, or '' where that needs no reason. */
  readonly note: string;
}

/** How many wasm threads this environment allows: shared memory needs a cross-origin isolated page. */
export async function availableThreads(): Promise<RuntimeThreads> {
  if (import.meta.env.SSR) {
    const { availableParallelism } = await import('node:os');
    return { threads: Math.min(MAX_THREADS, availableParallelism()), note: '' };
  }
  if (!globalThis.crossOriginIsolated) {
    return { threads: 1, note: 'This host sends no cross-origin isolation headers, so the wasm runtime has one thread.' };
  }
  return { threads: Math.max(1, Math.min(MAX_THREADS, navigator.hardwareConcurrency)), note: '' };
}

/**
 * Loads a build of the runtime. The module is kept by the environment's own import cache.
 *
 * @param gpu whether the build must contain the WebGPU execution provider
 * @throws HeliographError `download-failed` where the runtime's code cannot be fetched
 */
export async function loadRuntime(gpu: boolean, threads: number): Promise<Runtime> {
  const ort = await importRuntime(gpu).catch((cause: unknown) => {
    throw new HeliographError(
      'download-failed',
      'The neural network runtime could not be loaded.',
      'Check the connection and reload the page.',
      { cause },
    );
  });
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  return ort;
}

// Vite replaces `import.meta.env.SSR` by a constant, so that the browser build contains no Node runtime and vice versa.
function importRuntime(gpu: boolean): Promise<Runtime> {
  if (import.meta.env.SSR) return import('onnxruntime-web');
  return gpu ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm');
}
