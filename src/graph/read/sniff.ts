import { HeliographError } from '../errors.ts';

const ascii = (bytes: Uint8Array, from: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(from, from + length));

/** What files that are no ONNX start with, by the name people know them under. */
const SIGNATURES: readonly { readonly at: number; readonly start: string; readonly what: string }[] = [
  { at: 0, start: 'PK\u0003\u0004', what: 'a ZIP archive, such as a PyTorch checkpoint (.pt, .pth) or a Keras file' },
  { at: 0, start: '\u0080\u0002', what: 'a Python pickle, such as an old PyTorch checkpoint' },
  { at: 0, start: '\u0080\u0004', what: 'a Python pickle' },
  { at: 0, start: '\u0089HDF', what: 'an HDF5 file, such as Keras weights (.h5)' },
  { at: 0, start: '\u0089PNG', what: 'a PNG image' },
  { at: 0, start: '\u00ff\u00d8\u00ff', what: 'a JPEG image' },
  { at: 0, start: '\u001f\u008b', what: 'a gzip archive' },
  { at: 0, start: '7z\u00bc\u00af', what: 'a 7-Zip archive' },
  { at: 0, start: 'GGUF', what: 'a GGUF model' },
  { at: 0, start: '\u0093NUMPY', what: 'a NumPy array' },
  { at: 4, start: 'TFL3', what: 'a TensorFlow Lite model' },
  { at: 4, start: 'ORTM', what: 'a model in ONNX Runtime’s own .ort format' },
  { at: 8, start: '{"', what: 'a safetensors file' },
  { at: 0, start: 'version https://git-lfs', what: 'a Git LFS pointer instead of the file it points to' },
];

/** How many bytes decide whether a file is text. */
const TEXT_SAMPLE = 512;

function looksLikeText(bytes: Uint8Array): boolean {
  return bytes.subarray(0, TEXT_SAMPLE).every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

function appearance(bytes: Uint8Array): string | undefined {
  const known = SIGNATURES.find(({ at, start }) => ascii(bytes, at, start.length) === start);
  if (known !== undefined) return known.what;
  if (!looksLikeText(bytes)) return undefined;
  const start = ascii(bytes, 0, TEXT_SAMPLE).trimStart().toLowerCase();
  if (start.startsWith('<!doctype html') || start.startsWith('<html')) return 'a web page (HTML)';
  return start.startsWith('{') ? 'JSON text' : 'plain text';
}

const REMEDY = 'Choose an .ONNX file, exported for example with torch.onnx.export.';

function notOnnx(what: string | undefined): HeliographError {
  const message =
    what === undefined ? 'This file is not an ONNX model.' : `This file is not an ONNX model: it looks like ${what}.`;
  return new HeliographError('not-onnx', message, REMEDY);
}

/** Wire types of ModelProto's fields (0 varint, 2 length-delimited), by field number. */
const MODEL_FIELDS: Readonly<Record<number, number>> = {
  1: 0,
  2: 2,
  3: 2,
  4: 2,
  5: 0,
  6: 2,
  7: 2,
  8: 2,
  14: 2,
  20: 2,
  25: 2,
  26: 2,
};

/**
 * Walks the outermost fields of a file and throws where it cannot be an ONNX model.
 * @throws HeliographError `not-onnx` saying what the file looks like, or `truncated` where its last field is cut off
 */
export function checkModelBytes(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new HeliographError('truncated', 'This file is empty.', 'Download or export it again.');
  const what = appearance(bytes);
  if (what !== undefined) throw notOnnx(what);
  let position = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[position];
      if (byte === undefined) throw cutOff(bytes.length, position + 1);
      position += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw notOnnx(undefined);
  };
  while (position < bytes.length) {
    const key = varint();
    if (MODEL_FIELDS[Math.floor(key / 8)] !== key % 8) throw notOnnx(undefined);
    const value = varint();
    if (key % 8 === 2) position += value;
    if (position > bytes.length) throw cutOff(bytes.length, position);
  }
}

function cutOff(length: number, needed: number): HeliographError {
  return new HeliographError(
    'truncated',
    `This ONNX file is cut off: it has ${length.toLocaleString('en')} bytes of at least ${needed.toLocaleString('en')}.`,
    'Download or export it again.',
  );
}
