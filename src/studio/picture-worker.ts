/** Decoding, resizing and cutting out, in a worker of their own: big photographs would hold the page up. */
import { expose } from 'comlink';
import { decodeImage } from '../runtime/decode-image.ts';
import { learnerInputs } from '../runtime/learner-input.ts';
import { type Pixels, preprocess } from '../runtime/preprocess.ts';
import { answered } from '../runtime/remote.ts';
import type { RemotePictures } from './picture-client.ts';
import { cutOut } from './pictures.ts';

/** In memory that page and worker share, where the browser allows it: each copy of a big photograph holds the page up. */
function shared(pixels: Pixels): Pixels {
  if (!crossOriginIsolated) return pixels;
  const data = new Uint8Array(new SharedArrayBuffer(pixels.data.byteLength));
  data.set(pixels.data);
  return { ...pixels, data };
}

const remote: RemotePictures = {
  decode: answered(async (file, name, mostPixels) => {
    const { pixels, notices } = await decodeImage(file, name, mostPixels);
    return { pixels: shared(pixels), notices };
  }),
  fit: answered(async (pixels, to, choice) => {
    const { input, window } = preprocess(pixels, to, choice);
    return { input, window, seen: cutOut(pixels, window) };
  }),
  learnerInputs: answered(async (pictures, input) => learnerInputs(pictures, input)),
};

expose(remote);
