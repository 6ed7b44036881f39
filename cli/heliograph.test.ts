import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type NpyArray, readNpy, writeNpy } from '../src/runtime/npy.ts';
import { loadRuntime } from '../src/runtime/ort.ts';
import { relativeError } from '../test/relative-error.ts';
import { array, channelSum, golden, heliograph } from './testing.ts';

// Every test starts processes that load the runtime, seconds each on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'heliograph-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const out = (name: string) => join(folder, name);

interface Golden {
  readonly target: number;
  readonly methods: { readonly gradcam: { readonly tensor: string }; readonly integratedGradients: { readonly steps: number } };
}

function facts(net: string): Golden {
  return JSON.parse(readFileSync(golden(net, 'golden.json'), 'utf8')) as Golden;
}

/** Explains a golden's input and gives the written map. */
async function explain(net: string, ...args: readonly string[]) {
  const file = out(`${net}-${args.join('-').replaceAll('/', '_')}.npy`);
  const run = await heliograph('explain', golden(net, 'model.onnx'), '--input', golden(net, 'x.npy'), ...args, '--out', file);
  expect(run.err).not.toContain('heliograph:');
  expect(run.code).toBe(0);
  return array(file);
}

describe('explain', () => {
  it.each(['residual', 'vgg', 'depthwise'])('gives the SRD oracle’s map of %s', async (net) => {
    const start = net === 'vgg' ? [] : ['--start', 'identity'];
    const map = await explain(net, '--method', 'srd', '--target', String(facts(net).target), ...start);
    const expected = array(golden(net, 'srd_identity.npy'));
    expect(map.dims).toEqual(expected.dims);
    expect(relativeError(map.data, expected.data)).toBeLessThan(1e-4);
  });

  it('gives the contrastive start’s map', async () => {
    const map = await explain(
      'residual',
      '--method',
      'srd',
      '--target',
      String(facts('residual').target),
      '--start',
      'contrastive',
    );
    expect(relativeError(map.data, array(golden('residual', 'srd_contrastive.npy')).data)).toBeLessThan(1e-4);
  });

  it('explains the difference of two classes', async () => {
    const map = await explain('residual', '--method', 'srd', '--target', '3', '--minus', '4');
    expect(relativeError(map.data, array(golden('residual', 'srd_difference.npy')).data)).toBeLessThan(1e-4);
  });

  it('gives relevance at a layer', async () => {
    const map = await explain(
      'residual',
      '--method',
      'srd',
      '--target',
      String(facts('residual').target),
      '--layer',
      'blocks.0.relu',
    );
    const expected = array(golden('residual', 'srd_layer_blocks.0.relu.npy'));
    expect(map.dims).toEqual(expected.dims);
    expect(relativeError(map.data, expected.data)).toBeLessThan(1e-4);
  });

  it('gives the effective receptive field of a position', async () => {
    const map = await explain('residual', '--method', 'erf', '--layer', 'blocks.0.relu', '--at', '5,7');
    expect(relativeError(map.data, array(golden('residual', 'erf_blocks.0.relu_5_7.npy')).data)).toBeLessThan(1e-4);
  });

  it('gives PyTorch’s gradient, channel by channel', async () => {
    const map = await explain('vit', '--method', 'gradient', '--target', String(facts('vit').target));
    expect(relativeError(map.data, array(golden('vit', 'gradient.npy')).data)).toBeLessThan(1e-4);
  });

  it('gives Captum’s integrated gradients, channel by channel', async () => {
    const { target, methods } = facts('residual');
    const steps = String(methods.integratedGradients.steps);
    const map = await explain('residual', '--method', 'integrated-gradients', '--target', String(target), '--steps', steps);
    const expected = array(golden('residual', 'integrated_gradients.npy'));
    expect(map.dims).toEqual(expected.dims);
    expect(relativeError(map.data, expected.data)).toBeLessThan(1e-4);
  });

  it.each([
    ['signed', [], 'gradcam_raw_upsampled.npy'],
    ['clipped at zero', ['--relu'], 'gradcam_relu_upsampled.npy'],
    ['at its layer', ['--layer', facts('residual').methods.gradcam.tensor], 'gradcam_raw.npy'],
  ])('gives Captum’s Grad-CAM of the last feature layer, %s', async (_, options, file) => {
    const map = await explain('residual', '--method', 'grad-cam', '--target', String(facts('residual').target), ...options);
    const expected = array(golden('residual', file));
    expect(map.dims).toEqual(expected.dims);
    expect(relativeError(map.data, expected.data)).toBeLessThan(1e-4);
  });

  it('takes top1 as the most likely class', async () => {
    const logits = array(golden('basic', 'logits.npy')).data;
    const best = logits.indexOf(Math.max(...logits));
    const [chosen, top] = await Promise.all([
      explain('basic', '--method', 'gradient', '--target', String(best)),
      explain('basic', '--method', 'gradient', '--target', 'top1'),
    ]);
    expect(top.data).toEqual(chosen.data);
  });

  it('writes NPY to standard output for -', async () => {
    const run = await heliograph(
      'explain',
      golden('basic', 'model.onnx'),
      '--input',
      golden('basic', 'x.npy'),
      '--method',
      'gradient',
      '--out',
      '-',
    );
    expect(run.code).toBe(0);
    expect(readNpy(new Uint8Array(run.out)).dims).toEqual([3, 40, 48]);
  });

  it('writes a picture whose colours are white at zero, and facts as JSON', async () => {
    const file = out('map.png');
    const run = await heliograph(
      'explain',
      golden('basic', 'model.onnx'),
      '--input',
      golden('basic', 'x.npy'),
      '--method',
      'srd',
      '--target',
      '0',
      '--out',
      file,
      '--json',
    );
    expect(run.err).toMatch(/srd, class 0: 40 × 48.*colour scale ±/);
    const document = JSON.parse(run.out.toString()) as { score: number; completenessError: number; target: unknown };
    expect(document.target).toEqual({ plus: 0 });
    expect(document.score).toBeCloseTo(array(golden('basic', 'logits.npy')).data[0] ?? Number.NaN, 4);
    expect(Math.abs(document.completenessError)).toBeLessThan(1e-3);
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    // The middle of the colour bar, in the last row.
    const middle = ((info.height - 1) * info.width + info.width / 2) * info.channels;
    for (let channel = 0; channel < 3; channel += 1) expect(data[middle + channel]).toBeGreaterThan(248);
  });

  it('turns a photograph upright before it looks', async () => {
    const side = { width: 96, height: 80 };
    const pixels = Buffer.from(
      Array.from({ length: side.width * side.height * 3 }, (_, i) => (i * 7 + ((i / 288) | 0) * 11) % 256),
    );
    const upright = await sharp(pixels, { raw: { ...side, channels: 3 } })
      .png()
      .toBuffer();
    writeFileSync(out('upright.png'), upright);
    // Orientation 6: stored rotated by a quarter turn to the left, to be shown turned right.
    writeFileSync(out('turned.png'), await sharp(upright).rotate(-90).withMetadata({ orientation: 6 }).png().toBuffer());
    const maps = [];
    for (const name of ['upright', 'turned']) {
      const file = out(`${name}.npy`);
      const run = await heliograph(
        'explain',
        golden('basic', 'model.onnx'),
        '--image',
        out(`${name}.png`),
        '--method',
        'gradient',
        '--target',
        '1',
        '--out',
        file,
      );
      expect(run.code).toBe(0);
      maps.push(array(file).data);
    }
    expect(maps[1]).toEqual(maps[0]);
  });
});

