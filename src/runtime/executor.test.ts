import { describe, expect, it } from 'vitest';
import { HeliographError } from '../graph/errors.ts';
import { float32 } from '../graph/tensor.ts';
import { type Device, selfTestGraph, wasmDevice } from './device.ts';
import { Executor, type Job } from './executor.ts';

const INPUT = float32([1, 1, 3, 3], [1, -2, 3, 4, 0.5, -6, 7, 8, 9]);
/** The 2×2 kernel [[1, 0], [0, −1]] over the input, plus 1, by hand. */
const OUTPUT = [1.5, 5, -3, -7.5];

/** A device that computes like wasm until it is lost, and hangs, as a lost GPU does, when it is touched afterwards. */
async function fragileDevice(): Promise<{ device: Device; lose: () => void }> {
  const wasm = await wasmDevice({ threads: 1, note: '' }, '');
  let reason: string | null = null;
  let reject: (error: HeliographError) => void = () => undefined;
  const lost = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  lost.catch(() => undefined);
  return {
    device: { ...wasm, info: { ...wasm.info, backend: 'webgpu' }, lossReason: () => reason, lost },
    lose: () => {
      reason = 'unplugged';
      reject(new HeliographError('device-lost', 'The GPU was lost: unplugged', ''));
    },
  };
}

const jobOf = (name: string): Job => ({
  name,
  signal: new AbortController().signal,
  onProgress: () => undefined,
  milliseconds: 0,
});

function compute(executor: Executor, name: string, before?: () => void): Promise<readonly number[]> {
  const job = jobOf(name);
  return executor.onDevice((device) =>
    executor.with(
      device,
      job,
      'self-test',
      100,
      () => ({ graph: selfTestGraph(), program: null }),
      async (loaded) => {
        if (device.info.backend === 'webgpu') before?.();
        const { y } = await executor.run(device, job, loaded, { x: INPUT });
        return [...(y?.data ?? [])];
      },
    ),
  );
}

describe('Executor', () => {
  it('computes', async () => {
    expect(await compute(new Executor('wasm'), 'a')).toEqual(OUTPUT);
  });

  it('does the running job again on wasm when the GPU is lost, and says so', async () => {
    const { device, lose } = await fragileDevice();
    const executor = new Executor('auto', async () => device);
    expect(await compute(executor, 'a', lose)).toEqual(OUTPUT);
    const { info } = await executor.device();
    expect(info.backend).toBe('wasm');
    expect(info.note).toContain('unplugged');
  });

  it('moves every waiting job over, each once', async () => {
    const { device, lose } = await fragileDevice();
    const executor = new Executor('auto', async () => device);
    const results = await Promise.all([compute(executor, 'a'), compute(executor, 'b', lose), compute(executor, 'c')]);
    for (const result of results) expect(result).toEqual(OUTPUT);
    expect((await executor.device()).info.backend).toBe('wasm');
  });

  it('keeps the device it has when another cannot be opened', async () => {
    const executor = new Executor('wasm');
    await compute(executor, 'a');
    // There is no WebGPU in Node.
    await expect(executor.setBackend('webgpu')).rejects.toMatchObject({ code: 'device-lost' });
    expect(await compute(executor, 'b')).toEqual(OUTPUT);
  });

  it('says why auto is wasm', async () => {
    const { info } = await new Executor('auto').device();
    expect(info).toMatchObject({ backend: 'wasm', note: 'This browser has no WebGPU.' });
  });
});
