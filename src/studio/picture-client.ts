/** The page's end of the worker that decodes and resizes pictures. */
import { wrap } from 'comlink';
import type { LearnerInput } from '../fewshot/learner-card.ts';
import { HeliographError } from '../graph/errors.ts';
import type { DecodedImage } from '../runtime/decode-image.ts';
import type { CropChoice, Pixels, Preprocessed } from '../runtime/preprocess.ts';
import type { Preprocessing } from '../runtime/protocol.ts';
import { fromMessage, type Outcome } from '../runtime/remote.ts';
import { until } from '../runtime/until.ts';

export interface FittedPicture extends Preprocessed {
  /** The part of the picture the model sees, at screen resolution; null where there is no screen. */
  readonly seen: ImageData | null;
}

/** What is done with pictures. */
export interface Pictures {
  /** See `decodeImage`. */
  decode(file: Blob, name: string, mostPixels?: number): Promise<DecodedImage>;
  /** Brings a picture to a model's input; see `preprocess`. */
  fit(pixels: Pixels, to: Preprocessing, choice: CropChoice): Promise<FittedPicture>;
  /** Pictures as a few-shot learner takes them, one after another: [n, C, H, W]; see `learnerInput`. */
  learnerInputs(pictures: readonly Pixels[], input: LearnerInput): Promise<Float32Array>;
}

/** The same calls, none of which ever rejects. */
export type RemotePictures = {
  readonly [K in keyof Pictures]: (...args: Parameters<Pictures[K]>) => Promise<Outcome<Awaited<ReturnType<Pictures[K]>>>>;
};

/** Starts the worker on first need, and a fresh one where it died. */
export function createPictures(): Pictures {
  let life: { readonly remote: RemotePictures; readonly death: Promise<never> } | null = null;

  function alive() {
    if (life) return life;
    const worker = new Worker(new URL('./picture-worker.ts', import.meta.url), { type: 'module', name: 'heliograph-pictures' });
    const death = new Promise<never>((_, reject) => {
      worker.addEventListener('error', () => {
        life = null;
        worker.terminate();
        reject(
          new HeliographError(
            'out-of-memory',
            'The picture could not be prepared, most often because memory ran out.',
            'Try again, or use a smaller copy of the picture.',
          ),
        );
      });
    });
    // Nobody need be waiting when the worker dies.
    death.catch(() => undefined);
    life = { remote: wrap<RemotePictures>(worker), death };
    return life;
  }

  async function call<R>(invoke: (remote: RemotePictures) => Promise<Outcome<R>>): Promise<R> {
    const { remote, death } = alive();
    const outcome = await until(death, invoke(remote));
    if (outcome.ok) return outcome.value;
    throw fromMessage(outcome.error);
  }

  return {
    decode: (file, name, mostPixels) => call((remote) => remote.decode(file, name, mostPixels)),
    fit: (pixels, to, choice) => call((remote) => remote.fit(pixels, to, choice)),
    learnerInputs: (pictures, input) => call((remote) => remote.learnerInputs(pictures, input)),
  };
}