describe('inspect', () => {
  it('lists layers, operators and methods', async () => {
    const run = await heliograph('inspect', golden('residual', 'model.onnx'));
    expect(run.code).toBe(0);
    const text = run.out.toString();
    expect(text).toMatch(/blocks\.3\.relu\s+Relu\s+\d+ × 7 × 6/);
    expect(text).toMatch(/MaxPool\s+1/);
    expect(text).toMatch(/✓\s+srd/);
  });

  it('says why a method does not apply, as JSON too', async () => {
    const run = await heliograph('inspect', golden('vit', 'model.onnx'), '--json');
    const { methods } = JSON.parse(run.out.toString()) as { methods: { id: string; obstacle: string | null }[] };
    expect(methods.find(({ id }) => id === 'gradient')?.obstacle).toBeNull();
    for (const { obstacle } of methods) if (obstacle !== null) expect(obstacle).toMatch(/\.$/);
  });

  it('knows the bundled model by name and reads its card', async () => {
    const run = await heliograph('inspect', 'efficientnet-lite0', '--json');
    expect(run.code).toBe(0);
    const summary = JSON.parse(run.out.toString()) as { classes: number; inputShape: number[] };
    expect(summary.classes).toBe(1000);
    expect(summary.inputShape).toEqual([1, 3, 224, 224]);
  });
});

