import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import sharp from 'sharp';
import * as z from 'zod';
import { decodeImage } from '../cli/image.ts';
import type { LearnerInput } from '../src/fewshot/learner-card.ts';
import { learnerInput } from '../src/runtime/learner-input.ts';
import { expect, type Studio, test } from './studio.ts';

/** Few examples and questions: two cores are shared with everything else. */
const SMALL = 'workspace=few-shot&device=wasm&ways=3&shots=2&queries=2';

const asked = (page: Page) => page.getByRole('region', { name: 'Ask' });
const verdict = (page: Page) => asked(page).getByRole('status').filter({ hasText: '%' });
const episode = (page: Page) => page.getByRole('table', { name: 'Episode' });
const probabilities = (page: Page) => page.getByRole('list', { name: 'Probability of each class' });

/** Waits until the picture asked about is answered and nothing runs, which is so too before anything has begun. */
async function answered(page: Page): Promise<void> {
  await expect(verdict(page)).toContainText('%');
  await expect(page.getByRole('main')).toHaveAttribute('aria-busy', 'false');
}

async function open(page: Page, link = SMALL): Promise<void> {
  await page.goto(`./#${link}`);
  await answered(page);
}

/** Presses one of a row of choices, as the keyboard does: the radio itself lies out of sight. */
async function choose(page: Page, name: string): Promise<void> {
  await page.getByRole('radio', { name, exact: true }).press(' ');
}

/** What a list of bars says: a percentage for each name. */
async function percentages(list: Locator): Promise<Map<string, number>> {
  const rows = await list.getByRole('listitem').allInnerTexts();
  return new Map(
    rows.map((row) => {
      const [name = '', percentage = ''] = row.split('\n').filter((line) => line.trim() !== '');
      return [name, Number.parseFloat(percentage)];
    }),
  );
}

/** What a saved episode says of the picture asked about: a data address. */
const askedSchema = z.object({ query: z.string() });

/** A drawing at its learner's size: Explain would filter it otherwise. */
async function atLearnersSize(png: Uint8Array): Promise<Uint8Array> {
  const shape = { channels: 1, height: 28, width: 28 } as const;
  const input: LearnerInput = { ...shape, mean: [0], std: [1], ink: 'light', resize: null };
  const values = learnerInput(await decodeImage(png, 'The drawing'), input);
  return sharp(
    Uint8Array.from(values, (value) => Math.round(255 * value)),
    { raw: shape },
  )
    .png()
    .toBuffer();
}

const classNames = (page: Page) => episode(page).getByRole('rowheader').getByRole('button').allInnerTexts();

/** Saves the episode, makes another, and opens the file; returns it. */
async function savedAndOpened(page: Page, studio: Studio): Promise<Uint8Array> {
  const names = await classNames(page);
  const file = await studio.takeAway('Save the episode (JSON)');
  await page.getByRole('button', { name: 'Another one' }).click();
  await expect.poll(() => classNames(page)).not.toEqual(names);
  await studio.drop({ name: 'episode.json', type: 'application/json', bytes: file });
  await expect.poll(() => classNames(page)).toEqual(names);
  return file;
}

/** Where a pad lies on the page. */
async function boxOf(pad: Locator) {
  const box = await pad.boundingBox();
  if (!box) throw new Error('There is no pad.');
  return box;
}

/** Types a number and ends typing. */
async function enter(field: Locator, value: string): Promise<void> {
  await field.fill(value);
  await field.press('Enter');
}

/** Draws one line through points given as shares of the pad. */
async function draw(page: Page, pad: string | RegExp, points: readonly (readonly [number, number])[]): Promise<void> {
  const box = await boxOf(page.getByRole('application', { name: pad }));
  const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  const [first = [0.5, 0.5] as const, ...rest] = points;
  await page.mouse.move(...at(first));
  await page.mouse.down();
  for (const point of rest) await page.mouse.move(...at(point), { steps: 4 });
  await page.mouse.up();
}

const shift = (points: readonly (readonly [number, number])[], by: number) =>
  points.map(([x, y]) => [x + by, y + by / 2] as const);
