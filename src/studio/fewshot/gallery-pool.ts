/** Crops of the gallery's photographs, the class being which photograph one is from: photographs to learn from without a camera. */
import { byName } from '../../fewshot/episode.ts';
import { uniform } from '../../random.ts';
import type { Pixels } from '../../runtime/preprocess.ts';
import type { Library } from '../assets.ts';
import { boundedCache } from './bounded-cache.ts';
import { cutRegion, type Region } from './glyph-pool.ts';
import type { StudioPool } from './pool.ts';

/** Crops of each photograph. */
const CROPS = 30;
/** Put together from two of the others, so that its crops would belong to either. */
const MONTAGE = 'cat-and-dog';
/** Side of a crop as a share of the photograph's short side. */
const SMALLEST = 0.35;
const LARGEST = 0.75;
const SEED = 1;
/** Bytes of decoded photographs that are kept: all of a gallery of small ones. */
const MOST_KEPT = 64 * 2 ** 20;

/**
 * @param loadPixels decodes the photograph at an address
 * @throws HeliographError where the gallery cannot be loaded
 */
export async function galleryPool(
  library: Pick<Library, 'gallery' | 'photographUrl'>,
  loadPixels: (url: string, name: string) => Promise<Pixels>,
): Promise<StudioPool> {
  const photographs = (await library.gallery()).filter(({ id }) => id !== MONTAGE).sort((a, b) => byName(a.title, b.title));
  const loaded = boundedCache<Pixels>(MOST_KEPT, ({ data }) => data.byteLength);
  return {
    id: 'gallery',
    title: 'Crops of the gallery’s photographs',
    domain: 'photographs',
    classes: photographs.map(({ title }) => ({ name: title, size: CROPS })),
    note: `${CROPS} square crops of each photograph, differing in place, size and side. They overlap, so this is easier than telling things apart.`,
    async picture(classIndex, image) {
      const photograph = photographs[classIndex];
      if (!photograph || image < 0 || image >= CROPS) throw new RangeError('unreachable: episodes are drawn from what there is');
      const url = library.photographUrl(photograph);
      const pixels = await loaded(url, () => loadPixels(url, photograph.title));
      const { region, mirrored } = cropOf(pixels, uniform(SEED, classIndex * CROPS + image));
      return cutRegion(pixels, region, mirrored);
    },
  };
}

/** A random square of a picture, and whether it is mirrored. */
export function cropOf({ width, height }: Pick<Pixels, 'width' | 'height'>, draw: () => number) {
  const short = Math.min(width, height);
  const side = Math.max(1, Math.round(short * (SMALLEST + (LARGEST - SMALLEST) * draw())));
  const region: Region = {
    x: Math.floor(draw() * (width - side + 1)),
    y: Math.floor(draw() * (height - side + 1)),
    width: side,
    height: side,
  };
  return { region, mirrored: draw() < 0.5 };
}