describe('bad input', () => {
  const model = golden('basic', 'model.onnx');
  const explainBasic = (...args: string[]) => ['explain', model, '--input', golden('basic', 'x.npy'), ...args];

  writeFileSync(out('text.onnx'), 'This is a shopping list, not a model.\n');
  writeFileSync(out('truncated.onnx'), readFileSync(model).subarray(0, 20_000));
  writeFileSync(out('small.npy'), writeNpy([1, 3, 8, 8], new Float32Array(192)));
  writeFileSync(out('no.png'), 'no picture');

  it.each<[string, string[], RegExp]>([
    ['text renamed .onnx', ['inspect', out('text.onnx')], /not an ONNX|no ONNX|text/i],
    ['a truncated model', ['inspect', out('truncated.onnx')], /cut off|truncated|ends|damaged/i],
    ['a missing model', ['inspect', out('absent.onnx')], /no such file/],
    ['a folder', ['inspect', folder], /folder/],
    [
      'an array of the wrong shape',
      ['explain', model, '--input', out('small.npy'), '--method', 'gradient', '--out', out('m.npy')],
      /\[1,3,8,8\].*\[1,3,40,48\]/,
    ],
    [
      'an array that is none',
      ['explain', model, '--input', model, '--method', 'gradient', '--out', out('m.npy')],
      /not a NumPy array/,
    ],
    [
      'an image that is none',
      ['explain', model, '--image', out('no.png'), '--method', 'gradient', '--out', out('m.npy')],
      /Cannot decode/,
    ],
    ['nothing to explain', ['explain', model, '--method', 'gradient', '--out', out('m.npy')], /--image.*--input/],
    ['an unknown layer', explainBasic('--method', 'srd', '--layer', 'nowhere', '--out', out('m.npy')), /nowhere/],
    ['a class out of range', explainBasic('--method', 'srd', '--target', '10', '--out', out('m.npy')), /0 to 9/],
    [
      'a position out of range',
      explainBasic('--method', 'erf', '--layer', 'blocks.0.relu', '--at', '10,0', '--out', out('m.npy')),
      /0 to 9.*0 to 11/,
    ],
    ['erf without a position', explainBasic('--method', 'erf', '--layer', 'blocks.0.relu', '--out', out('m.npy')), /--at/],
    [
      'an option of another method',
      explainBasic('--method', 'srd', '--steps', '4', '--out', out('m.npy')),
      /--steps means nothing to srd/,
    ],
    [
      'a folder that does not exist',
      explainBasic('--method', 'gradient', '--out', out('no/where.npy')),
      /its folder does not exist/,
    ],
    ['an unknown format', explainBasic('--method', 'gradient', '--out', out('m.jpg')), /\.npy or \.png/],
  ])('%s ends in one clear sentence', async (_, args, message) => {
    const run = await heliograph(...args);
    expect(run.code).toBe(1);
    expect(run.err).toMatch(message);
    expect(run.err).toMatch(/^heliograph: .*[.!]\n$/);
    expect(run.err).not.toMatch(/\n\s+at /);
    expect(run.out.length).toBe(0);
  });

  it.each<[string, string[]]>([
    ['an unknown method', ['explain', model, '--method', 'magic', '--out', 'm.npy']],
    ['a missing --out', ['explain', model, '--method', 'srd']],
    ['a target that is no number', explainBasic('--method', 'srd', '--target', 'cat', '--out', 'm.npy')],
    ['an unknown command', ['explode']],
  ])('%s is a usage error', async (_, args) => {
    const run = await heliograph(...args);
    expect(run.code).toBe(2);
    expect(run.err).toMatch(/error: /);
  });

  it('--help is no error', async () => {
    const run = await heliograph('--help');
    expect(run.code).toBe(0);
    expect(run.out.toString()).toContain('inspect');
  });
});

