/**
 * `npm run first-look`: computes what the studio shows before its engine is there, the SRD map of the default photograph,
 * and writes it to public/first-look/.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import * as z from 'zod';
import { readBytes } from '../cli/files.ts';
import { decodeImage } from '../cli/image.ts';
import { openModel } from '../cli/session.ts';
import { preprocess } from '../src/runtime/preprocess.ts';
import { resolveLimit } from '../src/studio/seeing/colormap.ts';
import { colourise, resample } from '../src/studio/seeing/map-canvas.ts';
import { DEFAULT_LIMIT, DEFAULT_LOOK } from '../src/studio/seeing/types.ts';
import { DEFAULTS } from '../src/studio/state.ts';

const PUBLIC = fileURLToPath(new URL('../public/', import.meta.url));
const MODEL = DEFAULTS.model ?? 'efficientnet-lite0';
/** Side of the stored photograph: sharp on a projector, yet about 30 kB. */
const SIDE = 448;

const gallery = z
  .array(z.object({ id: z.string(), file: z.string() }))
  .parse(JSON.parse(new TextDecoder().decode(await readBytes(`${PUBLIC}images/gallery.json`))));
const photograph = gallery.find(({ id }) => id === DEFAULTS.image);
if (photograph === undefined) throw new RangeError(`The gallery has no image “${DEFAULTS.image}”.`);

const { engine, summary, labels } = await openModel(MODEL);
const pixels = await decodeImage(await readBytes(`${PUBLIC}images/${photograph.file}`), photograph.file);
const { input, window } = preprocess(pixels, summary.preprocessing, 'crop');
const { logits } = await engine.classify('first-look', summary.id, input);

const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
const top5 = Array.from(logits, (logit, index) => ({
  index,
  label: labels?.[index] ?? `class ${index}`,
  probability: Math.exp(logit) / total,
  logit,
}))
  .sort((a, b) => b.logit - a.logit)
  .slice(0, 5);
const [best] = top5;
if (best === undefined) throw new RangeError('The model has no classes.');
const { map, score } = await engine.explain('first-look', {
  model: summary.id,
  method: 'srd',
  options: { start: 'identity' },
  input,
  target: { plus: best.index },
});

const limit = map.values.reduce((largest, value) => Math.max(largest, Math.abs(value)), Number.MIN_VALUE);
const bytes = Int8Array.from(map.values, (value) => Math.round((value / limit) * 127));
const document = {
  model: MODEL,
  title: summary.name,
  image: photograph.id,
  method: 'srd',
  target: best.label,
  score,
  picture: 'picture.webp',
  top5,
  map: { height: map.height, width: map.width, limit, bytes: Buffer.from(bytes.buffer).toString('base64') },
};
mkdirSync(`${PUBLIC}first-look`, { recursive: true });
writeFileSync(`${PUBLIC}first-look/first-look.json`, `${JSON.stringify(document)}\n`);
const cut = {
  left: Math.round(window.x),
  top: Math.round(window.y),
  width: Math.round(window.width),
  height: Math.round(window.height),
};
const picture = sharp(pixels.data, { raw: { width: pixels.width, height: pixels.height, channels: pixels.channels } })
  .extract(cut)
  .resize(SIDE, SIDE)
  .removeAlpha();
await picture.clone().webp({ quality: 85 }).toFile(`${PUBLIC}first-look/picture.webp`);

// What the page shows before its scripts run: the same picture and map as pixels, in the studio's own colours.
const colours = colourise(resample(map, SIDE, SIDE), resolveLimit([map], DEFAULT_LIMIT), DEFAULT_LOOK);
await sharp(await picture.clone().grayscale(DEFAULT_LOOK.greyPicture).png().toBuffer())
  .toColourspace('srgb')
  .composite([{ input: Buffer.from(colours.buffer), raw: { width: SIDE, height: SIDE, channels: 4 } }])
  .png({ palette: true, quality: 90, effort: 10 })
  .toFile(`${PUBLIC}first-look/overlay.png`);
process.stderr.write(
  `${best.label} ${(100 * best.probability).toFixed(1)} %, score ${score.toFixed(3)}: public/first-look/ written.\n`,
);
