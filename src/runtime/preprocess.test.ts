import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deprocess, type Pixels, preprocess } from './preprocess.ts';
import type { Preprocessing } from './protocol.ts';
import { type RgbImage, resize } from './resize.ts';

/** A picture with edges in every channel, given by a formula so that other programs can draw the same. */
function drawn(width: number, height: number): Pixels & RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let c = 0; c < 3; c += 1) data[(y * width + x) * 3 + c] = x * 37 + y * 91 + c * 53 + ((x * y * (c + 1)) % 17) * 11;
    }
  }
  return { width, height, channels: 3, data };
}

const IMAGENET: Preprocessing = {
  layout: 'NCHW',
  height: 6,
  width: 6,
  channels: 'RGB',
  scale: 1,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  resizeShort: 8,
  interpolation: 'bilinear',
};

describe('resize', () => {
  // Values of Pillow 13.0.0: Image.fromarray(drawn(w, h)).resize((W, H), Image.BILINEAR).
  it.each([
    {
      from: [7, 5],
      to: [3, 4],
      values: [
        57, 99, 127, 123, 143, 186, 163, 162, 102, 151, 140, 104, 142, 110, 135, 105, 154, 94, 119, 118, 103, 138, 128, 117, 143,
        95, 95, 112, 104, 138, 112, 131, 91, 128, 114, 170,
      ],
    },
    {
      from: [4, 3],
      to: [9, 5],
      values: [
        0, 53, 106, 6, 59, 112, 23, 76, 129, 39, 92, 145, 56, 109, 162, 72, 125, 178, 88, 141, 194, 105, 158, 211, 111, 164, 217,
        36, 89, 142, 43, 97, 134, 62, 118, 111, 80, 132, 93, 99, 107, 116, 117, 82, 138, 135, 96, 160, 154, 117, 182, 161, 124,
        191, 91, 144, 197, 99, 154, 166, 120, 180, 83, 142, 192, 15, 163, 105, 46, 184, 17, 77, 206, 29, 108, 227, 55, 139, 235,
        65, 151, 146, 199, 98, 155, 185, 96, 179, 149, 90, 195, 116, 91, 151, 103, 131, 107, 88, 170, 123, 115, 166, 147, 147,
        156, 156, 159, 153, 182, 235, 32, 192, 206, 49, 218, 128, 95, 230, 65, 141, 143, 101, 187, 55, 136, 232, 67, 172, 205, 93,
        208, 168, 103, 222, 154,
      ],
    },
    {
      from: [13, 11],
      to: [13, 4],
      values: [
        81, 134, 125, 130, 134, 77, 118, 73, 158, 168, 142, 164, 94, 119, 160, 144, 198, 64, 138, 110, 104, 93, 73, 155, 143, 111,
        137, 48, 162, 143, 74, 101, 200, 123, 163, 43, 179, 146, 82, 106, 159, 127, 136, 97, 117, 94, 107, 144, 162, 175, 85, 115,
        134, 27, 133, 147, 158, 135, 48, 133, 152, 136, 93, 101, 103, 150, 159, 110, 92, 82, 94, 93, 112, 152, 164, 200, 134, 139,
        121, 136, 142, 143, 96, 156, 161, 176, 127, 124, 162, 116, 78, 135, 58, 128, 112, 117, 88, 79, 105, 107, 59, 158, 170,
        161, 104, 116, 146, 57, 159, 133, 127, 118, 147, 154, 124, 89, 138, 123, 114, 167, 124, 126, 115, 182, 171, 71, 83, 154,
        178, 131, 100, 110, 165, 73, 42, 113, 131, 136, 126, 175, 153, 123, 149, 99, 38, 94, 89, 181, 139, 196, 119, 113, 152, 67,
        108, 146,
      ],
    },
  ])('equals Pillow to the bit: $from to $to', ({ from, to, values }) => {
    const [width = 0, height = 0] = from;
    expect([...resize(drawn(width, height), to[0] ?? 0, to[1] ?? 0, 'bilinear').data]).toEqual(values);
  });

  // The same with Image.BICUBIC, whose weights are partly negative.
  it.each([
    {
      from: [7, 5],
      to: [3, 4],
      values: [
        45, 91, 124, 123, 148, 199, 170, 164, 102, 161, 146, 103, 143, 99, 138, 98, 163, 92, 118, 120, 103, 136, 127, 120, 149,
        88, 87, 107, 99, 145, 108, 136, 77, 130, 114, 181,
      ],
    },
    {
      from: [4, 3],
      to: [6, 4],
      values: [
        0, 46, 99, 10, 62, 122, 38, 92, 156, 62, 126, 180, 90, 155, 206, 106, 171, 222, 49, 99, 183, 67, 143, 113, 103, 159, 50,
        146, 55, 95, 181, 60, 146, 201, 94, 180, 128, 186, 148, 159, 178, 92, 182, 142, 53, 144, 57, 120, 167, 78, 146, 198, 121,
        149, 183, 253, 15, 227, 146, 72, 224, 53, 162, 59, 130, 241, 56, 198, 204, 100, 235, 148,
      ],
    },
  ])('equals Pillow’s bicubic to the bit: $from to $to', ({ from, to, values }) => {
    const [width = 0, height = 0] = from;
    expect([...resize(drawn(width, height), to[0] ?? 0, to[1] ?? 0, 'bicubic').data]).toEqual(values);
  });

  it('computes a window as it computes the whole', () => {
    const size = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(size, size, size, size, fc.nat(), fc.nat(), (width, height, toWidth, toHeight, a, b) => {
        const image = drawn(width, height);
        const whole = resize(image, toWidth, toHeight, 'bicubic');
        const x = a % toWidth;
        const y = b % toHeight;
        const part = resize(image, toWidth, toHeight, 'bicubic', { x, y, width: toWidth - x, height: toHeight - y });
        for (let row = 0; row < part.height; row += 1) {
          const expected = whole.data.slice(((row + y) * toWidth + x) * 3, (row + y + 1) * toWidth * 3);
          expect([...part.data.slice(row * part.width * 3, (row + 1) * part.width * 3)]).toEqual([...expected]);
        }
      }),
      { seed: 3, numRuns: 50 },
    );
  });
});