describe('compile', () => {
  /** Runs a derived model on a golden's input with the plain runtime. */
  async function runDerived(file: string, net: string, more: Readonly<Record<string, NpyArray>> = {}) {
    const { InferenceSession, Tensor } = await loadRuntime(false, 1);
    const session = await InferenceSession.create(readFileSync(file));
    const feeds = { image: array(golden(net, 'x.npy')), ...more };
    expect([...session.inputNames].sort()).toEqual(Object.keys(feeds).sort());
    const results = await session.run(
      Object.fromEntries(Object.entries(feeds).map(([name, { data, dims }]) => [name, new Tensor('float32', data, dims)])),
    );
    await session.release();
    return results.map?.data as Float32Array;
  }

  it('writes a model that gives the same SRD map by itself', async () => {
    const file = out('srd.onnx');
    const run = await heliograph(
      'compile',
      golden('residual', 'model.onnx'),
      '--method',
      'srd',
      '--target',
      String(facts('residual').target),
      '--out',
      file,
    );
    expect(run.code).toBe(0);
    expect(relativeError(await runDerived(file, 'residual'), array(golden('residual', 'srd_identity.npy')).data)).toBeLessThan(
      1e-4,
    );
  });

  it('keeps the target an input where none is given', async () => {
    const file = out('gradient.onnx');
    const run = await heliograph('compile', golden('residual', 'model.onnx'), '--method', 'gradient', '--out', file);
    expect(run.code).toBe(0);
    const target = new Float32Array(10);
    target[facts('residual').target] = 1;
    const map = await runDerived(file, 'residual', { target: { dims: [1, 10], data: target } });
    expect(relativeError(map, channelSum(array(golden('residual', 'gradient.npy'))))).toBeLessThan(1e-4);
  });

  it('writes the steps of integrated gradients as a loop', async () => {
    const file = out('ig.onnx');
    const { target, methods } = facts('basic');
    const steps = String(methods.integratedGradients.steps);
    const run = await heliograph(
      'compile',
      golden('basic', 'model.onnx'),
      '--method',
      'integrated-gradients',
      '--steps',
      steps,
      '--target',
      String(target),
      '--out',
      file,
    );
    expect(run.code).toBe(0);
    const expected = channelSum(array(golden('basic', 'integrated_gradients.npy')));
    expect(relativeError(await runDerived(file, 'basic'), expected)).toBeLessThan(1e-4);
  });

  it('bakes a position into a receptive field', async () => {
    const file = out('erf.onnx');
    const run = await heliograph(
      'compile',
      golden('residual', 'model.onnx'),
      '--method',
      'erf',
      '--layer',
      'blocks.0.relu',
      '--at',
      '5,7',
      '--out',
      file,
    );
    expect(run.code).toBe(0);
    expect(
      relativeError(await runDerived(file, 'residual'), array(golden('residual', 'erf_blocks.0.relu_5_7.npy')).data),
    ).toBeLessThan(1e-4);
  });

  it('with top1 explains the class the graph’s own scores put first', async () => {
    const file = out('top1.onnx');
    const logits = [...array(golden('basic', 'logits.npy')).data];
    const run = await heliograph(
      'compile',
      golden('basic', 'model.onnx'),
      '--method',
      'gradient',
      '--target',
      'top1',
      '--out',
      file,
    );
    expect(run.code).toBe(0);
    const map = out('top1.npy');
    const top = String(logits.indexOf(Math.max(...logits)));
    const again = await heliograph(
      'explain',
      golden('basic', 'model.onnx'),
      '--input',
      golden('basic', 'x.npy'),
      '--method',
      'gradient',
      '--target',
      top,
      '--out',
      map,
    );
    expect(again.code).toBe(0);
    expect(relativeError(await runDerived(file, 'basic'), channelSum(array(map)))).toBeLessThan(1e-5);
  });
});
