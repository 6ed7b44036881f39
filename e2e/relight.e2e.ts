import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import sharp from 'sharp';
import { expect, test } from './studio.ts';

/** Wide enough for the inspector to stand beside the picture, and a fifth of a device pixel for each of the page: software graphics take a second for ten thousand pixels on a busy machine. */
test.use({ viewport: { width: 1300, height: 700 }, deviceScaleFactor: 0.2 });

const canvas = (page: Page) => page.getByRole('main').locator('canvas');

/** Opens the workspace and waits for a picture at rest, in full however long that takes. */
async function open(page: Page, link = ''): Promise<void> {
  await page.goto(`./#workspace=relight&path=0&quality=quality${link}`);
  await drawn(page);
}

async function drawn(page: Page): Promise<void> {
  await expect(page.getByRole('banner')).toContainText(/WebG.*ms/s);
  await expect(page.getByRole('main')).toHaveAttribute('aria-busy', 'false');
}

/** Grey values of the canvas, 0…255, brought to 96 × 64 so that noise of single pixels does not count. */
async function greys(page: Page): Promise<Uint8Array> {
  const { data } = await sharp(await canvas(page).screenshot())
    .resize(96, 64, { fit: 'fill' })
    .grayscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return new Uint8Array(data);
}

/** Drags the sun on the compass to an azimuth and elevation, degrees. */
async function dragSun(page: Page, azimuth: number, elevation: number): Promise<void> {
  const dome = page.getByRole('application', { name: /^Sky with the sun/ });
  const box = await dome.boundingBox();
  if (!box) throw new Error('There is no compass.');
  // The horizon's circle has a radius of 96 in a map of 240.
  const distance = (96 / 240) * box.width * (1 - elevation / 90);
  const angle = (azimuth * Math.PI) / 180;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + distance * Math.sin(angle), box.y + box.height / 2 - distance * Math.cos(angle), {
    steps: 4,
  });
  await page.mouse.up();
  await drawn(page);
}

const showing = (page: Page, layer: string) => page.getByLabel('What is shown').selectOption({ label: layer });

test('dragging the sun from morning to evening moves the shadows and leaves the albedo', async ({ studio, page }) => {
  // A dozen pictures of the shipped scene, each a second or more where no graphics card helps.
  test.setTimeout(240_000);
  // From above, over the square.
  await open(page, '&eye=0,14,19&target=0,0,-3');
  await expect(studio.panel('Scene')).toContainText('Licence');
  await showing(page, 'Shadow, from geometry');
  await dragSun(page, 100, 25);
  const morning = await greys(page);
  await dragSun(page, 260, 25);
  const evening = await greys(page);
  const share = (test: (change: number) => boolean) =>
    morning.filter((value, index) => test((evening[index] ?? 0) - value)).length / morning.length;
  // What was in the shade is lit, and the other way round.
  expect(share((change) => change > 80)).toBeGreaterThan(0.02);
  expect(share((change) => change < -80)).toBeGreaterThan(0.02);

  await showing(page, 'Albedo');
  await drawn(page);
  const inTheEvening = await greys(page);
  await dragSun(page, 100, 25);
  const inTheMorning = await greys(page);
  expect(Math.max(...inTheMorning.map((value, index) => Math.abs(value - (inTheEvening[index] ?? 0))))).toBeLessThanOrEqual(2);
});

test('a link restores sun, layer, split and view', async ({ page, context }) => {
  await open(page, '&show=albedo&split=layer&show-right=depth&divider=0.3&sun=210,35&eye=4,6,12&target=0,3,0');
  const first = await greys(page);
  const link = page.url();
  await page.close();
  const other = await context.newPage();
  await other.goto(link);
  await drawn(other);
  const second = await greys(other);
  expect(Math.max(...first.map((value, index) => Math.abs(value - (second[index] ?? 0))))).toBeLessThanOrEqual(2);
  await expect(other.getByRole('slider', { name: 'Where the halves meet' })).toHaveAttribute('aria-valuenow', '30');
});

test('the sun is dragged on the sky itself, and a view is kept and found again', async ({ studio, page }) => {
  // Towards the morning's sun, with nothing before it.
  await open(page, '&minute=420&eye=0,8,12&target=7.7,12.4,7.4');
  const sun = page.getByRole('main').locator('circle');
  const box = await sun.boundingBox();
  if (!box) throw new Error('There is no sun in the picture.');
  const elevation = page.getByLabel('Elevation (degrees)');
  const before = Number(await elevation.inputValue());
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2 - 60, { steps: 3 });
  await page.mouse.up();
  await expect.poll(async () => Number(await elevation.inputValue())).toBeGreaterThan(before + 2);
  await expect(page.getByRole('main')).toContainText('sun placed by hand');
  await page.getByRole('button', { name: 'Keep this view' }).click();
  const here = new URL(page.url()).hash;
  await studio.panel('Viewpoints').getByRole('button', { name: 'Viewpoint 2' }).click();
  await expect(page).not.toHaveURL(here);
  await page.getByRole('list', { name: 'Your views' }).getByRole('button', { name: 'View 1' }).first().click();
  await expect.poll(() => new URL(page.url()).hash).toContain('eye=0%2C8%2C12');
});

