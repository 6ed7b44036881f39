import sharp from 'sharp';
import type { MapData } from '../src/runtime/protocol.ts';
import { colourOf, symmetricLimit } from '../src/studio/seeing/colormap.ts';

/** Small maps are enlarged to about this many pixels a side, each value a square. */
const TARGET_SIDE = 448;
/** Height of the colour bar below the map and of the gap above it, in pixels. */
const BAR_HEIGHT = 16;
const GAP = 4;

export interface MapPicture {
  readonly png: Uint8Array;
  /** Value at the ends of the colour scale, −limit and +limit. */
  readonly limit: number;
}

/**
 * The map as a PNG in the studio's diverging colours, white at zero, with the colour bar from −limit to +limit below it.
 * @param description written into the file's metadata, so that the picture says what it shows
 */
export async function mapPicture(map: MapData, description: string): Promise<MapPicture> {
  const limit = symmetricLimit(map.values) || 1;
  const zoom = Math.max(1, Math.round(TARGET_SIDE / Math.max(map.height, map.width)));
  const width = map.width * zoom;
  const mapHeight = map.height * zoom;
  const height = mapHeight + GAP + BAR_HEIGHT;
  const rgb = new Uint8Array(width * height * 3).fill(255);
  const paint = (x: number, y: number, value: number) => rgb.set(colourOf(value, limit, 'signed'), (y * width + x) * 3);
  for (let y = 0; y < mapHeight; y += 1) {
    for (let x = 0; x < width; x += 1) {
      paint(x, y, map.values[Math.floor(y / zoom) * map.width + Math.floor(x / zoom)] ?? Number.NaN);
    }
  }
  for (let y = mapHeight + GAP; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) paint(x, y, ((2 * x) / Math.max(1, width - 1) - 1) * limit);
  }
  const png = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .withExif({ IFD0: { ImageDescription: description, Software: 'Heliograph' } })
    .png()
    .toBuffer();
  return { png, limit };
}
