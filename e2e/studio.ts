/** What the browser tests do with the studio's page, said once. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test as base, expect, type Locator, type Page } from '@playwright/test';
import sharp from 'sharp';
import { type NpyArray, readNpy } from '../src/runtime/npy.ts';

export { expect };

const ROOT = fileURLToPath(new URL('../', import.meta.url));

export function golden(net: string, file: string): string {
  return `${ROOT}goldens/${net}/${file}`;
}

export interface DroppedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** A file from the disk as the page gets it. */
export function fileOf(path: string, name = basename(path)): DroppedFile {
  const types: Readonly<Record<string, string>> = {
    png: 'image/png',
    jpg: 'image/jpeg',
    json: 'application/json',
    txt: 'text/plain',
  };
  return { name, type: types[name.split('.').at(-1) ?? ''] ?? '', bytes: readFileSync(path) };
}

/** A photograph as PNG: browsers decode it to the same bits as Node does, which is not so for JPEG. */
export async function losslessPhotograph(): Promise<Uint8Array> {
  return new Uint8Array(await sharp(`${ROOT}public/images/butterfly.jpg`).resize(300).removeAlpha().png().toBuffer());
}

export class Studio {
  constructor(readonly page: Page) {}

  /** The picture with its map. Its name states what the map shows. */
  map(finding: RegExp | string): Locator {
    return this.page.getByRole('application').last().getByRole('img', { name: finding });
  }

  /** What stands beside the picture under a heading. */
  panel(heading: string): Locator {
    return this.page.getByRole('region', { name: heading, exact: true });
  }

  get figures(): Locator {
    return this.panel('Figures');
  }

  get device(): Locator {
    return this.page.getByRole('button', { name: /wasm|WebGPU|Starting/ });
  }

  /** There while something runs that takes a while. */
  get stop(): Locator {
    return this.page.getByRole('button', { name: 'Stop' });
  }

  get method(): Locator {
    return this.page.getByRole('combobox', { name: 'Method', exact: true });
  }

  /** Opens the page on wasm, or as `link` says, and waits until this machine has computed the map it shows. */
  async open(link = 'device=wasm'): Promise<void> {
    await this.page.goto(`./#${link}`);
    await this.settled();
  }

  /** Waits until a map computed here is on screen and nothing runs any more. */
  async settled(): Promise<void> {
    await expect(this.figures).toBeVisible();
    await expect(this.page.getByRole('main')).toHaveAttribute('aria-busy', 'false');
  }

  /** Drops files on the page, as a file manager does. */
  async drop(...files: readonly DroppedFile[]): Promise<void> {
    await this.#give('drop', files);
  }

  async paste(...files: readonly DroppedFile[]): Promise<void> {
    await this.#give('paste', files);
  }

  async #give(how: 'drop' | 'paste', files: readonly DroppedFile[]): Promise<void> {
    const data = await this.page.evaluateHandle(
      (list) => {
        const transfer = new DataTransfer();
        for (const { name, type, base64 } of list) {
          const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
          transfer.items.add(new File([bytes], name, { type }));
        }
        return transfer;
      },
      files.map(({ name, type, bytes }) => ({ name, type, base64: Buffer.from(bytes).toString('base64') })),
    );
    if (how === 'paste') {
      await this.page.evaluate((transfer) => {
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
      }, data);
      return;
    }
    for (const type of ['dragenter', 'dragover', 'drop']) await this.page.dispatchEvent('body', type, { dataTransfer: data });
  }

  /** Drops a picture and waits for its map. */
  async dropPicture(file: DroppedFile): Promise<void> {
    await this.drop(file);
    await expect(this.panel('Picture')).toContainText(file.name.replace(/\.\w+$/, ''));
    await this.settled();
  }

  /** Drops a classifier and accepts the guess of its preprocessing. */
  async dropModel(...files: readonly DroppedFile[]): Promise<void> {
    await this.drop(...files);
    await expect(this.page.getByRole('dialog')).toBeVisible();
    await this.closeDialog();
  }

  /** Closes the open dialog and waits for the map behind it. */
  async closeDialog(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await expect(this.page.getByRole('dialog')).toHaveCount(0);
    await this.settled();
  }

  async choose(method: string): Promise<void> {
    await this.#pick(method);
    await this.settled();
  }

  /** Chooses a slow method and waits until its map is being computed. */
  async start(method: string): Promise<void> {
    await this.#pick(method);
    await expect(this.stop).toBeVisible();
    await expect(this.page.getByRole('toolbar')).toContainText(new RegExp(`${method}, .*[1-9]\\d* of`));
  }

  async #pick(method: string): Promise<void> {
    await this.method.click();
    await this.page.getByRole('option', { name: method, exact: true }).click();
  }

  /** What “Take away” gives for one of its items. */
  async takeAway(item: string | RegExp): Promise<Uint8Array> {
    await this.page.getByRole('button', { name: 'Take away' }).click();
    return this.saved(this.page.getByRole('menuitem', { name: item }));
  }

  /** The file that is saved when something is pressed. */
  async saved(pressed: Locator): Promise<Uint8Array> {
    const [download] = await Promise.all([this.page.waitForEvent('download'), pressed.click()]);
    return new Uint8Array(readFileSync(await download.path()));
  }

  /** The raw map on screen. */
  async values(): Promise<NpyArray> {
    return readNpy(await this.takeAway(/NPY/));
  }
}

/** A test with the studio in hand. Whatever it does, no request may leave the origin and no error go uncaught. */
export const test = base.extend<{ studio: Studio }>({
  studio: async ({ page, baseURL }, use) => {
    const strays: string[] = [];
    const errors: string[] = [];
    page.context().on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== new URL(baseURL ?? '').origin) strays.push(request.url());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) errors.push(message.text());
    });
    await use(new Studio(page));
    expect(strays, 'requests that left the origin').toEqual([]);
    expect(errors, 'errors nobody caught').toEqual([]);
  },
});
