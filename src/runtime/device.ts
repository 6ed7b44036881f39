/** Chooses where graphs run: WebGPU if it is there and computes correctly, otherwise wasm, with the reason as a sentence. */
import { emptyGraph, GraphBuilder } from '../graph/builder.ts';
import { HeliographError } from '../graph/errors.ts';
import { ints, type StaticGraph } from '../graph/graph.ts';
import { float32 } from '../graph/tensor.ts';
import { writeModel } from '../graph/write.ts';
import { saysDeviceLost } from './failures.ts';
import { availableThreads, type ExecutionProvider, loadRuntime, type Runtime, type RuntimeThreads } from './ort.ts';
import type { Backend, DeviceInfo } from './protocol.ts';

/** A place to run graphs. Sessions belong to the device they were created on. */
export interface Device {
  readonly info: DeviceInfo;
  readonly runtime: Runtime;
  readonly providers: readonly ExecutionProvider[];
  /** Why the GPU went away, once it has; null while it is there and always for wasm. */
  lossReason(): string | null;
  /** Rejects with `device-lost` when the GPU goes away; never settles for wasm. */
  readonly lost: Promise<never>;
}

const NEVER = new Promise<never>(() => undefined);

/** Longest wait for the self-test. A software adapter compiles the two shaders in about three seconds. */
const SELF_TEST_LIMIT_MS = 20_000;

/**
 * @param choice 'auto' prefers WebGPU and falls back to wasm; 'webgpu' fails where it cannot be had
 * @throws HeliographError `device-lost` where WebGPU was asked for and is not usable
 */
export async function openDevice(choice: Backend | 'auto'): Promise<Device> {
  const threads = await availableThreads();
  if (choice === 'wasm') return wasmDevice(threads, '');
  const attempt = await openGpu(threads, choice === 'webgpu').catch((error: unknown) =>
    String(error instanceof Error ? error.message : error),
  );
  if (typeof attempt !== 'string') return attempt;
  if (choice === 'webgpu') {
    throw new HeliographError(
      'device-lost',
      `WebGPU cannot be used: ${attempt}`,
      'Choose wasm, or try a current Chrome, Edge or Safari.',
    );
  }
  return wasmDevice(threads, attempt);
}

/** The wasm device; `why` says why it is not WebGPU, '' where it was chosen. */
export async function wasmDevice(threads: RuntimeThreads, why: string): Promise<Device> {
  const runtime = await loadRuntime(false, threads.threads);
  const note = [why, threads.note].filter((part) => part !== '').join(' ');
  return {
    info: { backend: 'wasm', adapter: '', threads: threads.threads, note },
    runtime,
    providers: ['wasm'],
    lossReason: () => null,
    lost: NEVER,
  };
}

/**
 * @param anyAdapter take a software adapter, too: it is right, but about a hundred times slower than wasm
 * @returns the device, or the sentence that says why there is none
 */
async function openGpu(threads: RuntimeThreads, anyAdapter: boolean): Promise<Device | string> {
  const gpu = globalThis.navigator?.gpu;
  if (gpu === undefined) return 'This browser has no WebGPU.';
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) return 'This browser found no graphics adapter for WebGPU.';
  if (!anyAdapter && isSoftware(adapter.info)) {
    return `The only graphics adapter is a software one (${adapterName(adapter.info)}), which is slower than wasm.`;
  }
  const gpuDevice = await adapter.requestDevice({ requiredLimits: limitsOf(adapter), requiredFeatures: featuresOf(adapter) });

  let reason: string | null = null;
  const lost = gpuDevice.lost.then((loss): never => {
    reason = loss.message.trim() || 'The browser gave no reason.';
    throw new HeliographError('device-lost', `The GPU was lost: ${reason}`, 'Run it again; the wasm runtime takes over.');
  });
  // Whoever waits on a run races it against `lost`; nobody need be waiting when it happens.
  lost.catch(() => undefined);

  const device: Device = {
    info: { backend: 'webgpu', adapter: adapterName(adapter.info), threads: threads.threads, note: '' },
    runtime: await loadRuntime(true, threads.threads),
    providers: [{ name: 'webgpu', device: gpuDevice } as ExecutionProvider],
    lossReason: () => reason,
    lost,
  };
  const failure = await Promise.race([selfTest(device), timeLimit(SELF_TEST_LIMIT_MS)]);
  if (failure === null) return device;
  gpuDevice.destroy();
  return failure;
}

/** Chromium's SwiftShader says so in its architecture; Mesa's llvmpipe in its description. */
function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || /swiftshader|llvmpipe/i.test(`${info.architecture} ${info.description}`);
}

/** What the adapter allows beyond WebGPU's guaranteed minimum and large feature maps need. */
function limitsOf(adapter: GPUAdapter): Record<string, number> {
  const { limits } = adapter;
  return {
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
    maxComputeWorkgroupSizeZ: limits.maxComputeWorkgroupSizeZ,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
  };
}

function featuresOf(adapter: GPUAdapter): GPUFeatureName[] {
  const useful: readonly GPUFeatureName[] = ['shader-f16', 'subgroups'];
  return useful.filter((feature) => adapter.features.has(feature));
}

function adapterName(info: GPUAdapterInfo): string {
  if (info.description !== '') return info.description;
  return [info.vendor, info.architecture].filter((part) => part !== '').join(' ') || 'unnamed adapter';
}

function timeLimit(milliseconds: number): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(`The WebGPU self-test did not end within ${milliseconds / 1000} s.`), milliseconds);
  });
}

const SELF_TEST_INPUT = [1, -2, 3, 4, 0.5, -6, 7, 8, 9];
/** x ⋆ [[1, 0], [0, −1]] + 1, worked out by hand for the 3×3 input above. */
const SELF_TEST_OUTPUT = [1 - 0.5 + 1, -2 + 6 + 1, 4 - 8 + 1, 0.5 - 9 + 1];

/** A 2×2 convolution and an addition whose values are known. */
export function selfTestGraph(): StaticGraph {
  const builder = new GraphBuilder(emptyGraph('self-test'));
  const x = builder.input('x', 'float32', [1, 1, 3, 3]);
  const kernel = builder.add(float32([1, 1, 2, 2], [1, 0, 0, -1]));
  const convolved = builder.emit('Conv', [x, kernel], { kernel_shape: ints([2, 2]) });
  return builder.finish([{ value: builder.addValues(convolved, builder.scalar(1)), name: 'y' }]);
}

/** @returns null if the device computes the self-test correctly, otherwise what went wrong */
async function selfTest(device: Device): Promise<string | null> {
  const { InferenceSession, Tensor } = device.runtime;
  try {
    const session = await InferenceSession.create(writeModel(selfTestGraph()), { executionProviders: device.providers });
    const { y } = await session.run({ x: new Tensor('float32', Float32Array.from(SELF_TEST_INPUT), [1, 1, 3, 3]) });
    await session.release();
    const values = y?.data;
    if (!(values instanceof Float32Array)) return 'The WebGPU self-test gave no numbers.';
    const right = SELF_TEST_OUTPUT.every((expected, index) => Math.abs((values[index] ?? Number.NaN) - expected) < 1e-4);
    return right ? null : 'The WebGPU self-test gave wrong numbers.';
  } catch (error) {
    return saysDeviceLost(error) ? 'The GPU was lost during the self-test.' : 'The WebGPU self-test failed.';
  }
}