const STROKE = [
  [0.5, 0.1],
  [0.5, 0.9],
] as const;
const RING = Array.from({ length: 17 }, (_, index) => {
  const angle = (2 * Math.PI * index) / 16;
  return [0.5 + 0.33 * Math.sin(angle), 0.5 - 0.33 * Math.cos(angle)] as const;
});

/** Adds a class and draws examples of it. */
async function teach(page: Page, name: string, shape: readonly (readonly [number, number])[]): Promise<void> {
  await page.getByRole('button', { name: /^Add (a|the first) class$/ }).click();
  const examples = page.getByRole('region', { name: `Examples of ${name}` });
  for (const by of [-0.04, 0, 0.04]) {
    const before = await episode(page)
      .getByRole('button', { name: new RegExp(`^Example \\d+ of ${name}`) })
      .count();
    await draw(page, `Draw an example of ${name}`, shift(shape, by));
    await examples.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(episode(page).getByRole('button', { name: new RegExp(`^Example \\d+ of ${name}`) })).toHaveCount(before + 1);
  }
  await examples.getByRole('button', { name: 'Close' }).click();
}

test('two shapes drawn three times each are told apart, and undo takes back what was taught', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: 'New classes' }).click();
  await teach(page, 'Class 1', STROKE);
  await teach(page, 'Class 2', RING);
  await draw(page, 'What is this?', shift(RING, 0.02));
  await expect(verdict(page)).toContainText('Class 2');
  await expect(page.getByRole('img', { name: /^SRD, Class 2/ })).toBeVisible();
  await page.getByRole('button', { name: 'Clear the sheet' }).click();
  await draw(page, 'What is this?', shift(STROKE, -0.02));
  await expect(verdict(page)).toContainText('Class 1');
  // By keyboard alone: rename, take an example away, bring it back.
  await episode(page).getByRole('button', { name: 'Class 1', exact: true }).focus();
  await page.keyboard.press('F2');
  await page.keyboard.type('Stroke');
  await page.keyboard.press('Enter');
  const strokes = episode(page).getByRole('button', { name: /^Example \d of Stroke/ });
  await expect(strokes).toHaveCount(3);
  await strokes.first().focus();
  await page.keyboard.press('Delete');
  await expect(strokes).toHaveCount(2);
  await page.keyboard.press('Control+z');
  await expect(strokes).toHaveCount(3);
  // A reload loses neither the classes nor what was asked.
  await page.reload();
  await expect(strokes).toHaveCount(3);
  await expect(verdict(page)).toContainText('Stroke');
  await expect(asked(page).getByRole('img', { name: 'The picture asked about' })).toBeVisible();
});

test('a link restores the episode, the step, the question and the answer', async ({ page, context }) => {
  await open(page, `${SMALL}&episode=7&inner-steps=2&query=1,1&assignments=4&shuffle=3`);
  const shown = await probabilities(page).innerText();
  const link = page.url();
  await page.close();
  const other = await context.newPage();
  await other.goto(link);
  await answered(other);
  await expect(probabilities(other)).toHaveText(shown, { useInnerText: true });
  await expect(other.getByRole('slider', { name: 'Inner steps' })).toHaveAttribute('aria-valuenow', '2');
});

test('a class that is pressed is the one explained; the link carries it, and pressing it again goes back', async ({ page }) => {
  await open(page);
  const classes = probabilities(page).getByRole('button');
  const pressed = probabilities(page).getByRole('button', { pressed: true });
  const map = page.getByRole('region', { name: 'Why' }).getByRole('img', { name: /^SRD/ });
  await expect(map).toBeVisible();
  const likeliest = await pressed.innerText();
  const before = await map.getAttribute('aria-label');
  const tops = () => classes.evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().top));
  const places = await tops();
  const other = classes.filter({ hasNotText: likeliest.split('\n')[0] ?? '' }).first();
  const [name = ''] = (await other.innerText()).split('\n');
  // By keyboard, from the reason that knows no class.
  await choose(page, 'Nearest');
  await expect(pressed).toHaveCount(0);
  await other.press('Enter');
  await expect(pressed).toHaveText([new RegExp(`^${name}`)]);
  await expect(map).toHaveAccessibleName(new RegExp(`^SRD, ${name}`));
  await expect(page.getByRole('region', { name: 'Why' })).toContainText(`For and against ${name}which it is not taken for`);
  expect(await tops()).toEqual(places);
  await expect(page).toHaveURL(/for-class/);
  await page.reload();
  await answered(page);
  await expect(map).toHaveAccessibleName(new RegExp(`^SRD, ${name}`));
  await expect(pressed).toHaveText([new RegExp(`^${name}`)]);
  await pressed.press(' ');
  await expect(map).toHaveAttribute('aria-label', before ?? '');
  await expect(page).not.toHaveURL(/for-class/);
});

