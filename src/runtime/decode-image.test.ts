import { describe, expect, it } from 'vitest';
import { formatOf, isAnimated, statedSize } from './decode-image.ts';

const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...part].map((letter) => letter.charCodeAt(0)) : part)));

const PNG = bytes([0x89], 'PNG', [13, 10, 26, 10, 0, 0, 0, 13], 'IHDR', [0, 1, 0x86, 0xa0, 0, 0, 0x27, 0x10]);
/** Start of image, an application segment of 4 bytes, start of a progressive frame of 300 × 200. */
const JPEG = bytes([0xff, 0xd8, 0xff, 0xe1, 0, 4, 1, 2, 0xff, 0xc2, 0, 17, 8, 0, 200, 1, 44, 3, 0, 0, 0]);

describe('image headers', () => {
  it.each([
    ['png', PNG],
    ['jpeg', JPEG],
    ['gif', bytes('GIF89a', [3, 0, 2, 0])],
    ['webp', bytes('RIFF', [0, 0, 0, 0], 'WEBP')],
    ['svg', bytes('<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="x">')],
    ['other', bytes('<html>')],
    ['other', new Uint8Array(0)],
  ] as const)('names the format: %s', (format, head) => {
    expect(formatOf(head)).toBe(format);
  });

  it('states the size before anything is decoded', () => {
    expect(statedSize(PNG, 'png')).toEqual({ width: 100_000, height: 10_000 });
    expect(statedSize(JPEG, 'jpeg')).toEqual({ width: 300, height: 200 });
    expect(statedSize(bytes('GIF89a', [3, 0, 2, 0]), 'gif')).toEqual({ width: 3, height: 2 });
    expect(statedSize(JPEG.slice(0, 9), 'jpeg')).toBeNull();
  });

  it('notices animation', () => {
    expect(isAnimated(bytes('GIF89a', [3, 0, 2, 0], '!NETSCAPE2.0'), 'gif')).toBe(true);
    expect(isAnimated(PNG, 'png')).toBe(false);
    expect(isAnimated(bytes([...PNG], 'acTL'), 'png')).toBe(true);
  });
});
