/**
 * `npm run bench`: what explanations and few-shot adaptation cost beside a forward pass, and what the page weighs. Figures of one run on one
 * machine, printed as a table and written as JSON to bench/results/. With `-- --browser` also what needs a browser.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readModelFiles } from '../cli/model.ts';
import type { MethodId, MethodOptions } from '../src/explain/explainer.ts';
import { sizeOf } from '../src/graph/tensor.ts';
import { writeModel } from '../src/graph/write.ts';
import { LocalEngine } from '../src/runtime/engine.ts';
import type { Engine, ModelSummary } from '../src/runtime/protocol.ts';
import { type FewShotReport, measureFewShot, printFewShot } from './fewshot.ts';
import { resnet50 } from './resnet50.ts';
import { type PageSizes, pageSizes } from './sizes.ts';
import { type Measurement, pairedMedians } from './statistics.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EFFICIENTNET = `${ROOT}public/models/efficientnet-lite0/model.onnx`;

/** Greatest cost of each explanation, in forward passes of the same model. */
const LIMITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'EfficientNet-Lite0': { gradient: 2.6, srd: 3.5, erf: 3.5 },
  'ResNet-50': { srd: 4 },
};

interface ModelReport {
  readonly model: string;
  readonly bytes: number;
  readonly measurements: readonly (Measurement & { readonly limit: number | null })[];
}

interface Report {
  readonly date: string;
  readonly processor: string;
  readonly threads: number;
  readonly models: readonly ModelReport[];
  readonly fewShot: readonly FewShotReport[];
  readonly page: PageSizes | null;
}

/** An image-like input: smooth waves, so that no unit is dead or saturated everywhere. */
function waves(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => Math.sin(index / 37) + Math.cos(index / 1013));
}

/** A layer in the middle of the network, as far from the image as from the scores. */
function middleLayer(model: ModelSummary): { tensor: string; at: [number, number] } {
  const stages = model.layers.filter(({ stage }) => stage);
  const layer = stages[stages.length >> 1];
  if (layer === undefined) throw new RangeError(`${model.name} has no stages`);
  return { tensor: layer.tensor, at: [layer.height >> 1, layer.width >> 1] };
}

async function measure(engine: Engine, name: string, model: Uint8Array, rounds: number): Promise<ModelReport> {
  const summary = await engine.openModel('bench', { kind: 'files', name, model, external: {} });
  const input = waves(sizeOf(summary.inputShape));
  const middle = middleLayer(summary);
  const explain =
    (method: MethodId, options: MethodOptions = {}) =>
    async () => {
      const erf = method === 'erf';
      const result = await engine.explain('bench', {
        model: summary.id,
        method,
        options,
        input,
        target: erf ? undefined : { plus: 0 },
        at: erf ? middle.at : undefined,
      });
      return result.milliseconds;
    };
  const contestants = new Map<string, () => Promise<number>>([
    ['forward', async () => (await engine.classify('bench', summary.id, input)).milliseconds],
    ['gradient', explain('gradient')],
    ['srd', explain('srd')],
    ['erf', explain('erf', { layer: middle.tensor })],
    ['grad-cam', explain('grad-cam')],
  ]);
  const limits = LIMITS[name] ?? {};
  const measurements = await pairedMedians(contestants, rounds, 2);
  await engine.closeModel(summary.id);
  return { model: name, bytes: model.length, measurements: measurements.map((m) => ({ ...m, limit: limits[m.name] ?? null })) };
}

function printModel({ model, bytes, measurements }: ModelReport): void {
  console.log(`\n${model}  (${(bytes / 1e6).toFixed(1)} MB)`);
  console.log('  method        median ms   × forward   limit');
  for (const { name, milliseconds, ratio, limit } of measurements) {
    const verdict = limit === null ? '' : `${limit.toFixed(1)} ${ratio <= limit ? '✓' : '✗'}`;
    console.log(
      `  ${name.padEnd(12)}${milliseconds.toFixed(1).padStart(11)}${ratio.toFixed(2).padStart(12)}   ${verdict}`.trimEnd(),
    );
  }
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, browser: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);

const engine = new LocalEngine('wasm');
const device = await engine.device();
console.log(`wasm, ${device.threads} threads, ${rounds} rounds, medians; ratios within a round`);
const { model: efficientnet } = await readModelFiles(EFFICIENTNET);
const models: ModelReport[] = [];
for (const [name, bytes] of [
  ['EfficientNet-Lite0', efficientnet],
  ['ResNet-50', writeModel(resnet50())],
] as const) {
  const report = await measure(engine, name, bytes, rounds);
  models.push(report);
  printModel(report);
}

const fewShot = await measureFewShot(engine, rounds, device.threads);
printFewShot(fewShot);

const page = pageSizes(`${ROOT}dist`);
if (page === null) console.log('\nNo dist/: run `npm run build` first for the sizes of the page.');
else {
  console.log('\nPage, gzipped');
  console.log(`  initial JavaScript  ${(page.initialJavaScript / 1000).toFixed(1)} kB (limit 350)`);
  console.log(`  initial CSS         ${(page.initialCss / 1000).toFixed(1)} kB`);
  console.log(`  runtime wasm        ${(page.wasm / 1e6).toFixed(2)} MB, loaded after first paint`);
}

const report: Report = {
  date: new Date().toISOString(),
  processor: cpus()[0]?.model ?? 'unknown',
  threads: device.threads,
  models,
  fewShot,
  page,
};
const folder = `${ROOT}bench/results`;
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/node.json`, `${JSON.stringify(report, null, 2)}\n`);
console.log(`\nWritten to bench/results/node.json`);

if (values.browser) {
  const { measureInBrowser } = await import('./browser.ts');
  await measureInBrowser(ROOT, folder);
}
