/** Folders of the reader's own images, a folder a class, as a pool; and as an own episode where they are few. */
import { imageClasses, isImageName, type Placed, unreadable } from '../../fewshot/image-classes.ts';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import { HeliographError } from '../../graph/errors.ts';
import type { DecodedImage } from '../../runtime/decode-image.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import { boundedCache } from './bounded-cache.ts';
import { addClass, EMPTY_EPISODE, freeName } from './edit-episode.ts';
import { type Example, MOST_CLASSES, MOST_EXAMPLES, type Origin, type OwnEpisode } from './own-episode.ts';
import { encodePicture } from './picture-text.ts';
import type { StudioPool } from './pool.ts';

/**
 * Pixels of an image as it is kept. Larger ones are scaled down: a board holds dozens, and no learner's input has a tenth of this.
 * Smaller ones stay exactly what the command line reads.
 */
const MOST_PIXELS = 2 ** 20;
/** Bytes of decoded images that are kept; what does not fit is decoded again. */
const MOST_KEPT = 128 * 2 ** 20;
/** Images decoded at once: a photograph straight from a camera takes 50 MB before it is scaled down. */
const AT_ONCE = 4;

/** See `Pictures.decode`. */
type Decode = (file: Blob, name: string, mostPixels?: number) => Promise<DecodedImage>;

/**
 * The images of dropped or picked folders. Each is decoded when it is first asked for.
 *
 * @param files all files of the drop, with their paths (`webkitRelativePath`)
 * @param domain what learners the images are meant for
 * @throws HeliographError `bad-document` where the files are no folders of images
 */
export function folderPool(files: readonly File[], decode: Decode, domain: LearnerCard['domain'] = 'photographs'): StudioPool {
  const placed = withoutCommonFolder(files.filter(({ name }) => isImageName(name)).map(placedFile));
  const classes = imageClasses(placed, 'What you gave');
  const kept = boundedCache<Pixels>(MOST_KEPT, ({ data }) => data.byteLength);
  const turn = inTurns(AT_ONCE);
  const count = placed.length;
  return {
    id: `folders-${fingerprint(placed)}`,
    title: titleOf(files, classes),
    domain,
    classes: classes.map(({ name, images }) => ({ name, size: images.length })),
    note: `${count} ${count === 1 ? 'image' : 'images'} of yours, read from your disk and sent nowhere.`,
    async picture(classIndex, image) {
      const file = classes[classIndex]?.images[image];
      if (!file) throw new RangeError('unreachable: episodes are drawn from what there is');
      const path = file.webkitRelativePath || file.name;
      return kept(path, () => turn(async () => (await decode(file, path, MOST_PIXELS)).pixels));
    },
  };
}

/** Whether a pool is small enough to become an own episode as a whole. */
export function fitsOwnEpisode({ classes }: StudioPool): boolean {
  return classes.length <= MOST_CLASSES && classes.every(({ size }) => size <= MOST_EXAMPLES);
}

/**
 * All images of a small pool as an episode of the reader's own.
 *
 * @throws HeliographError `bad-episode` where the pool is too large, `bad-image` naming the images that cannot be read
 */
export async function ownEpisodeFrom(
  pool: StudioPool,
  origin: Origin = 'file',
  encode: typeof encodePicture = encodePicture,
): Promise<OwnEpisode> {
  if (!fitsOwnEpisode(pool)) {
    throw new HeliographError(
      'bad-episode',
      `An episode holds at most ${MOST_CLASSES} classes of ${MOST_EXAMPLES} images.`,
      'Draw episodes from these folders instead.',
    );
  }
  const failures: HeliographError[] = [];
  let episode = EMPTY_EPISODE;
  for (const [index, { name, size }] of pool.classes.entries()) {
    const examples: Example[] = [];
    for (let image = 0; image < size; image += 1) {
      try {
        examples.push({ image: await encode(await pool.picture(index, image), pool.domain), origin });
      } catch (error) {
        if (!(error instanceof HeliographError) || error.code !== 'bad-image') throw error;
        failures.push(error);
      }
    }
    episode = addClass(episode, freeName(episode, name), examples);
  }
  if (failures.length > 0) throw unreadable(failures);
  return episode;
}

function placedFile(file: File): Placed<File> {
  const path = file.webkitRelativePath || file.name;
  const cut = path.lastIndexOf('/');
  return { folder: cut < 0 ? '' : path.slice(0, cut), name: path.slice(cut + 1), image: file };
}

/**
 * Names classes by their path below the one folder that was given, as the command line does. Where that folder holds images itself,
 * or several were given, they are classes and keep their names.
 */
function withoutCommonFolder(images: readonly Placed<File>[]): Placed<File>[] {
  const [common = ''] = images[0]?.folder.split('/') ?? [];
  const inside = `${common}/`;
  if (!images.every(({ folder }) => folder.startsWith(inside))) return [...images];
  return images.map((image) => ({ ...image, folder: image.folder.slice(inside.length) }));
}

/** Names a few of the folders that were given. */
function titleOf(files: readonly File[], classes: readonly { readonly name: string }[]): string {
  const given = new Set(files.map(({ webkitRelativePath }) => webkitRelativePath.split('/')[0] ?? ''));
  const [only] = given;
  if (given.size === 1 && only) return only;
  const named = classes.slice(0, 3).map(({ name }) => name);
  return named.join(', ') + (classes.length > named.length ? ` and ${classes.length - named.length} more` : '');
}

/** The same for the same folders, another for others: FNV-1a over paths, sizes and times. */
function fingerprint(images: readonly Placed<File>[]): string {
  const lines = images.map(({ folder, name, image }) => `${folder}/${name} ${image.size} ${image.lastModified}`).sort();
  let hash = 0x811c9dc5;
  for (const letter of lines.join('\n')) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}

/** Lets at most `most` of the operations run at a time, the others wait their turn. */
function inTurns(most: number): <T>(operation: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (operation) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await operation();
    } finally {
      // The next one takes over this one's place.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