test('steps are taken and gone back by keyboard, and loss and accuracy follow', async ({ page }) => {
  await open(page);
  const slider = page.getByRole('slider', { name: 'Inner steps' });
  const losses: string[] = [];
  await slider.focus();
  for (const step of [3, 2, 1, 0]) {
    await expect(slider).toHaveAttribute('aria-valuenow', String(step));
    losses.push(await page.getByRole('region', { name: 'Steps' }).getByRole('definition').first().innerText());
    await page.keyboard.press('ArrowLeft');
  }
  // Each step of the inner loop lowered the loss it descends.
  const numbers = losses.map(Number);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  await page.keyboard.press('r');
  await expect(slider).toHaveAttribute('aria-valuenow', '3');
});

test('shuffling the nodes leaves the predictions', async ({ page }) => {
  await open(page, 'workspace=few-shot&device=wasm');
  await page.getByRole('button', { name: 'Shuffle the nodes' }).click();
  const held = page.getByRole('status').filter({ hasText: /Predictions held/ });
  await expect(held).toBeVisible();
  const [, same, of] = (await held.innerText()).match(/(\d+) of (\d+)/) ?? [];
  expect(Number(of)).toBe(25);
  expect(Number(same)).toBeGreaterThanOrEqual(20);
});

test('learners are compared on the same episode, and one that lacks nodes says so', async ({ page }) => {
  await open(page, `${SMALL}&few-view=teach`);
  await choose(page, 'Compare');
  await expect(page.getByRole('main')).toHaveAttribute('aria-busy', 'false');
  await expect(page.getByRole('main')).toContainText(/Queries right/);
  await page.goto('about:blank');
  await page.goto('./#workspace=few-shot&device=wasm&pool=gallery&ways=6&shots=1&queries=1&learner=photographs-fixed5');
  await expect(page.getByRole('main').getByRole('alert')).toContainText(/5 output nodes, too few for 6 classes.*ProtoNet/s);
});

test('more classes than output nodes: the picture stays, the reason is given, and a learner that takes any number', async ({
  page,
}) => {
  await page.goto(`./#${SMALL}&learner=drawings-fixed3&ways=5`);
  await expect(page.getByRole('alert')).toContainText('3 output nodes, too few for 5 classes');
  await expect(asked(page).getByRole('img', { name: /^A picture of / })).toBeVisible();
  await page.getByRole('alert').getByRole('button', { name: 'Use Drawings, ProtoNet' }).click();
  await answered(page);
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(page).toHaveURL(/learner=drawings-protonet/);
});

test('a number box shows what holds once typing ends: the limit for too much, the value for what is no number', async ({
  page,
}) => {
  await open(page);
  const ways = page.getByRole('textbox', { name: 'Classes (ways, N)' });
  for (const [typed, holds] of [
    ['99', '20'],
    ['0', '2'],
    ['', '2'],
    ['3.6', '4'],
  ] as const) {
    await enter(ways, typed);
    await expect(ways).toHaveValue(holds);
  }
  await expect(page).toHaveURL(/ways=4/);
  await answered(page);
  await expect(episode(page).getByRole('rowheader')).toHaveCount(4);
});

