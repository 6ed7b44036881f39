import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { LocalEngine } from '../../src/runtime/engine.ts';
import { LEARNERS, runLearner } from './fewshot.ts';
import type { Load } from './run.ts';

const load: Load = async (path) => new Uint8Array(await readFile(new URL(`../../goldens/${path}`, import.meta.url)));

it.each(LEARNERS)('%s learns and predicts as in PyTorch (wasm)', async (golden) => {
  const results = await runLearner(new LocalEngine('wasm'), golden, load);
  expect(results.length).toBeGreaterThanOrEqual(2);
  expect(results.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([]);
});
