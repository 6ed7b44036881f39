import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { list } from 'tar';
import { byName } from '../src/fewshot/episode.ts';
import { HeliographError } from '../src/graph/errors.ts';
import { fileError } from './failure.ts';
import { readBytes } from './files.ts';

/** What the decoder reads, by the file's ending. */
const IMAGES = new Set(['.png', '.jpg', '.jpeg', '.webp', '.avif', '.gif', '.tif', '.tiff']);

/** One image of a class, not read yet. */
export interface ImageFile {
  /** Where it lies, for messages: a path, or a path inside an archive. */
  readonly path: string;
  read(): Promise<Uint8Array>;
}

export interface ImageClass {
  readonly name: string;
  /** In the order of their file names. */
  readonly images: readonly ImageFile[];
}

/** Files of dots are the system's own, such as macOS' `._name.jpg`. */
function isImage(name: string): boolean {
  return !name.startsWith('.') && IMAGES.has(extname(name).toLowerCase());
}

/**
 * The classes below a folder: every folder that holds images, named by its path from there with forward slashes, and every tar
 * archive of images. In the order of their names; images in the order of theirs.
 *
 * @throws HeliographError `bad-document` for a folder or archive that cannot be read, or that holds no classes
 */
export async function readImageFolders(root: string): Promise<ImageClass[]> {
  const classes = new Map<string, ImageClass>();
  const add = (name: string, images: readonly ImageFile[]) => {
    if (images.length === 0) return;
    if (classes.has(name)) {
      throw new HeliographError('bad-document', `${root} holds the class “${name}” twice.`, 'Rename or remove one of them.');
    }
    classes.set(name, { name, images: [...images].sort((a, b) => byName(a.path, b.path)) });
  };
  const seen = new Set<string>();
  const visit = async (folder: string, name: string): Promise<void> => {
    // A link to a folder above would never end.
    const place = await realpath(folder);
    if (seen.has(place)) return;
    seen.add(place);
    const images: ImageFile[] = [];
    for (const entry of await readdir(folder)) {
      const path = join(folder, entry);
      const inner = name === '' ? entry : `${name}/${entry}`;
      if (isImage(entry)) images.push({ path, read: () => readBytes(path) });
      else if (entry.endsWith('.tar')) add(inner.slice(0, -'.tar'.length), await readArchive(path));
      else if (!entry.startsWith('.') && (await stat(path)).isDirectory()) await visit(path, inner);
    }
    if (name !== '' || classes.size > 0 || images.length === 0) add(name, images);
    else
      throw new HeliographError(
        'bad-document',
        `${root} holds images, not classes.`,
        'Put the images of each class into a folder of its own.',
      );
  };
  try {
    await visit(root, '');
  } catch (error) {
    throw error instanceof HeliographError ? error : fileError(error, root, 'read');
  }
  if (classes.size === 0) {
    throw new HeliographError(
      'bad-document',
      `${root} holds no classes: no folders with images, no tar archives of images.`,
      'Give a folder that has a folder, or a tar archive, for each class.',
    );
  }
  return [...classes.values()].sort((a, b) => byName(a.name, b.name));
}

/** The images in an archive, held in memory: a class is a few megabytes. */
async function readArchive(file: string): Promise<ImageFile[]> {
  const images: ImageFile[] = [];
  const collect = async () =>
    list({
      file,
      // Without it, what is no archive counts as an empty one.
      strict: true,
      onReadEntry: (entry) => {
        if (entry.type !== 'File' || !isImage(entry.path.split('/').at(-1) ?? '')) return;
        const parts: Uint8Array[] = [];
        entry.on('data', (part) => parts.push(part));
        images.push({ path: `${file}/${entry.path}`, read: async () => new Uint8Array(Buffer.concat(parts)) });
      },
    });
  await collect().catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HeliographError('bad-document', `Cannot read ${file} as a tar archive: ${reason}.`, 'Repair it or take it away.', {
      cause,
    });
  });
  return images;
}
