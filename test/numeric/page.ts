/**
 * The numeric suite in a browser: `?backend=webgpu&nets=basic,vit&cases=gradient,srd_identity&learners=fewshot-maml`. Without `cases`
 * all of a net's run, without `nets` all nets, without `learners` no learner.
 * Results lie on `window.numeric` when `window.numeric.done` is true.
 */
import { createEngine } from '../../src/runtime/client.ts';
import type { Backend, DeviceInfo } from '../../src/runtime/protocol.ts';
import { TINY_NETS } from './cases.ts';
import { LEARNERS, runLearner } from './fewshot.ts';
import { type NumericResult, runNet } from './run.ts';

export interface NumericReport {
  done: boolean;
  failure: string;
  device: DeviceInfo | null;
  readonly nets: Record<string, readonly NumericResult[]>;
}

declare global {
  interface Window {
    numeric: NumericReport;
  }
}

const parameters = new URLSearchParams(location.search);
const backend: Backend = parameters.get('backend') === 'webgpu' ? 'webgpu' : 'wasm';
const nets = parameters.get('nets')?.split(',');
const cases = parameters.get('cases')?.split(',');
const learners = parameters.get('learners')?.split(',') ?? [];
const report: NumericReport = { done: false, failure: '', device: null, nets: {} };
window.numeric = report;

async function load(path: string): Promise<Uint8Array> {
  const response = await fetch(`./${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function show(line: string): void {
  document.querySelector('#log')?.append(`${line}\n`);
}

function keep(name: string, results: readonly NumericResult[]): void {
  report.nets[name] = results;
  for (const { name: what, error, failure } of results) show(`${name} ${what} ${error.toExponential(1)} ${failure}`);
}

async function main(): Promise<void> {
  const engine = createEngine();
  report.device = await engine.setBackend(backend);
  show(JSON.stringify(report.device));
  for (const net of TINY_NETS) {
    if (nets !== undefined && !nets.includes(net)) continue;
    const results = await runNet(engine, net, load, (name) => cases === undefined || cases.includes(name));
    keep(net, results);
  }
  for (const learner of LEARNERS) {
    if (learners.includes(learner)) keep(learner, await runLearner(engine, learner, load));
  }
}

main()
  .catch((error: unknown) => {
    report.failure = error instanceof Error ? error.message : String(error);
    show(report.failure);
  })
  .finally(() => {
    report.done = true;
  });