test('everything can be done with the keyboard alone', async ({ page }) => {
  await open(page);
  // The day.
  const time = page.getByRole('slider', { name: /^Time of day/ });
  await time.focus();
  const before = Number(await time.getAttribute('aria-valuenow'));
  await page.keyboard.press('ArrowRight');
  await expect(time).toHaveAttribute('aria-valuenow', String(before + 5));
  await page.keyboard.press('Control+z');
  await expect(time).toHaveAttribute('aria-valuenow', String(before));
  // The view: it leaves the dataset's camera.
  await page.getByRole('main').getByRole('application').focus();
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByRole('button', { name: 'Keep this view' })).toBeVisible();
  // Layers have their numbers, and the palette knows them.
  await page.keyboard.press('2');
  await expect(page.getByLabel('What is shown')).toHaveValue('albedo');
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Find an action' }).getByRole('textbox')).toBeFocused();
  await page.keyboard.type('depth');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('What is shown')).toHaveValue('depth');
});

test('a scene that is not sound is refused with the reason, and the present one stays', async ({ studio, page }) => {
  await open(page);
  const title = await studio.panel('Scene').locator('p').first().innerText();
  const bytes = (text: string) => new TextEncoder().encode(text);
  await studio.drop({
    name: 'scene.json',
    type: 'application/json',
    bytes: bytes('{"format":"heliograph-relight-scene","version":99}'),
  });
  await expect(studio.panel('Scene').getByRole('alert')).toContainText('version 99');
  await studio.drop({ name: 'scene.json', type: 'application/json', bytes: bytes('{') });
  await expect(studio.panel('Scene').getByRole('alert')).toContainText('not valid JSON');
  await expect(studio.panel('Scene')).toContainText(title);
});

test('an own scene is opened by dropping its files', async ({ studio, page }) => {
  await open(page);
  const root = new URL('../goldens/relight-tiny/C-B/', import.meta.url);
  const file = (name: string) => ({ name, type: '', bytes: new Uint8Array(readFileSync(new URL(name, root))) });
  await studio.drop(file('scene.json'), file('grids.bin'), file('heads.bin'));
  await expect(studio.panel('Scene')).toContainText('Made-up scene');
  await drawn(page);
  await page.getByRole('button', { name: 'Back to the bundled one' }).click();
  await expect(studio.panel('Scene')).not.toContainText('Made-up scene');
});

test('a picture of a chosen size is saved', async ({ page, studio }) => {
  await open(page);
  await page.getByRole('button', { name: 'Take away' }).click();
  await page.getByRole('menuitem', { name: /picture/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Save a picture' });
  await dialog.getByLabel('Width').fill('160');
  await dialog.getByLabel('Height').fill('90');
  const picture = await studio.saved(dialog.getByRole('button', { name: 'Save', exact: true }));
  const { width, height, channels } = await sharp(picture).metadata();
  expect([width, height, channels]).toEqual([160, 90, 4]);
});

test('a day is saved as a video', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: 'Take away' }).click();
  await page.getByRole('menuitem', { name: /video/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Save the day as a video' });
  await dialog.getByLabel('Width').fill('48');
  await dialog.getByLabel('Height').fill('32');
  await dialog.getByLabel(/^Length/).selectOption({ label: '4 seconds' });
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Save', exact: true }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/-day\.(mp4|webm)$/);
  // The browser that wrote it can play it.
  const bytes = readFileSync(await download.path()).toString('base64');
  const video = await page.evaluate(
    (base64) =>
      new Promise<readonly number[]>((resolve, reject) => {
        const data = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const player = document.createElement('video');
        player.onloadedmetadata = () => resolve([player.videoWidth, player.videoHeight, player.duration]);
        player.onerror = () => reject(new Error(player.error?.message ?? 'cannot be played'));
        player.src = URL.createObjectURL(new Blob([data]));
      }),
    bytes,
  );
  expect(video.slice(0, 2)).toEqual([48, 32]);
  expect(video[2]).toBeCloseTo(4, 1);
});

test('lost graphics are said, and come back', async ({ page }) => {
  await open(page);
  await canvas(page).evaluate((element: HTMLCanvasElement) =>
    element.getContext('webgl2')?.getExtension('WEBGL_lose_context')?.loseContext(),
  );
  const problem = page.getByRole('main').getByRole('alert');
  await expect(problem).toBeVisible();
  await problem.getByRole('button', { name: 'Try again' }).click();
  await drawn(page);
  await expect(problem).toBeHidden();
});

test('a browser without graphics is told, and the rest of the studio lives', async ({ studio, page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'gpu', { value: undefined });
    HTMLCanvasElement.prototype.getContext = new Proxy(HTMLCanvasElement.prototype.getContext, {
      apply: (target, canvas, [kind, ...rest]) =>
        kind.startsWith('webgl') ? null : Reflect.apply(target, canvas, [kind, ...rest]),
    });
  });
  await page.goto('./#workspace=relight');
  await expect(page.getByRole('main').getByRole('alert')).toContainText(/WebGL ?2/);
  await page.getByRole('button', { name: 'Explain', exact: true }).click();
  await expect(studio.map(/^SRD/)).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`an accessibility scan of Relight finds nothing (${colorScheme})`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await open(page, '&split=time');
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.target, nodes[0]?.failureSummary])).toEqual([]);
  });
}

test('explaining goes on where one left it', async ({ studio, page }) => {
  await open(page);
  await page.getByRole('button', { name: 'Explain', exact: true }).click();
  await expect(studio.map(/^SRD/)).toBeVisible();
  await expect(page.getByRole('main')).toHaveAttribute('aria-busy', 'false');
  await page.getByRole('button', { name: 'Relight', exact: true }).click();
  await drawn(page);
});
