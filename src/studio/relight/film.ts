/** Encodes pictures as a video, with the browser's own encoder. */
import {
  BufferTarget,
  CanvasSource,
  getFirstEncodableVideoCodec,
  Mp4OutputFormat,
  Output,
  QUALITY_HIGH,
  WebMOutputFormat,
} from 'mediabunny';
import { HeliographError } from '../../graph/errors.ts';

/** Most players understand the first ones best; not every browser can write them. */
const CODECS = ['avc', 'vp9', 'vp8', 'av1'] as const;

export interface Film {
  readonly blob: Blob;
  /** `mp4` or `webm`. */
  readonly extension: string;
}

/**
 * @param pictures all of the same size; even sides, as encoders want them
 * @throws HeliographError `runtime-failed` where the browser encodes no video, `cancelled`
 */
export async function encodeFilm(
  pictures: AsyncIterable<ImageData>,
  { width, height, perSecond }: { readonly width: number; readonly height: number; readonly perSecond: number },
  signal: AbortSignal,
): Promise<Film> {
  const codec = await getFirstEncodableVideoCodec([...CODECS], { width, height });
  if (!codec) {
    throw new HeliographError(
      'runtime-failed',
      'This browser cannot encode videos.',
      'Save single pictures, or use a current Chrome, Edge, Firefox or Safari.',
    );
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) throw new HeliographError('out-of-memory', 'The browser has no room for another picture.', 'Close other tabs.');
  const format = codec === 'avc' ? new Mp4OutputFormat() : new WebMOutputFormat();
  const target = new BufferTarget();
  const output = new Output({ format, target });
  const source = new CanvasSource(canvas, { codec, bitrate: QUALITY_HIGH });
  output.addVideoTrack(source, { frameRate: perSecond });
  await output.start();
  let index = 0;
  for await (const picture of pictures) {
    if (signal.aborted) {
      await output.cancel();
      throw new HeliographError('cancelled', 'You stopped this.');
    }
    context.putImageData(picture, 0, 0);
    await source.add(index / perSecond, 1 / perSecond);
    index += 1;
  }
  await output.finalize();
  if (!target.buffer) throw new HeliographError('runtime-failed', 'The video came out empty.', 'Try a smaller size.');
  return { blob: new Blob([target.buffer], { type: format.mimeType }), extension: format.fileExtension.replace('.', '') };
}
