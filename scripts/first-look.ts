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
import { DEFAULTS } from '../src/studio/state.ts';

const PUBLIC = fileURLToPath(new URL('../public/', import.meta.url));
const MODEL = DEFAULTS.model ?? 'efficientnet-lite0';
/** Side of the stored photograph: sharp on a projector, yet about 30 kB. */
const PICTURE_SIDE = 448;

const gallery = z
  .object({ images: z.array(z.object({ id: z.string(), file: z.string() })) })
  .parse(JSON.parse(new TextDecoder().decode(await readBytes(`${PUBLIC}images/gallery.json`))));
const photograph = gallery.images.find(({ id }) => id === DEFAULTS.image);
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
  model: summary.name,
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
await sharp(pixels.data, { raw: { width: pixels.width, height: pixels.height, channels: pixels.channels } })
  .extract(cut)
  .resize(PICTURE_SIDE, PICTURE_SIDE)
  .removeAlpha()
  .webp({ quality: 85 })
  .toFile(`${PUBLIC}first-look/picture.webp`);
process.stderr.write(
  `${best.label} ${(100 * best.probability).toFixed(1)} %, score ${score.toFixed(3)}: public/first-look/ written.\n`,
);
