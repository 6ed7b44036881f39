/** NumPy's array files (.npy, format versions 1 to 3; NEP 1), the form in which maps and inputs are exchanged with Python. */
import { HeliographError } from '../graph/errors.ts';
import { widenHalf } from '../graph/read/half.ts';
import { type Shape, sizeOf, strides } from '../graph/tensor.ts';

/** An array as read: C order, widened or narrowed to float32 whatever the file's type. */
export interface NpyArray {
  readonly dims: Shape;
  readonly data: Float32Array;
}

const MAGIC = [0x93, ...'NUMPY'].map((part) => (typeof part === 'string' ? part.charCodeAt(0) : part));
/** NumPy pads headers so that the data can be memory-mapped. */
const ALIGNMENT = 64;
const REMEDY = 'Save it in Python with numpy.save(path, array.astype("float32")).';

type ReadElement = (view: DataView, offset: number, littleEndian: boolean) => number;

interface ElementFormat {
  /** Bytes of an element. */
  readonly size: number;
  readonly read: ReadElement;
  /** Whether `read` gives the bit pattern of a 16-bit float. */
  readonly half?: boolean;
}

/** By NumPy's kind and size. Values outside float32's range or precision are rounded as JavaScript does. */
const FORMATS: ReadonlyMap<string, ElementFormat> = new Map([
  ['f2', { size: 2, read: (view, at, little) => view.getUint16(at, little), half: true }],
  ['f4', { size: 4, read: (view, at, little) => view.getFloat32(at, little) }],
  ['f8', { size: 8, read: (view, at, little) => view.getFloat64(at, little) }],
  ['i1', { size: 1, read: (view, at) => view.getInt8(at) }],
  ['i2', { size: 2, read: (view, at, little) => view.getInt16(at, little) }],
  ['i4', { size: 4, read: (view, at, little) => view.getInt32(at, little) }],
  ['i8', { size: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) }],
  ['u1', { size: 1, read: (view, at) => view.getUint8(at) }],
  ['u2', { size: 2, read: (view, at, little) => view.getUint16(at, little) }],
  ['u4', { size: 4, read: (view, at, little) => view.getUint32(at, little) }],
  ['u8', { size: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) }],
  ['b1', { size: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) }],
] satisfies [string, ElementFormat][]);

function badArray(message: string): HeliographError {
  return new HeliographError('bad-array', message, REMEDY);
}

/** The header's Python dictionary and where the data begins. */
function readHeader(bytes: Uint8Array): { header: string; dataStart: number } {
  if (bytes.length === 0) throw badArray('The file is empty, not a NumPy array.');
  if (MAGIC.some((byte, index) => index < bytes.length && bytes[index] !== byte)) {
    const zipped = bytes[0] === 0x50 && bytes[1] === 0x4b;
    throw badArray(zipped ? 'The file is an archive (.npz), not a single NumPy array.' : 'The file is not a NumPy array (.npy).');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  const lengthSize = version === 1 ? 2 : 4;
  const headerStart = 8 + lengthSize;
  if (version === undefined || bytes.length < headerStart) throw badArray('The NumPy array file ends inside its header.');
  if (version < 1 || version > 3) {
    throw badArray(`The NumPy array file has format version ${version}; versions 1 to 3 are known.`);
  }
  const dataStart = headerStart + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataStart > bytes.length) throw badArray('The NumPy array file ends inside its header.');
  const header = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(headerStart, dataStart));
  return { header, dataStart };
}

/** Element format and byte order from the `descr` entry, e.g. `<f4`. */
function readFormat(header: string): ElementFormat & { littleEndian: boolean } {
  if (/['"]descr['"]\s*:\s*\[/.test(header))
    throw badArray('The NumPy array has named fields; a plain array of numbers is needed.');
  const [, order, kind] = /['"]descr['"]\s*:\s*['"]([<>=|]?)([^'"]*)['"]/.exec(header) ?? [];
  if (kind === undefined) throw badArray('The header of the NumPy array file names no element type.');
  if (kind.startsWith('O')) throw badArray('The NumPy array holds Python objects, which cannot be read safely.');
  const format = FORMATS.get(kind);
  if (format === undefined) throw badArray(`The NumPy array has elements of type “${kind}”; real numbers are needed.`);
  return { ...format, littleEndian: order !== '>' };
}

function readDims(header: string): number[] {
  const [, list] = /['"]shape['"]\s*:\s*\(([\d\s,L]*)\)/.exec(header) ?? [];
  if (list === undefined) throw badArray('The header of the NumPy array file names no shape.');
  return list.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number.parseInt(part, 10)]));
}

/** Reorders column-major (Fortran) data to row-major. */
function toRowMajor(data: Float32Array, dims: Shape): Float32Array {
  const columnStrides = strides([...dims].reverse()).reverse();
  const rowStrides = strides(dims);
  return data.map((_, index) => {
    let source = 0;
    dims.forEach((dim, axis) => {
      source += (Math.floor(index / (rowStrides[axis] ?? 1)) % dim) * (columnStrides[axis] ?? 1);
    });
    return data[source] ?? 0;
  });
}

/**
 * Reads a .npy file of floats, integers or booleans of either byte order and memory order.
 *
 * @throws HeliographError `bad-array` for anything else: no such file, truncated, Python objects, named fields, complex numbers, text
 */
export function readNpy(bytes: Uint8Array): NpyArray {
  const { header, dataStart } = readHeader(bytes);
  const { size, read, half, littleEndian } = readFormat(header);
  const dims = readDims(header);
  const count = sizeOf(dims);
  const available = bytes.length - dataStart;
  if (count * size > available) {
    throw badArray(`A NumPy array of shape [${dims}] needs ${count * size} bytes of data, but the file has ${available}.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataStart, count * size);
  const stored = new Float32Array(count);
  for (let index = 0; index < count; index += 1) stored[index] = read(view, index * size, littleEndian);
  const data = half ? widenHalf(Uint16Array.from(stored)) : stored;
  const columnMajor = /['"]fortran_order['"]\s*:\s*True/.test(header);
  return { dims, data: columnMajor && dims.length > 1 ? toRowMajor(data, dims) : data };
}

/**
 * A .npy file (version 1.0, little-endian float32, C order, data aligned to 64 bytes) of an array of that shape.
 *
 * @throws RangeError when the data does not fill the shape
 */
export function writeNpy(dims: Shape, data: Float32Array): Uint8Array {
  if (data.length !== sizeOf(dims)) {
    throw new RangeError(`An array of shape [${dims}] needs ${sizeOf(dims)} values, not ${data.length}.`);
  }
  const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
  const prefix = MAGIC.length + 4;
  const dataStart = Math.ceil((prefix + header.length + 1) / ALIGNMENT) * ALIGNMENT;
  const padded = `${header.padEnd(dataStart - prefix - 1)}\n`;
  const bytes = new Uint8Array(dataStart + 4 * data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([...MAGIC, 1, 0]);
  view.setUint16(MAGIC.length + 2, padded.length, true);
  bytes.set(new TextEncoder().encode(padded), prefix);
  data.forEach((value, index) => {
    view.setFloat32(dataStart + 4 * index, value, true);
  });
  return bytes;
}
