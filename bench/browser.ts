/** What the benchmark can only learn in a browser: node placement on WebGPU, memory over many runs, blocked main thread. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from '@playwright/test';
import { build, type InlineConfig, preview } from 'vite';
import { CHROMIUM_FLAGS } from '../e2e/chromium.ts';
import { ISOLATION_HEADERS } from '../headers.ts';
import { findChromium } from '../scripts/find-chromium.mjs';
import type { MethodId } from '../src/explain/explainer.ts';
import { LONGEST_TASK, longestTasks } from './main-thread.ts';
import type { RelightBench } from './relight.ts';

const MODEL = 'models/efficientnet-lite0/model.onnx';
/** The first reading comes after every graph has been made once. */
const READ_AT = [20, 100, 200];

interface Placement {
  readonly graph: string;
  /** Nodes per execution provider. */
  readonly nodes: Readonly<Record<string, number>>;
  /** Operators that are not computed on the GPU, as the runtime's log names them. */
  readonly fallbacks: readonly string[];
}

/** Reads the runtime's placement report out of its log. */
function readPlacement(graph: string, log: readonly string[]): Placement {
  const nodes: Record<string, number> = {};
  const fallbacks: string[] = [];
  for (const line of log) {
    const all = /All nodes placed on \[(\w+)\]\. Number of nodes: (\d+)/.exec(line);
    const some = /Node\(s\) placed on \[(\w+)\]\. Number of nodes: (\d+)/.exec(line);
    const [, provider = '', count = '0'] = all ?? some ?? [];
    if (provider !== '') nodes[provider] = Number(count);
  }
  if ('CPUExecutionProvider' in nodes) {
    const start = log.findIndex((line) => line.includes('placed on [CPUExecutionProvider]'));
    for (const line of log.slice(start + 1)) {
      const [, operator, name] = /\]\s*(\w+) \((.*)\)\s*$/.exec(line) ?? [];
      if (operator === undefined || line.includes('placed on [')) break;
      fallbacks.push(`${operator} (${name})`);
    }
  }
  return { graph, nodes, fallbacks };
}

async function placements(browser: Browser, url: string): Promise<Placement[]> {
  const found: Placement[] = [];
  for (const method of [null, 'srd', 'erf', 'gradient', 'grad-cam', 'integrated-gradients'] as (MethodId | null)[]) {
    const page = await browser.newPage();
    const log: string[] = [];
    page.on('console', (message) => log.push(...message.text().split('\n')));
    await page.goto(`${url}page.html`);
    await page.waitForFunction(() => 'heliographBench' in window);
    await page.evaluate(([model, id]) => window.heliographBench.place(model, id), [`./${MODEL}`, method] as const);
    found.push(readPlacement(method ?? 'forward', log));
    await page.close();
  }
  return found;
}

async function soak(browser: Browser, url: string): Promise<readonly number[]> {
  const page = await browser.newPage();
  await page.goto(`${url}page.html`);
  await page.waitForFunction(() => 'heliographBench' in window);
  const held = await page.evaluate(([model, readAt]) => window.heliographBench.soak(model, readAt), [
    `./${MODEL}`,
    READ_AT,
  ] as const);
  await page.close();
  return held;
}

/** Frames of the bundled scene beside plain marches of the same tensors; see `relight.ts`. */
async function relightFrames(browser: Browser, url: string): Promise<RelightBench> {
  const page = await browser.newPage();
  await page.goto(`${url}relight.html?scene=./scenes/town-square&cameras=1`);
  await page.waitForFunction(() => window.relightBench?.done, null, { timeout: 0 });
  const measured = await page.evaluate(() => window.relightBench);
  await page.close();
  if (measured.failure !== '') throw new Error(measured.failure);
  return measured;
}

function printRelight({ backend, bytes, milliseconds, frames }: RelightBench): void {
  const { load, compile, coarse, full } = milliseconds;
  const seconds = (time: number) => `${(time / 1000).toFixed(2)} s`;
  console.log(`\nRelight, ${backend}, scene of ${(bytes / 1e6).toFixed(1)} MB`);
  console.log(
    `  loaded in ${seconds(load)}, shader in ${seconds(compile)}, first picture ${seconds(coarse)}, in full ${seconds(full)}`,
  );
  for (const { camera, name, width, height, milliseconds: cost, ratio } of frames) {
    console.log(
      `  ${camera.padEnd(18)}${`${width} × ${height}`.padEnd(12)}${name.padEnd(46)}${cost.toFixed(1).padStart(8)} ms${ratio.toFixed(2).padStart(8)} ×`,
    );
  }
}

/** Prints and writes the browser's figures. The page must have been built. */
export async function measureInBrowser(root: string, folder: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS });
  const outDir = mkdtempSync(join(tmpdir(), 'heliograph-bench-'));
  const config: InlineConfig = {
    configFile: false,
    root: join(root, 'bench'),
    base: './',
    publicDir: join(root, 'public'),
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      target: 'es2023',
      outDir,
      emptyOutDir: true,
      rolldownOptions: { input: ['page', 'relight'].map((page) => join(root, `bench/${page}.html`)) },
    },
    preview: { port: 0, headers: ISOLATION_HEADERS },
  };
  await build(config);
  const own = await preview(config);
  const built = await preview({ root, logLevel: 'error', preview: { port: 0 } });
  try {
    const url = own.resolvedUrls?.local[0] ?? '';
    const tasks = await longestTasks(browser, built.resolvedUrls?.local[0] ?? '', root);
    console.log(`\nLongest task of the page's main thread (limit ${LONGEST_TASK} ms): wall, processor`);
    for (const { doing, wall, processor } of tasks) {
      console.log(`  ${doing.padEnd(30)}${wall.toFixed(0).padStart(5)} ms${processor.toFixed(0).padStart(6)} ms`);
    }

    const placed = await placements(browser, url);
    console.log('\nNodes on WebGPU');
    for (const { graph, nodes, fallbacks } of placed) {
      const counts = Object.entries(nodes).map(([provider, count]) => `${provider.replace('ExecutionProvider', '')} ${count}`);
      console.log(
        `  ${graph.padEnd(22)}${counts.join(', ')}${fallbacks.length > 0 ? `; fallbacks: ${fallbacks.join(', ')}` : ''}`,
      );
    }

    const held = await soak(browser, url);
    console.log('\nMemory held by the page over explanations in a row');
    READ_AT.forEach((count, index) => {
      console.log(`  after ${String(count).padStart(3)}  ${((held[index] ?? Number.NaN) / 2 ** 20).toFixed(0)} MiB`);
    });
    const relight = await relightFrames(browser, url);
    printRelight(relight);
    const report = {
      relight,
      longestTasks: tasks,
      placements: placed,
      memory: READ_AT.map((count, index) => ({ count, bytes: held[index] })),
    };
    writeFileSync(`${folder}/browser.json`, `${JSON.stringify(report, null, 2)}\n`);
    console.log('\nWritten to bench/results/browser.json');
  } finally {
    await Promise.all([browser.close(), own.close(), built.close()]);
    rmSync(outDir, { recursive: true });
  }
}
