/** Decoding, resizing and cutting out, in a worker of their own: big photographs would hold the page up. */
import { expose } from 'comlink';
import { decodeImage } from '../runtime/decode-image.ts';
import { preprocess } from '../runtime/preprocess.ts';
import { answered } from '../runtime/remote.ts';
import type { RemotePictures } from './picture-client.ts';
import { cutOut } from './pictures.ts';

const remote: RemotePictures = {
  decode: answered(decodeImage),
  fit: answered(async (pixels, to, choice) => {
    const { input, window } = preprocess(pixels, to, choice);
    return { input, window, seen: cutOut(pixels, window) };
  }),
};

expose(remote);
