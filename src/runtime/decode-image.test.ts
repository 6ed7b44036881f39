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
    const webp = (chunk: string, from: number, ...sides: number[]) => {
      const head = new Uint8Array(30);
      head.set(bytes('RIFF', [0, 0, 0, 0], 'WEBP', chunk));
      head.set(sides, from);
      return statedSize(head, 'webp');
    };
    // 70 000 × 300 takes 24 bits; 12 000 × 300 in 14 bits each, one after the other.
    expect(webp('VP8X', 24, 0x6f, 0x11, 1, 0x2b, 1, 0)).toEqual({ width: 70_000, height: 300 });
    expect(webp('VP8L', 21, 0xdf, 0xee, 0x4a, 0)).toEqual({ width: 12_000, height: 300 });
    expect(webp('VP8 ', 26, 0xe0, 0x2e, 0x2c, 1)).toEqual({ width: 12_000, height: 300 });
  });

  it('notices animation', () => {
    expect(isAnimated(bytes('GIF89a', [3, 0, 2, 0], '!NETSCAPE2.0'), 'gif')).toBe(true);
    // Two colours, then frames: descriptor, code size, one block of data and an empty one.
    const frame = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4c, 1, 0];
    const gif = (...frames: number[][]) =>
      bytes('GIF89a', [1, 0, 1, 0, 0x80, 0, 0], [0, 0, 0, 9, 9, 9], [0x21, 0xf9, 4, 0, 0, 0, 0, 0], ...frames, [0x3b]);
    expect(isAnimated(gif(frame), 'gif')).toBe(false);
    expect(isAnimated(gif(frame, frame), 'gif')).toBe(true);
    expect(isAnimated(PNG, 'png')).toBe(false);
    expect(isAnimated(bytes([...PNG], 'acTL'), 'png')).toBe(true);
  });
});
