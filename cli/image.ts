import sharp from 'sharp';
import { HeliographError } from '../src/graph/errors.ts';
import type { Pixels } from '../src/runtime/preprocess.ts';

/**
 * Decodes a photograph to 8-bit sRGB, upright as its EXIF orientation says; of an animation the first picture.
 * @throws HeliographError `bad-image`
 */
export async function decodeImage(bytes: Uint8Array, path: string): Promise<Pixels> {
  try {
    const { data, info } = await sharp(bytes, { failOn: 'error' })
      .rotate()
      .toColourspace('srgb')
      .ensureAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, channels: 4, data };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\s+/g, ' ').replace(/\.$/, '') : String(cause);
    throw new HeliographError(
      'bad-image',
      `Cannot decode ${path} as an image: ${reason}.`,
      'Choose a JPEG, PNG, WebP, AVIF or TIFF file.',
      {
        cause,
      },
    );
  }
}
