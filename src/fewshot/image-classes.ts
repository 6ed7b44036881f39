/** From files in folders to labelled images, a folder a class: the same for the command line's folders and the page's. */
import { HeliographError } from '../graph/errors.ts';
import { byName } from './episode.ts';

/** Endings of the image files that are looked at; everything else in a folder is passed over. */
const IMAGES = /\.(png|jpe?g|webp|avif|gif|tiff?)$/i;
/** Unreadable images a message names. */
const NAMED = 5;

/** Whether a file counts as an image, by its name. Files of dots are the system's own, such as macOS' `._name.jpg`. */
export function isImageName(name: string): boolean {
  return !name.startsWith('.') && IMAGES.test(name);
}

/** An image and where it lies: the folder's path below the one that was given, with forward slashes, '' for that itself. */
export interface Placed<T> {
  readonly folder: string;
  /** File name, which says its place among the class's images. */
  readonly name: string;
  readonly image: T;
}

export interface ImageClass<T> {
  readonly name: string;
  readonly images: readonly T[];
}

/**
 * The classes: every folder that directly holds images, named by its path. In the order of their names, images in the order of
 * theirs, as episodes number them.
 *
 * @param root what the folder is called in messages
 * @throws HeliographError `bad-document` where there are no images, or some lie in no folder
 */
export function imageClasses<T>(images: readonly Placed<T>[], root: string): ImageClass<T>[] {
  if (images.length === 0) {
    throw new HeliographError(
      'bad-document',
      `${root} holds no classes: there are no images in it.`,
      'Give a folder that has a folder of images for each class.',
    );
  }
  const loose = images.filter(({ folder }) => folder === '');
  if (loose.length === images.length) {
    throw new HeliographError(
      'bad-document',
      `${root} holds images, not classes.`,
      'Put the images of each class into a folder of its own.',
    );
  }
  if (loose.length > 0) {
    const others = loose.length > 1 ? ` and ${loose.length - 1} more images lie` : ' lies';
    throw new HeliographError(
      'bad-document',
      `“${loose[0]?.name}”${others} beside the folders of the classes, not in one.`,
      'Put it into the folder of its class, or take it away.',
    );
  }
  const classes = new Map<string, Placed<T>[]>();
  for (const image of images) {
    const present = classes.get(image.folder);
    if (present) present.push(image);
    else classes.set(image.folder, [image]);
  }
  return [...classes]
    .sort(([a], [b]) => byName(a, b))
    .map(([name, placed]) => ({ name, images: placed.sort((a, b) => byName(a.name, b.name)).map(({ image }) => image) }));
}

/** One error for the images that could not be read, the first of them named. */
export function unreadable(failures: readonly HeliographError[]): HeliographError {
  const named = failures.slice(0, NAMED).map(({ message }) => message);
  const more = failures.length > NAMED ? ` And ${failures.length - NAMED} more.` : '';
  return new HeliographError('bad-image', `${named.join(' ')}${more}`, 'Replace these images or take them away.');
}
