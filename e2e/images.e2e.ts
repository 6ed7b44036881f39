import sharp, { type Sharp } from 'sharp';
import { relativeError } from '../test/relative-error.ts';
import { type DroppedFile, expect, losslessPhotograph, test } from './studio.ts';

const ascii = (text: string) => new TextEncoder().encode(text);
const bytesOf = (...parts: (string | readonly number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...ascii(part)] : part)));
const half = (whole: Uint8Array) => whole.subarray(0, whole.length >> 1);

/** A PNG that says it is 20 000 pixels wide and high; what follows its header is never read. */
const HUGE_PNG = bytesOf(
  [0x89],
  'PNG',
  [13, 10, 26, 10, 0, 0, 0, 13],
  'IHDR',
  [0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20, 8, 2, 0, 0, 0],
);

async function photograph(): Promise<{ png: Uint8Array; jpeg: Sharp }> {
  const png = await losslessPhotograph();
  return { png, jpeg: sharp(png).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }) };
}

/** The same photograph three times over, the later frames upside down. */
async function animation(png: Uint8Array): Promise<Uint8Array> {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const upsideDown = await sharp(png).flip().raw().toBuffer();
  const frames = Buffer.concat([data, upsideDown, upsideDown]);
  const raw = { width: info.width, height: 3 * info.height, channels: 3, pageHeight: info.height } as const;
  return new Uint8Array(await sharp(frames, { raw }).webp({ lossless: true }).toBuffer());
}

test('a picture that cannot be read is named, with what to do, and nothing is lost', async ({ studio, page }) => {
  const { png, jpeg } = await photograph();
  const files: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['cut.png', half(png), /cannot be decoded/],
    ['cut.jpg', half(new Uint8Array(await jpeg.toBuffer())), /cannot be decoded/],
    ['huge.png', HUGE_PNG, /20000 × 20000/],
    ['drawing.svg', ascii('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), /drawing \(SVG\)/],
    ['phone.heic', bytesOf([0, 0, 0, 24], 'ftypheic', new Array<number>(64).fill(7)), /cannot be decoded/],
    ['letter.jpg', ascii('Dear Sir or Madam'), /cannot be decoded/],
    ['nothing.png', new Uint8Array(), /empty/],
  ];
  await studio.open('device=wasm&method=gradient');
  const before = await studio.values();
  for (const [name, bytes, message] of files) {
    await test.step(name, async () => {
      await studio.drop({ name, type: 'image/*', bytes });
      const alert = page.getByRole('alert').filter({ hasText: message });
      await expect(alert).toContainText(name);
      await alert.getByRole('button', { name: 'Dismiss' }).click();
      await expect(page.getByRole('alert')).toHaveCount(0);
    });
  }
  await studio.settled();
  expect((await studio.values()).data).toEqual(before.data);
  await studio.dropPicture({ name: 'whole.png', type: 'image/png', bytes: png });
  expect((await studio.values()).data).not.toEqual(before.data);
});

test('unusual pictures are read as they are meant', async ({ studio }) => {
  const { png, jpeg } = await photograph();
  const picture = (name: string, bytes: Uint8Array): DroppedFile => ({ name, type: 'image/*', bytes: new Uint8Array(bytes) });
  const mapOf = async (name: string, bytes: Uint8Array) => {
    await studio.dropPicture(picture(name, bytes));
    return (await studio.values()).data;
  };
  await studio.open('device=wasm');
  const plain = await mapOf('plain.png', png);

  await test.step('16 bits a channel', async () => {
    const deep = await sharp(png).toColourspace('rgb16').png().toBuffer();
    expect(relativeError(await mapOf('deep.png', deep), plain)).toBeLessThan(1e-3);
  });
  await test.step('an animation: its first frame', async () => {
    const moving = await mapOf('moving.webp', await animation(png));
    await expect(studio.panel('Picture')).toContainText('first frame');
    expect(relativeError(moving, plain)).toBeLessThan(1e-3);
  });
  await test.step('turned by its EXIF orientation', async () => {
    const upright = await mapOf('upright.jpg', await jpeg.toBuffer());
    // Orientation 6: the camera was turned, so the picture must be turned clockwise by a quarter.
    const lying = await sharp(png)
      .rotate(270)
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .withMetadata({ orientation: 6 })
      .toBuffer();
    expect(relativeError(await mapOf('lying.jpg', lying), upright)).toBeLessThan(0.2);
  });
  await test.step('CMYK, transparent, one pixel', async () => {
    const dot = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#c03020' } })
      .png()
      .toBuffer();
    const glass = await sharp({ create: { width: 40, height: 30, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0 } } })
      .png()
      .toBuffer();
    for (const [name, bytes] of [
      ['print.jpg', await sharp(png).toColourspace('cmyk').jpeg().toBuffer()],
      ['glass.png', glass],
      ['dot.png', dot],
    ] as const) {
      const map = await mapOf(name, bytes);
      expect(map.every(Number.isFinite)).toBe(true);
    }
  });
});
