/** The browser's side of the benchmark; `browser.ts` drives it. */
import { METHOD_IDS, type MethodId } from '../src/explain/explainer.ts';
import { explainers } from '../src/explain/registry.ts';
import { sizeOf } from '../src/graph/tensor.ts';
import { writeModel } from '../src/graph/write.ts';
import { LocalEngine } from '../src/runtime/engine.ts';
import { openModel } from '../src/runtime/open-model.ts';
import { loadRuntime } from '../src/runtime/ort.ts';

declare global {
  interface Window {
    readonly heliographBench: { place: typeof place; soak: typeof soak };
  }
  interface Performance {
    measureUserAgentSpecificMemory(): Promise<{ bytes: number }>;
  }
}

async function fetchModel(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

/**
 * Creates the WebGPU session of a method's graph (of the model itself for null) with the runtime's log wide open: it
 * tells on the console which nodes it places where.
 */
async function place(url: string, method: MethodId | null): Promise<void> {
  const { classifier, summary } = openModel('bench', 'model', await fetchModel(url), {}, {});
  const layer = summary.layers.filter(({ stage }) => stage).at(-1)?.tensor;
  const graph =
    method === null ? classifier.graph : explainers[method].compile(classifier, method === 'erf' ? { layer } : {}).graph;
  const { InferenceSession, env } = await loadRuntime(true, 1);
  env.logLevel = 'verbose';
  const session = await InferenceSession.create(writeModel(graph), {
    executionProviders: ['webgpu'],
    logSeverityLevel: 0,
    logVerbosityLevel: 1,
  });
  await session.release();
}

/** Bytes the page and its workers hold, wasm heaps included, after the collector has run. */
async function heldBytes(): Promise<number> {
  return (await performance.measureUserAgentSpecificMemory()).bytes;
}

/**
 * Computes explanations one after another on wasm, going round more graphs than the session cache holds.
 * @returns bytes held after each of the counts in `readAt`
 */
async function soak(url: string, readAt: readonly number[]): Promise<number[]> {
  const engine = new LocalEngine('wasm');
  const summary = await engine.openModel('soak', { kind: 'files', name: 'model', model: await fetchModel(url), external: {} });
  const input = new Float32Array(sizeOf(summary.inputShape)).map((_, index) => Math.sin(index / 37));
  const oneRun = METHOD_IDS.filter((id) => ['srd', 'gradient', 'gradient-x-input', 'grad-cam'].includes(id));
  const stages = summary.layers.filter(({ stage }) => stage).slice(0, 6);
  const held: number[] = [];
  for (let count = 1; count <= Math.max(...readAt); count += 1) {
    const turn = count % (oneRun.length + stages.length);
    const stage = stages[turn - oneRun.length];
    await engine.explain('soak', {
      model: summary.id,
      method: oneRun[turn] ?? 'erf',
      options: stage === undefined ? {} : { layer: stage.tensor },
      input,
      target: stage === undefined ? { plus: count % summary.classes } : undefined,
      at: stage === undefined ? undefined : [count % stage.height, count % stage.width],
    });
    if (readAt.includes(count)) held.push(await heldBytes());
  }
  return held;
}

Object.assign(window, { heliographBench: { place, soak } });
