import { concatenated } from '../../fewshot/learner.ts';
import type { LearnerCard, LearnerInput } from '../../fewshot/learner-card.ts';
import type { EmbedResult, FewShotEngine } from '../../runtime/fewshot-protocol.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import type { Pictures } from '../picture-client.ts';

/** Images that go through a pretrained network before it is asked whether they are still wanted. */
const AT_ONCE = 4;

type Embedded = Pick<EmbedResult, 'features' | 'milliseconds'>;

/** What each picture is to a learner, made once: its input, and its features where they depend on nothing else. */
export class PreparedPictures {
  readonly #inputs = new WeakMap<Pixels, Map<string, Float32Array>>();
  readonly #features = new WeakMap<Pixels, Map<string, Embedded>>();

  constructor(private readonly prepare: Pictures['learnerInputs']) {}

  /** The pictures as a learner takes them, [n, C, H, W]. @throws HeliographError `bad-image` */
  async inputs(pictures: readonly Pixels[], to: LearnerInput): Promise<Float32Array> {
    const key = JSON.stringify(to);
    const missing = [...new Set(pictures)].filter((picture) => !this.#inputs.get(picture)?.has(key));
    if (missing.length > 0) {
      const made = await this.prepare(missing, to);
      const size = made.length / missing.length;
      missing.forEach((picture, index) => {
        remember(this.#inputs, picture, key, made.slice(index * size, (index + 1) * size));
      });
    }
    return concatenated(pictures.flatMap((picture) => this.#inputs.get(picture)?.get(key) ?? []));
  }

  /**
   * SimpleShot's features of pictures, [n, F], and how long the network ran for them: only new ones go through it.
   *
   * @param learner the engine's handle
   * @param onProgress is told how many of the new ones are done
   */
  async features(
    engine: Pick<FewShotEngine, 'embed'>,
    job: string,
    learner: string,
    { name, input }: LearnerCard,
    pictures: readonly Pixels[],
    onProgress: (done: number, total: number) => void = () => undefined,
  ): Promise<Embedded> {
    const missing = [...new Set(pictures)].filter((picture) => !this.#features.get(picture)?.has(name));
    for (let start = 0; start < missing.length; start += AT_ONCE) {
      onProgress(start, missing.length);
      const some = missing.slice(start, start + AT_ONCE);
      const { features, milliseconds } = await engine.embed(job, { learner, images: await this.inputs(some, input) });
      const size = features.length / some.length;
      some.forEach((picture, index) => {
        const own = features.slice(index * size, (index + 1) * size);
        remember(this.#features, picture, name, { features: own, milliseconds: milliseconds / some.length });
      });
    }
    const found = pictures.flatMap((picture) => this.#features.get(picture)?.get(name) ?? []);
    return {
      features: concatenated(found.map(({ features }) => features)),
      milliseconds: found.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
    };
  }
}

function remember<T>(store: WeakMap<Pixels, Map<string, T>>, picture: Pixels, key: string, value: T): void {
  const known = store.get(picture) ?? new Map<string, T>();
  known.set(key, value);
  store.set(picture, known);
}