test('an evaluation runs, can be stopped, and its cells open the pictures behind them', async ({ page }) => {
  await page.goto('./#workspace=few-shot&device=wasm&few-view=evaluate&eval-run=1&eval-episodes=6&eval-queries=3');
  await expect(page.getByRole('main')).toContainText(/in 95 of 100 such measurements/);
  await expect(page.getByRole('main')).toHaveAttribute('aria-busy', 'false');
  await page
    .getByRole('button', { name: /predicted right: [1-9]/ })
    .first()
    .click();
  await expect(
    page
      .getByRole('list', { name: /taken for/ })
      .getByRole('img', { name: /picture \d+/ })
      .first(),
  ).toBeVisible();
  await page.getByLabel('Episodes (R)').fill('900');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('main')).toContainText(/[1-9]\d* of 900 episodes/);
  await page.getByRole('form', { name: 'Evaluation' }).getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('main')).toContainText(/of 900 episodes · stopped/);
});

test('plots are taken along as pictures that need no style sheet, on white also from the dark theme', async ({
  page,
  studio,
}) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(page);
  const saved = async (name: string) => new TextDecoder().decode(await studio.saved(page.getByRole('button', { name })));
  const svg = await saved('SVG of the inner steps');
  const drawn = await page.evaluate((text) => {
    const { documentElement } = new DOMParser().parseFromString(text, 'image/svg+xml');
    const all = [...documentElement.querySelectorAll('*')];
    return {
      root: documentElement.localName,
      styled: all.filter((element) => element.hasAttribute('class') || element.hasAttribute('style')).length,
      hidden: documentElement.querySelectorAll('[display="none"], [data-transient]').length,
      words: [...documentElement.querySelectorAll('text')].map(({ textContent }) => textContent),
      // The dark theme’s quiet text would be 170 and more of 255.
      lightest: Math.max(
        ...[...documentElement.querySelectorAll('g[fill^="rgb"]')].flatMap(
          (group) => group.getAttribute('fill')?.match(/\d+/g)?.map(Number) ?? [],
        ),
      ),
    };
  }, svg);
  expect(drawn).toMatchObject({ root: 'svg', styled: 0, hidden: 0 });
  expect(drawn.lightest).toBeLessThan(120);
  expect(drawn.words).toEqual(expect.arrayContaining(['examples', 'queries', 'steps', '% right']));
  const steps = (await saved('CSV of the inner steps')).trim().split('\r\n');
  expect(steps[0]).toBe('steps,loss,support_accuracy,query_accuracy');
  expect(steps.slice(1).map((row) => Number(row.split(',')[0]))).toEqual([0, 1, 2, 3]);
});

test('an episode is saved and opened; a damaged or newer one is refused with the reason', async ({ page, studio }) => {
  await open(page);
  const names = await classNames(page);
  const file = await savedAndOpened(page, studio);
  const bad = (text: string) =>
    studio.drop({ name: 'episode.json', type: 'application/json', bytes: new TextEncoder().encode(text) });
  const alert = page.getByRole('region', { name: 'Episode' }).getByRole('alert');
  await bad('{"format":"heliograph-episode","version":99}');
  await expect(alert).toContainText('99');
  await bad(new TextDecoder().decode(file).replace('"examples"', '"exmples"'));
  await expect(alert).toContainText(/examples/);
  await expect.poll(() => classNames(page)).toEqual(names);
});

for (const learner of ['drawings-anyway', 'photographs-simpleshot']) {
  test(`the adapted network of ${learner} is saved as a classifier that answers alike in Explain`, async ({ page, studio }) => {
    await open(page, `${SMALL}&learner=${learner}`);
    const names = await classNames(page);
    // A saved photograph is a JPEG: only what comes from the file itself is what Explain is given later.
    const file = await savedAndOpened(page, studio);
    await answered(page);
    const expected = await percentages(probabilities(page));
    const { query } = askedSchema.parse(JSON.parse(new TextDecoder().decode(file)));
    const model = await studio.takeAway('Save the adapted network (ONNX)');
    const picture = Buffer.from(query.split(',')[1] ?? '', 'base64');
    await studio.open('workspace=explain&device=wasm');
    await studio.dropModel({ name: 'adapted.onnx', type: '', bytes: model });
    const bytes = learner === 'drawings-anyway' ? await atLearnersSize(picture) : picture;
    await studio.dropPicture({ name: 'asked.png', type: 'image/png', bytes });
    const found = await percentages(studio.panel('What the model says').getByRole('list'));
    expect([...found.keys()].toSorted()).toEqual(names.toSorted());
    for (const [name, percentage] of found) expect(percentage).toBeCloseTo(expected.get(name) ?? Number.NaN, 0);
  });
}

