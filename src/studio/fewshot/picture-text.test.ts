import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Pixels } from '../../runtime/preprocess.ts';
import { pictureSchema } from './own-episode.ts';
import { encodePicture, LONGEST_SIDE, pictureDecoder, storedSize } from './picture-text.ts';

const PIXELS: Pixels = { width: 600, height: 300, channels: 3, data: new Uint8Array(600 * 300 * 3) };

/** Remembers what was drawn on it and gives its size as its file. */
class FakeCanvas {
  readonly drawn: unknown[][] = [];
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    canvases.push(this);
  }
  getContext() {
    return {
      canvas: this,
      fillRect: () => undefined,
      putImageData: () => undefined,
      drawImage: (...given: unknown[]) => this.drawn.push(given),
    };
  }
  async convertToBlob({ type }: { type: string }) {
    return new Blob([Uint8Array.of(this.width % 256, this.height)], { type });
  }
}
const canvases: FakeCanvas[] = [];

afterEach(() => {
  canvases.length = 0;
  vi.unstubAllGlobals();
});

test('the long side is bounded, and nothing is enlarged', () => {
  expect(storedSize(600, 300)).toEqual({ width: LONGEST_SIDE, height: LONGEST_SIDE / 2 });
  expect(storedSize(28, 28)).toEqual({ width: 28, height: 28 });
  expect(storedSize(5000, 1)).toEqual({ width: LONGEST_SIDE, height: 1 });
});

describe('a picture becomes a data address', () => {
  test.each([
    ['drawings', 'image/png'],
    ['photographs', 'image/jpeg'],
  ] as const)('of %s as %s', async (domain, type) => {
    vi.stubGlobal('OffscreenCanvas', FakeCanvas);
    vi.stubGlobal('ImageData', class {});
    const address = await encodePicture(PIXELS, domain);
    expect(pictureSchema.parse(address)).toBe(address);
    expect(address.startsWith(`data:${type};base64,`)).toBe(true);
    expect(canvases.map(({ width, height }) => [width, height])).toEqual([
      [256, 128],
      [600, 300],
    ]);
  });

  test('one without pixels is refused', async () => {
    await expect(encodePicture({ ...PIXELS, width: 0 }, 'drawings')).rejects.toMatchObject({ code: 'bad-image' });
  });
});

describe('a data address becomes a picture', () => {
  test('its bytes are decoded once', async () => {
    const files: Blob[] = [];
    const decode = pictureDecoder(async (file) => {
      files.push(file);
      return PIXELS;
    });
    const address = `data:image/png;base64,${btoa('ink')}`;
    expect(await decode(address)).toBe(PIXELS);
    expect(await decode(address)).toBe(PIXELS);
    expect(files.map(({ type }) => type)).toEqual(['image/png']);
    expect(await files[0]?.text()).toBe('ink');
  });

  test.each(['', 'data:text/plain;base64,AAAA', 'data:image/png;base64,A', 'data:image/png;base64,%%'])(
    '“%s” is damaged',
    async (address) => {
      const decode = pictureDecoder(async () => PIXELS);
      await expect(decode(address)).rejects.toMatchObject({ code: 'bad-image', message: 'The picture is damaged.' });
    },
  );
});
