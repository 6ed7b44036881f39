import { HeliographError } from '../../graph/errors.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import type { Library } from '../assets.ts';
import type { Pictures } from '../picture-client.ts';
import type { FewShotSurroundings } from './fewshot-bench.ts';
import { folderPool } from './folder-pool.ts';
import { galleryPool } from './gallery-pool.ts';
import { glyphPool } from './glyph-pool.ts';
import { createLearnerLibrary } from './learner-library.ts';
import { encodePicture, pictureDecoder } from './picture-text.ts';

/**
 * The browser as the few-shot workspace needs it.
 * @param base address of the folder that holds `learners/` and `pools/`, ending in a slash
 */
export function browserFewShot(
  base: string,
  engine: FewShotSurroundings['engine'],
  library: Library,
  pictures: Pictures,
  loadPixels: (url: string, name: string) => Promise<Pixels>,
): FewShotSurroundings {
  const decode = async (file: Blob, name: string) => (await pictures.decode(file, name)).pixels;
  return {
    engine,
    learners: createLearnerLibrary(`${base}learners/`),
    async pool(id) {
      if (id === 'glyphs') return glyphPool(base, undefined, decode);
      if (id === 'gallery') return galleryPool(library, loadPixels);
      throw new HeliographError(
        'bad-document',
        'This view shows folders that were opened by hand, and no link can carry them.',
        'Open the folders again, or choose other pictures.',
      );
    },
    folders: (files, domain) => folderPool(files, pictures.decode, domain),
    read: (file) => decode(file, file.name),
    prepare: pictures.learnerInputs,
    decode: pictureDecoder(decode),
    encode: encodePicture,
    clock: () => performance.now(),
  };
}