describe('preprocess', () => {
  // Green channel of torchvision 0.29's Resize(short), CenterCrop(crop), ToTensor, Normalize on the same picture.
  it.each([
    {
      from: [13, 9],
      short: 8,
      crop: 6,
      green: [
        -0.8102, -0.215, 0.8529, 0.9755, -0.6877, 0.6254, 0.6078, -0.0924, 0.4503, -0.9503, 0.1176, 0.0476, -0.0749, 0.2577,
        0.4328, -0.7752, 0.5728, -0.7927, 0.6078, 1.4657, 0.5728, -0.9503, -0.0049, -0.0749, 1.6408, 1.2556, 0.1176, -0.6527,
        -0.8452, 1.6408, 0.5378, 0.3102, 0.1702, -0.7052, -0.8102, -0.0049,
      ],
    },
    {
      from: [9, 16],
      short: 10,
      crop: 7,
      green: [
        0.0126, 0.9755, 1.5882, 0.9405, -0.3901, -1.0203, -0.4076, 0.6604, 1.7458, 1.3431, 0.3978, -0.2675, -0.8803, -1.2479,
        0.4853, 0.888, 0.5028, 0.1702, -0.1625, -0.8277, -1.0028, 1.1331, -0.0924, -0.6352, -0.3901, -0.3725, -0.5301, -0.285,
        1.8158, 0.7479, -0.6527, -0.9678, -0.4076, 0.1527, 0.7129, 0.4153, 1.2906, 0.6604, -0.4601, -0.355, 0.8354, 1.4657,
        -0.215, 0.0476, 0.958, 0.3452, -0.6176, 0.8704, 0.8354,
      ],
    },
  ])('crop equals torchvision: $from', ({ from, short, crop, green }) => {
    const [width = 0, height = 0] = from;
    const { input } = preprocess(drawn(width, height), { ...IMAGENET, height: crop, width: crop, resizeShort: short }, 'crop');
    const channel = input.slice(crop * crop, 2 * crop * crop);
    green.forEach((value, index) => {
      expect(channel[index]).toBeCloseTo(value, 3);
    });
  });

  it('says which rectangle of the source the model sees', () => {
    expect(preprocess(drawn(20, 10), { ...IMAGENET, resizeShort: 6 }, 'crop').window).toEqual({
      x: 5,
      y: 0,
      width: 10,
      height: 10,
    });
    expect(preprocess(drawn(20, 10), IMAGENET, 'stretch').window).toEqual({ x: 0, y: 0, width: 20, height: 10 });
    const fit = preprocess(drawn(12, 6), IMAGENET, 'fit');
    expect(fit.window).toEqual({ x: 0, y: -4, width: 12, height: 12 });
  });

  it('fills the bars of a fitted image with the mean colour, which is zero after normalisation', () => {
    const { input } = preprocess(drawn(12, 6), IMAGENET, 'fit');
    expect([...input.slice(0, 6)].every((value) => value === 0)).toBe(true);
    expect(input[2 * 6]).not.toBe(0);
  });

  it('orders channels and layouts as the model wants them', () => {
    const pixels: Pixels = { width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 51, 0) };
    const one: Preprocessing = { ...IMAGENET, height: 1, width: 2, resizeShort: 1, mean: [0, 0, 0], std: [1, 1, 1], scale: 255 };
    expect([...preprocess(pixels, one, 'stretch').input]).toEqual([255, 255, 51, 51, 0, 0]);
    expect([...preprocess(pixels, { ...one, layout: 'NHWC', channels: 'BGR' }, 'stretch').input]).toEqual([
      0, 51, 255, 0, 51, 255,
    ]);
    const gray = preprocess(pixels, { ...one, channels: 'gray', mean: [0], std: [1] }, 'stretch').input;
    expect([...gray]).toEqual([106, 106]);
  });

  it('lays transparent pixels on white', () => {
    const pixels: Pixels = { width: 1, height: 1, channels: 4, data: Uint8Array.of(9, 9, 9, 0) };
    const one: Preprocessing = { ...IMAGENET, height: 1, width: 1, resizeShort: 1, mean: [0, 0, 0], std: [1, 1, 1] };
    expect([...preprocess(pixels, one, 'stretch').input]).toEqual([1, 1, 1]);
  });

  it('refuses pixel data that does not fill the image', () => {
    expect(() => preprocess({ width: 3, height: 3, channels: 4, data: new Uint8Array(9) }, IMAGENET, 'crop')).toThrow(
      expect.objectContaining({ code: 'bad-image' }),
    );
  });
});

describe('deprocess', () => {
  it.each(['NCHW', 'NHWC'] as const)('shows the picture that was normalised (%s)', (layout) => {
    const image = drawn(6, 6);
    const preprocessing: Preprocessing = { ...IMAGENET, layout };
    const rgba = deprocess(preprocess(image, preprocessing, 'stretch').input, preprocessing);
    for (let pixel = 0; pixel < 36; pixel += 1) {
      expect([...rgba.slice(pixel * 4, pixel * 4 + 4)]).toEqual([...image.data.slice(pixel * 3, pixel * 3 + 3), 255]);
    }
  });
});