test('folders of images become classes, a class each, on which a learner is evaluated', async ({ page }) => {
  const root = await mkdtemp(join(tmpdir(), 'heliograph-folders-'));
  const colours = { red: '#c03020', green: '#20a040', blue: '#2040c0' };
  for (const [name, background] of Object.entries(colours)) {
    await mkdir(join(root, name));
    for (const index of [1, 2, 3]) {
      const image = sharp({ create: { width: 40 + index, height: 40, channels: 3, background } });
      await writeFile(join(root, name, `${index}.png`), await image.png().toBuffer());
    }
  }
  await writeFile(join(root, 'red', 'notes.txt'), 'no image');
  await open(page);
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Open folders …' }).click(),
  ]);
  await chooser.setFiles(root);
  await expect.poll(() => classNames(page)).toEqual(['blue', 'green', 'red']);
  await expect(episode(page).getByRole('button', { name: /^Example \d of red/ })).toHaveCount(3);
  await choose(page, 'Evaluate');
  await expect(page.getByRole('main')).toContainText('“blue” has 3');
  await enter(page.getByLabel('Queries (Q)'), '1');
  await enter(page.getByLabel('Episodes (R)'), '4');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('main')).toContainText(/4 of 4 episodes/);
  await expect(page.getByRole('main')).toContainText(/in 95 of 100 such measurements/);
});

test.describe('on a telephone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('a finger draws two strokes, one right after the other, and the tap that follows takes the drawing', async ({ page }) => {
    await page.goto('./#workspace=few-shot&device=wasm&pool=&query=');
    await page.getByRole('button', { name: 'Add the first class' }).tap();
    const pad = page.getByRole('application', { name: 'Draw an example of Class 1' });
    await pad.evaluate((element) => element.scrollIntoView());
    const box = await boxOf(pad);
    const session = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: readonly [number, number][]) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: points.map(([x, y]) => ({ x: box.x + x * box.width, y: box.y + y * box.height })),
      });
    for (const [from, to] of [
      [0.2, 0.8],
      [0.8, 0.2],
    ] as const) {
      await touch('touchStart', [from, 0.2]);
      await touch('touchMove', [(from + to) / 2, 0.5]);
      await touch('touchMove', [to, 0.8]);
      await touch('touchEnd');
    }
    await page.getByRole('button', { name: 'Add', exact: true }).tap();
    await expect(episode(page).getByRole('button', { name: /^Example \d of Class 1/ })).toHaveCount(1);
  });
});

for (const [system, chosen, least, most] of [
  ['light', '', 250, 255],
  ['dark', '', 200, 250],
  ['dark', 'light', 250, 255],
] as const) {
  test(`a sheet is paper where the system is ${system}${chosen && ` and ${chosen} is chosen`}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: system });
    await open(page);
    if (chosen) await page.getByRole('button', { name: 'Switch between light and dark' }).click();
    await choose(page, 'Draw');
    const sheet = page.getByRole('application', { name: 'What is this?' });
    // A pixel as it is painted: colours are computed in many notations.
    const shot = await sharp(await sheet.screenshot())
      .extract({ left: 12, top: 12, width: 1, height: 1 })
      .raw()
      .toBuffer();
    for (const value of shot.subarray(0, 3)) {
      expect(value).toBeGreaterThanOrEqual(least);
      expect(value).toBeLessThanOrEqual(most);
    }
  });
}

test('a camera that is not allowed is said to be so', async ({ page }) => {
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  });
  await open(page);
  await choose(page, 'Camera');
  await expect(asked(page)).toContainText('The camera was not allowed.');
  await choose(page, 'From the board');
  await answered(page);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`an accessibility scan of Few-shot finds nothing (${colorScheme})`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await open(page);
    for (const view of ['Teach', 'Compare', 'Evaluate']) {
      await choose(page, view);
      await expect(page.getByRole('main')).toHaveAttribute('aria-busy', 'false');
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [view, id, nodes[0]?.target, nodes[0]?.failureSummary])).toEqual([]);
    }
  });
}
