import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { create } from 'tar';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { conv4, mamlCard, protoNetCard } from '../src/fewshot/conv4.ts';
import { writeModel } from '../src/graph/write.ts';
import { uniform } from '../src/random.ts';
import { heliograph, ROOT } from './testing.ts';

// Every test starts a process that loads the runtime, seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SHAPE = { channels: 1, side: 16, filters: 4, nodes: 6 } as const;
const CLASSES = ['arcs/one', 'arcs/two', 'bars/one', 'bars/two'];
const IMAGES = 5;

const folder = mkdtempSync(join(tmpdir(), 'heliograph-episodes-'));
const at = (...parts: string[]) => join(folder, ...parts);
afterAll(() => rmSync(folder, { recursive: true }));

/** Dark strokes on white, a direction for each class, moved a little from image to image. */
async function drawing(index: number, image: number): Promise<Buffer> {
  const draw = uniform(index, image);
  const [x, y] = [draw() * 8, draw() * 8];
  const angle = index * 45 + draw() * 10;
  const stroke = `<line x1="8" y1="32" x2="56" y2="32" stroke="black" stroke-width="7" transform="translate(${x} ${y}) rotate(${angle} 32 32)"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="white"/>${stroke}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

beforeAll(async () => {
  for (const [name, card] of [
    ['maml', mamlCard(SHAPE)],
    ['protonet', protoNetCard(SHAPE)],
  ] as const) {
    mkdirSync(at(name));
    writeFileSync(at(name, 'card.json'), JSON.stringify(card));
    writeFileSync(at(name, 'model.onnx'), writeModel(conv4(SHAPE, 1)));
  }
  mkdirSync(at('tars'));
  for (const [index, name] of CLASSES.entries()) {
    const place = at('images', name);
    mkdirSync(place, { recursive: true });
    for (let image = 0; image < IMAGES; image += 1) writeFileSync(join(place, `${image}.png`), await drawing(index, image));
    // What is no image is passed over.
    writeFileSync(join(place, 'notes.txt'), 'drawn by a test');
    writeFileSync(join(place, '._0.png'), 'of the system');
    await create({ file: at('tars', `${name.replace('/', '-')}.tar`), cwd: place }, ['.']);
  }
});

interface Document {
  readonly accuracy: { readonly mean: number; readonly halfWidth: number | null };
  readonly accuracies: readonly number[];
  readonly assignments: number | null;
  readonly classes: number;
  readonly confusion: readonly {
    readonly actual: string;
    readonly predicted: string;
    readonly count: number;
    readonly images?: readonly { readonly episode: number; readonly file: string }[];
  }[];
}

const SHORT = ['--ways', '3', '--shots', '2', '--queries', '3', '--episodes', '4'];

async function measured(learner: string, images: string, ...options: readonly string[]): Promise<Document> {
  const run = await heliograph('episodes', '--learner', at(learner), '--images', at(images), ...SHORT, '--json', ...options);
  expect(run.err).not.toContain('heliograph:');
  expect(run.code).toBe(0);
  return JSON.parse(run.out.toString()) as Document;
}

describe('episodes', () => {
  it('measures MAML on folders: accuracies, confusion and the images behind it', async () => {
    const result = await measured('maml', 'images', '--seed', '3');
    expect(result).toMatchObject({ classes: 4, assignments: 2 });
    expect(result.accuracies.length).toBe(4);
    expect(result.accuracy.mean).toBeCloseTo(result.accuracies.reduce((sum, value) => sum + value, 0) / 4, 12);
    // Lines of four directions: far above the third that guessing gives.
    expect(result.accuracy.mean).toBeGreaterThan(0.6);
    expect(result.confusion.reduce((sum, { count }) => sum + count, 0)).toBe(4 * 9);
    for (const { actual, predicted, count, images } of result.confusion) {
      expect(CLASSES).toContain(actual);
      expect(images?.length).toBe(actual === predicted ? undefined : count);
      for (const { file } of images ?? []) expect(file.startsWith(at('images', actual))).toBe(true);
    }
  });

  it('measures the same on the same images in archives, and other episodes with another seed', async () => {
    const [folders, archives, other] = await Promise.all([
      measured('protonet', 'images'),
      measured('protonet', 'tars'),
      measured('protonet', 'images', '--seed', '2'),
    ]);
    expect(archives.accuracies).toEqual(folders.accuracies);
    expect(folders.assignments).toBeNull();
    expect(other.confusion).not.toEqual(folders.confusion);
  });

  it('says it in a sentence', async () => {
    const run = await heliograph('episodes', '--learner', at('maml'), '--images', at('images'), ...SHORT, '--assignments', '1');
    expect(run.out.toString()).toMatch(
      /^Conv-4: 3-way 2-shot, 3 queries a class, 1 assignment; 4 classes, seed 1\naccuracy \d+\.\d\d ± \d+\.\d\d % over 4 episodes \(95 % interval of the mean\)\n$/,
    );
  });

  it.each([
    ['a learner that is not there', ['--learner', 'nobody', '--images', 'images'], 'There is no learner'],
    ['a folder that is not there', ['--images', 'nowhere'], 'Cannot read'],
    ['a folder of images without classes', ['--images', 'images/arcs/one'], 'holds images, not classes'],
    ['a folder with nothing in it', ['--images', 'empty'], 'holds no classes'],
    [
      'one class',
      ['--images', 'single'],
      'There is one class, too few for 3 ways. Few-shot learning needs at least two classes.',
    ],
    ['too few images', ['--images', 'images', '--shots', '4'], '4 + 3 = 7 images of a class; “arcs/one” has 5'],
    ['too many ways', ['--images', 'many', '--ways', '7'], '6 output nodes, too few for 7 classes. Use a ProtoNet learner'],
    ['assignments that do not fit', ['--images', 'images', '--assignments', '3'], 'Choose 1 to 2.'],
    ['assignments of ProtoNet', ['--images', 'images', '--learner', 'protonet', '--assignments', '1'], 'no output nodes'],
    ['images that cannot be read', ['--images', 'broken'], 'Cannot decode'],
    ['an archive that is none', ['--images', 'archives'], 'as a tar archive'],
    ['a card that is damaged', ['--images', 'images', '--learner', 'damaged'], 'inner.steps'],
    ['a card that is no JSON', ['--images', 'images', '--learner', 'nojson'], 'is not JSON'],
  ])('refuses %s with a sentence', async (_, given, message) => {
    mkdirSync(at('empty'), { recursive: true });
    mkdirSync(at('archives'), { recursive: true });
    writeFileSync(at('archives', 'class.tar'), Buffer.alloc(2000, 7));
    cpSync(at('images', 'arcs', 'one'), at('single', 'one'), { recursive: true });
    for (let copy = 0; copy < 7; copy += 1) cpSync(at('images', 'arcs', 'one'), at('many', `${copy}`), { recursive: true });
    cpSync(at('images'), at('broken'), { recursive: true });
    for (let image = 0; image < IMAGES; image += 1) writeFileSync(at('broken', 'bars', 'one', `${image}.png`), 'no picture');
    cpSync(at('maml'), at('damaged'), { recursive: true });
    writeFileSync(at('damaged', 'card.json'), JSON.stringify(mamlCard(SHAPE, { learningRate: 1, steps: 0 })));
    cpSync(at('maml'), at('nojson'), { recursive: true });
    writeFileSync(at('nojson', 'card.json'), '{');

    const options = [...SHORT, '--learner', 'maml', ...given].map((part, index, all) =>
      ['--images', '--learner'].includes(all[index - 1] ?? '') && part !== 'nobody' ? at(part) : part,
    );
    const run = await heliograph('episodes', ...options);
    expect(run.code).toBe(1);
    expect(run.err).toContain(message);
    expect(run.err.startsWith('heliograph: ')).toBe(true);
    expect(run.err).not.toMatch(/\n\s+at /);
  });

  it('explains itself', () => {
    const help = execFileSync(process.execPath, [`${ROOT}dist-cli/heliograph.js`, 'episodes', '--help']).toString();
    for (const option of [
      '--learner',
      '--images',
      '--ways',
      '--shots',
      '--queries',
      '--episodes',
      '--seed',
      '--assignments',
      '--json',
    ]) {
      expect(help).toContain(option);
    }
  });
});
