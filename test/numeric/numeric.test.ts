import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { LocalEngine } from '../../src/runtime/engine.ts';
import { NETS } from './cases.ts';
import { type Load, runNet } from './run.ts';

const load: Load = async (path) => new Uint8Array(await readFile(new URL(`../../goldens/${path}`, import.meta.url)));

describe('every explanation agrees with its independent source (wasm)', () => {
  const engine = new LocalEngine('wasm');

  // A loaded machine takes ten times what a free one does.
  it.each(NETS)('%s', { timeout: 180_000 }, async (net) => {
    const results = await runNet(engine, net, load);
    expect(results.length).toBeGreaterThan(3);
    const wrong = results.filter(({ error, tolerance }) => !(error <= tolerance));
    expect(wrong).toEqual([]);
  });
});
