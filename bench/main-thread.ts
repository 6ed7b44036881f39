/** How long the page's main thread is held, read from Chromium's trace: the longest task of each thing a reader does. */
import type { Browser, Page } from '@playwright/test';
import sharp from 'sharp';

/** Longer tasks of the main thread than this are felt, in milliseconds. */
export const LONGEST_TASK = 100;
/** Marks the page's own process in the trace. */
const MARK = 'heliograph-bench';
/** Parts of the page come one after another; so long after the last one nothing follows. Milliseconds. */
const QUIET = 1500;
/** A grid of maps takes a while on a busy machine. Milliseconds. */
const PATIENCE = 240_000;

export interface LongestTask {
  readonly doing: string;
  /** Milliseconds from begin to end, waiting for a processor included. */
  readonly wall: number;
  /** Milliseconds the thread really computed: what remains of `wall` on a machine with nothing else to do. */
  readonly processor: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** A photograph as telephones take them: 12 megapixels. */
async function bigPhotograph(root: string): Promise<Buffer> {
  return sharp(`${root}/public/images/butterfly.jpg`).resize(4000, 3000, { fit: 'fill' }).jpeg({ quality: 90 }).toBuffer();
}

/** Waits until nothing runs and a map computed here is shown. */
async function settled(page: Page): Promise<void> {
  await page.waitForSelector('[data-figures]');
  await page.waitForSelector('main[aria-busy="false"]');
  await page.waitForTimeout(QUIET);
}

async function traced(browser: Browser, page: Page, doing: string, act: () => Promise<void>): Promise<LongestTask> {
  await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing', 'disabled-by-default-devtools.timeline'] });
  // The start of the trace is a task of its own.
  await page.waitForTimeout(QUIET);
  await page.evaluate((mark) => performance.mark(mark), MARK);
  await act();
  await settled(page);
  await page.evaluate((mark) => performance.mark(mark), MARK);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: (TraceEvent & { ts: number })[];
  };
  const marks = traceEvents.filter(({ name }) => name === MARK);
  const pages = new Set(marks.map(({ pid }) => pid));
  const [from, to] = [Math.min(...marks.map(({ ts }) => ts)), Math.max(...marks.map(({ ts }) => ts))];
  const threads = new Set(
    traceEvents
      .filter(({ name, pid, args }) => name === 'thread_name' && args?.name === 'CrRendererMain' && pages.has(pid))
      .map(({ pid, tid }) => `${pid}:${tid}`),
  );
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid, ts }) => ph === 'X' && /RunTask$/.test(name) && threads.has(`${pid}:${tid}`) && ts > from && ts < to,
  );
  if (tasks.length === 0) throw new Error('The trace holds no tasks of the page.');
  const longest = (key: 'dur' | 'tdur') => Math.max(...tasks.map((task) => (task[key] ?? 0) / 1000));
  return { doing, wall: longest('dur'), processor: longest('tdur') };
}

/** Loads the built page and does what readers do. */
export async function longestTasks(browser: Browser, url: string, root: string): Promise<readonly LongestTask[]> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(PATIENCE);
  // Of the same origin, so that the page keeps its process and the first mark lies before its scripts.
  await page.goto(`${url}icon.svg`);
  const results: LongestTask[] = [];
  const step = async (doing: string, act: () => Promise<void>) => results.push(await traced(browser, page, doing, act));
  await step('loading and first map', async () => {
    await page.goto(`${url}#device=wasm`);
  });
  await step('another method', async () => {
    await page.getByRole('combobox', { name: 'Method' }).click();
    await page.getByRole('option', { name: 'Integrated gradients' }).click();
  });
  await step('compare grid', () => page.getByText('Compare', { exact: true }).first().click());
  await step('one map again', () => page.getByText('One map', { exact: true }).first().click());
  const photograph = { name: 'big.jpg', mimeType: 'image/jpeg', buffer: await bigPhotograph(root) };
  await step('photograph of 12 megapixels', async () => {
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Open …', exact: true }).click(),
    ]);
    await chooser.setFiles(photograph);
    await page.getByText('big.jpg').waitFor();
  });
  await page.close();
  return results;
}
