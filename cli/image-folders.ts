import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { list } from 'tar';
import { type ImageClass, imageClasses, isImageName, type Placed } from '../src/fewshot/image-classes.ts';
import { HeliographError } from '../src/graph/errors.ts';
import { fileError } from './failure.ts';
import { readBytes } from './files.ts';

/** One image of a class, not read yet. */
export interface ImageFile {
  /** Where it lies, for messages: a path, or a path inside an archive. */
  readonly path: string;
  read(): Promise<Uint8Array>;
}

/**
 * The classes below a folder: every folder that holds images, named by its path from there with forward slashes, and every tar
 * archive of images. In the order of their names; images in the order of theirs.
 *
 * @throws HeliographError `bad-document` for a folder or archive that cannot be read, or that holds no classes
 */
export async function readImageFolders(root: string): Promise<ImageClass<ImageFile>[]> {
  const inFolders: Placed<ImageFile>[] = [];
  const inArchives: Placed<ImageFile>[] = [];
  const seen = new Set<string>();
  const visit = async (path: string, folder: string): Promise<void> => {
    // A link to a folder above would never end.
    const place = await realpath(path);
    if (seen.has(place)) return;
    seen.add(place);
    for (const name of await readdir(path)) {
      const inner = join(path, name);
      const below = folder === '' ? name : `${folder}/${name}`;
      if (isImageName(name)) inFolders.push({ folder, name, image: { path: inner, read: () => readBytes(inner) } });
      else if (name.endsWith('.tar')) {
        const archive = below.slice(0, -'.tar'.length);
        for (const image of await readArchive(inner)) inArchives.push({ folder: archive, name: image.path, image });
      } else if (!name.startsWith('.') && (await stat(inner)).isDirectory()) await visit(inner, below);
    }
  };
  try {
    await visit(root, '');
  } catch (error) {
    throw error instanceof HeliographError ? error : fileError(error, root, 'read');
  }
  const folders = new Set(inFolders.map(({ folder }) => folder));
  const twice = inArchives.find(({ folder }) => folders.has(folder));
  if (twice) {
    throw new HeliographError(
      'bad-document',
      `${root} holds the class “${twice.folder}” twice.`,
      'Rename or remove one of them.',
    );
  }
  return imageClasses([...inFolders, ...inArchives], root);
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
        if (entry.type !== 'File' || !isImageName(entry.path.split('/').at(-1) ?? '')) return;
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
