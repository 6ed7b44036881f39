import type { ImagePool } from '../src/fewshot/evaluation.ts';
import { type ImageClass, unreadable } from '../src/fewshot/image-classes.ts';
import { concatenated } from '../src/fewshot/learner.ts';
import type { LearnerInput } from '../src/fewshot/learner-card.ts';
import { HeliographError } from '../src/graph/errors.ts';
import { learnerInput } from '../src/runtime/learner-input.ts';
import { decodeImage } from './image.ts';
import type { ImageFile } from './image-folders.ts';

/** Numbers kept of prepared images, 256 MiB; what does not fit is decoded again. */
const MOST_KEPT = 2 ** 26;
/** Images decoded at once; the decoder has threads of its own. */
const AT_ONCE = 8;

/** The images of a folder of classes, decoded and prepared when they are asked for. */
export class DecodedPool implements ImagePool {
  readonly classes: ImagePool['classes'];
  readonly #folders: readonly ImageClass<ImageFile>[];
  readonly #input: LearnerInput;
  readonly #kept = new Map<string, Float32Array>();
  readonly #mostKept: number;

  constructor(folders: readonly ImageClass<ImageFile>[], input: LearnerInput) {
    this.classes = folders.map(({ name, images }) => ({ name, size: images.length }));
    this.#folders = folders;
    this.#input = input;
    this.#mostKept = MOST_KEPT / (input.channels * input.height * input.width);
  }

  load = async (classIndex: number, images: readonly number[]): Promise<Float32Array> =>
    concatenated(await Promise.all(images.map((image) => this.#prepared(classIndex, image))));

  /** Where an image lies. */
  path(classIndex: number, image: number): string {
    return this.#folders[classIndex]?.images[image]?.path ?? '';
  }

  /**
   * Decodes images before they are needed, so that one that cannot be read ends nothing half-way.
   *
   * @param wanted for each class the images that will be asked for
   * @throws HeliographError `bad-image` naming those that cannot be read
   */
  async decode(wanted: ReadonlyMap<number, ReadonlySet<number>>, onImage: (done: number, total: number) => void): Promise<void> {
    const all = [...wanted].flatMap(([classIndex, images]) => [...images].map((image) => [classIndex, image] as const));
    const failures: HeliographError[] = [];
    for (let start = 0; start < all.length; start += AT_ONCE) {
      const part = all.slice(start, start + AT_ONCE);
      for (const result of await Promise.allSettled(part.map((which) => this.#prepared(...which)))) {
        if (result.status === 'fulfilled') continue;
        if (!(result.reason instanceof HeliographError)) throw result.reason;
        failures.push(result.reason);
      }
      onImage(Math.min(start + AT_ONCE, all.length), all.length);
    }
    if (failures.length > 0) throw unreadable(failures);
  }

  async #prepared(classIndex: number, image: number): Promise<Float32Array> {
    const key = `${classIndex}/${image}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const file = this.#folders[classIndex]?.images[image];
    if (file === undefined) throw new RangeError('unreachable: episodes are drawn from the images there are');
    const prepared = learnerInput(await decodeImage(await file.read(), file.path), this.#input);
    if (this.#kept.size < this.#mostKept) this.#kept.set(key, prepared);
    return prepared;
  }
}
