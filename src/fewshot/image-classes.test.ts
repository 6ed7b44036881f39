import { describe, expect, test } from 'vitest';
import { HeliographError } from '../graph/errors.ts';
import { imageClasses, isImageName, unreadable } from './image-classes.ts';

const at = (path: string) => {
  const cut = path.lastIndexOf('/');
  return { folder: path.slice(0, Math.max(0, cut)), name: path.slice(cut + 1), image: path };
};

describe('files in folders become classes', () => {
  test('a folder that holds images is one, at whatever depth, in the order of code units', () => {
    const classes = imageClasses(['b/2.png', 'b/10.png', 'a/x/1.png', 'Z/1.png', 'a/1.png', 'ä/1.png'].map(at), 'It');
    expect(classes.map(({ name }) => name)).toEqual(['Z', 'a', 'a/x', 'b', 'ä']);
    expect(classes[3]?.images).toEqual(['b/10.png', 'b/2.png']);
  });

  test.each([
    [[], 'It holds no classes'],
    [['1.png', '2.png'], 'It holds images, not classes'],
    [['a/1.png', 'loose.png'], '“loose.png” lies beside the folders'],
    [['a/1.png', 'loose.png', 'other.png'], '“loose.png” and 1 more images lie beside the folders'],
  ])('%j is refused', (paths, message) => {
    expect(() => imageClasses(paths.map(at), 'It')).toThrow(message);
  });

  test('what counts as an image', () => {
    expect(['a.PNG', 'a.jpeg', 'a.tif', 'a.webp'].every(isImageName)).toBe(true);
    expect(['._a.png', 'png', 'a.txt', 'a.png.zip', '.DS_Store'].some(isImageName)).toBe(false);
  });
});

test('unreadable images are named, many of them in part', () => {
  const failures = Array.from({ length: 7 }, (_, index) => new HeliographError('bad-image', `${index}.png is damaged.`));
  expect(unreadable(failures).message).toMatch(/^0\.png is damaged\. .*4\.png is damaged\. And 2 more\.$/);
  expect(unreadable(failures.slice(0, 1)).message).toBe('0.png is damaged.');
});
