import { HeliographError } from '../graph/errors.ts';

/** What the runtime and the browsers say when memory runs out, in any of their forms. */
const OUT_OF_MEMORY =
  /bad_alloc|out of memory|\bOOM\b|memory access out of bounds|cannot enlarge memory|could not allocate|failed to allocate|array buffer allocation failed|WebAssembly\.Memory|Invalid typed array length/i;

const DEVICE_LOST = /device (was|is|has been) lost|lost device|device .{0,20}destroyed|GPUDevice.{0,40}lost/i;

/** Whether the runtime's message says that the GPU has gone. */
export function saysDeviceLost(error: unknown): boolean {
  return DEVICE_LOST.test(textOf(error));
}

/**
 * Turns whatever onnxruntime-web throws (an Error with a C++ message, a bare number from an uncaught C++ exception, a
 * WebAssembly trap) into an error a user can read. A HeliographError passes unchanged.
 *
 * @param doing what was being done, to begin the sentence: “running the model”
 */
export function asHeliographError(error: unknown, doing: string): HeliographError {
  if (error instanceof HeliographError) return error;
  const text = textOf(error);
  if (OUT_OF_MEMORY.test(text)) return outOfMemory(doing, error);
  if (DEVICE_LOST.test(text)) {
    return new HeliographError('device-lost', `The GPU was lost while ${doing}.`, 'Try again; choose wasm if it happens again.', {
      cause: error,
    });
  }
  if (typeof error === 'number') {
    return new HeliographError(
      'runtime-failed',
      `The runtime stopped with an internal error (${error}) while ${doing}, most often because memory ran out.`,
      'Close other tabs or use a smaller model, then try again.',
    );
  }
  return new HeliographError(
    'runtime-failed',
    `The runtime failed while ${doing}: ${essence(text)}`,
    'Try the other device (WebGPU or wasm); if both fail, the model uses an operator in a form the runtime does not support.',
    { cause: error },
  );
}

function outOfMemory(doing: string, cause: unknown): HeliographError {
  return new HeliographError(
    'out-of-memory',
    `Memory ran out while ${doing}.`,
    'Close other tabs, use a smaller model or a smaller input size, then try again.',
    { cause },
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** The part of a runtime message a reader can use: without codes, build paths and C++ signatures. */
function essence(text: string): string {
  const message = text.split('ERROR_MESSAGE:').at(-1) ?? text;
  const short = message
    .replace(/\S*onnxruntime\/core\/\S+/g, '')
    .replace(/^\s*(Non-zero status code returned while running|Error:)\s*/i, '')
    .replace(/\s+/g, ' ')
    .trim();
  return short.length > 300 ? `${short.slice(0, 300)} …` : short || 'no reason given';
}
