import { describe, expect, it } from 'vitest';
import { HeliographError } from '../graph/errors.ts';
import { asHeliographError } from './failures.ts';

describe('asHeliographError', () => {
  // Messages as onnxruntime-web 1.30 and Chromium gave them.
  it.each([
    [new Error("Can't create a session. ERROR_CODE: 6, ERROR_MESSAGE: std::bad_alloc"), 'out-of-memory'],
    [new RangeError('WebAssembly.Memory(): could not allocate memory'), 'out-of-memory'],
    [new Error('Aborted(OOM)'), 'out-of-memory'],
    [
      new Error(
        "failed to call OrtRun(). ERROR_CODE: 1, ERROR_MESSAGE: /a/onnxruntime/core/providers/webgpu/buffer_manager.cc:643 message: Failed to execute 'mapAsync' on 'GPUBuffer': The Device was lost before mapping was resolved.",
      ),
      'device-lost',
    ],
    [new Error('failed to call OrtRun(). ERROR_CODE: 2, ERROR_MESSAGE: Invalid rank for input: x'), 'runtime-failed'],
    [1234567, 'runtime-failed'],
  ] as const)('%s', (thrown, code) => {
    const error = asHeliographError(thrown, 'running the model');
    expect(error.code).toBe(code);
    expect(error.message).toContain('running the model');
    expect(error.remedy).not.toBe('');
    expect(error.message).not.toMatch(/onnxruntime\/core|ERROR_CODE/);
  });

  it('passes our own errors unchanged', () => {
    const own = new HeliographError('cancelled', 'stopped');
    expect(asHeliographError(own, 'x')).toBe(own);
  });
});
