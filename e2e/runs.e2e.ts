import type { Page } from '@playwright/test';
import { expect, test } from './studio.ts';

test('ten methods in a row, each before the one before is done: the last one is shown', async ({ studio, page }) => {
  await studio.open('device=wasm&method=gradient');
  for (let presses = 0; presses < 10; presses += 1) await page.keyboard.press('m');
  await expect(studio.method).toHaveValue('Gradient × input');
  await studio.settled();
  await expect(studio.map(/^Gradient × input/)).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  const after = await studio.values();
  await studio.choose('Gradient');
  await studio.choose('Gradient × input');
  expect((await studio.values()).data).toEqual(after.data);
});

/** What floats or is dropped down over the page, by its way to be opened. */
const OPENED: readonly (readonly [string, (page: Page) => Promise<void>, (page: Page) => ReturnType<Page['locator']>])[] = [
  ['device', (page) => page.getByRole('button', { name: /^wasm/ }).click(), (page) => page.getByText('Last run:')],
  ['look', (page) => page.getByRole('button', { name: 'Look' }).click(), (page) => page.getByText('Picture in grey')],
  ['menu', (page) => page.getByRole('button', { name: 'Take away' }).click(), (page) => page.getByRole('menu')],
  [
    'methods',
    (page) => page.getByRole('combobox', { name: 'Method' }).click(),
    (page) => page.getByRole('listbox', { name: 'Method' }),
  ],
];

test('Escape closes what is open, then stops what runs; the map before it stays', async ({ studio, page }) => {
  await studio.open('device=wasm&rise-steps=8000');
  const before = await studio.values();
  await studio.start('RISE');
  for (const [what, open, opened] of OPENED) {
    await test.step(what, async () => {
      await open(page);
      await expect(opened(page)).toBeVisible();
      await page.keyboard.press('Escape');
      await expect(opened(page)).toBeHidden();
      await expect(studio.stop).toBeVisible();
    });
  }
  // The list of methods has the focus still, as it has after a choice.
  await expect(studio.method).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByText('You stopped this.')).toBeVisible();
  await studio.settled();
  await expect(studio.map(/^SRD/)).toBeVisible();
  expect((await studio.values()).data).toEqual(before.data);
  await studio.choose('Gradient');
  await expect(studio.map(/^Gradient/)).toBeVisible();
});

test('APOP shows the five likeliest classes before and after, while another run goes on', async ({ studio, page }) => {
  await studio.open('device=wasm&rise-steps=30');
  const likeliest = page.getByRole('list', { name: 'Most likely classes' }).getByRole('listitem');
  const [first = ''] = await likeliest.evaluateAll((rows) =>
    rows.map((row) => (row.getAttribute('title') ?? '').split(' · ')[0] ?? ''),
  );
  await page.getByText('What the pattern alone says (APOP)').click();
  const carrier = page.getByRole('combobox', { name: 'Picture that carries the pattern' });
  await carrier.focus();
  await carrier.selectOption({ label: 'Butterfly on a leaf' });
  await page.getByRole('button', { name: 'Run' }).click();
  await studio.choose('RISE');
  await expect(studio.map(/^RISE/)).toBeVisible();
  const top = async (title: string) => {
    const rows = page.getByRole('table', { name: title, exact: true }).getByRole('row');
    await expect(rows).toHaveCount(5);
    return rows.evaluateAll((all) =>
      all.map((row) => [row.children[0]?.textContent ?? '', Number.parseFloat(row.children[1]?.textContent ?? '')] as const),
    );
  };
  const own = await top('Your picture');
  expect(own[0]?.[0]).toBe(first);
  const [other = ''] = (await top('The other picture')).map(([name]) => name);
  const after = await top('The other picture with your picture’s pattern');
  for (const list of [own, after]) {
    const shares = list.map(([, share]) => share);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
  }
  // The pattern carries the decision: what the other picture was seen as does not lead any more.
  expect(after[0]?.[0]).not.toBe(other);
  await page.getByRole('button', { name: 'Butterfly on a leaf' }).click();
  await expect(likeliest.first()).toHaveAttribute('title', new RegExp(`^${other} · `));
  await expect(page.getByRole('alert')).toHaveCount(0);
});
