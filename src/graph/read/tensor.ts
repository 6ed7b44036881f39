import { HeliographError } from '../errors.ts';
import { elementType } from '../infer/creation.ts';
import { TensorProto_DataType as DataType, TensorProto_DataLocation as Location, type TensorProto } from '../onnx/onnx_pb.ts';
import { type ElementType, type Shape, sizeOf, type Tensor, type TypedArrays } from '../tensor.ts';
import { widenBrain, widenHalf } from './half.ts';

/** Files beside the model, by the path the model calls them. */
export type ExternalData = Readonly<Record<string, Uint8Array>>;

/** Shapes longer than this come from broken files. */
const HIGHEST_RANK = 64;
/** No array of a browser holds more bytes in one piece. */
const MOST_ELEMENTS = 2 ** 31;

const HALF = new Set<number>([DataType.FLOAT16, DataType.BFLOAT16]);

/** The element type a graph carries for ONNX's number of it: half-precision floats become float32. */
export function readElementType(code: number): ElementType | undefined {
  return HALF.has(code) ? 'float32' : elementType(code);
}

type Viewable = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): Exclude<TypedArrays[ElementType], readonly string[]>;
};

const VIEWS = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} satisfies Record<Exclude<ElementType, 'string'>, Viewable>;

/** A tensor from its parts. The one place where the type's name and its array are matched by hand. */
function makeTensor(type: Exclude<ElementType, 'string'>, dims: Shape, data: unknown): Tensor {
  return { type, dims, data } as Tensor;
}

/** A typed view of bytes: no copy where the offset is aligned. */
function view<A>(
  View: { BYTES_PER_ELEMENT: number; new (buffer: ArrayBufferLike, offset: number, length: number): A },
  bytes: Uint8Array,
): A {
  // Not slice(): that of Node's Buffer copies nothing.
  const aligned = bytes.byteOffset % View.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new View(aligned.buffer, aligned.byteOffset, bytes.length / View.BYTES_PER_ELEMENT);
}

/**
 * Decodes one tensor. Large little-endian data stay views of the file; 16-bit floats are widened to float32.
 * @param what how messages name the tensor
 * @throws HeliographError `invalid-model` or `missing-external-data`
 */
export function readTensor(proto: TensorProto, external: ExternalData, what: string): Tensor {
  if (proto.dims.length > HIGHEST_RANK)
    throw new HeliographError('invalid-model', `${what} has ${proto.dims.length} dimensions.`);
  const dims = proto.dims.map(Number);
  const size = sizeOf(dims);
  if (dims.some((dim) => dim < 0 || !Number.isSafeInteger(dim)) || size > MOST_ELEMENTS) {
    throw new HeliographError('invalid-model', `${what} has an impossible shape [${dims}].`);
  }
  const type = readElementType(proto.dataType);
  if (type === undefined) {
    const name = DataType[proto.dataType] ?? `number ${proto.dataType}`;
    throw new HeliographError(
      'invalid-model',
      `${what} has the element type ${name}, which Heliograph does not read.`,
      'Export the model in float32.',
    );
  }
  if (proto.segment !== undefined)
    throw new HeliographError('invalid-model', `${what} is stored in segments, which Heliograph does not read.`);
  if (type === 'string') {
    const decoder = new TextDecoder();
    checkLength(what, dims, proto.stringData.length, 'strings');
    return { type, dims, data: proto.stringData.map((bytes) => decoder.decode(bytes)) };
  }
  const stored = HALF.has(proto.dataType) ? 'uint16' : type;
  const raw = proto.dataLocation === Location.EXTERNAL ? externalBytes(proto, external, what) : proto.rawData;
  let data: Exclude<TypedArrays[ElementType], readonly string[]>;
  if (raw.length > 0 || (proto.dataLocation === Location.EXTERNAL && size === 0)) {
    checkLength(what, dims, raw.length / VIEWS[stored].BYTES_PER_ELEMENT, 'values');
    data = view<typeof data>(VIEWS[stored], raw);
  } else {
    data = listedData(proto, stored);
    checkLength(what, dims, data.length, 'values');
  }
  if (proto.dataType === DataType.FLOAT16 && data instanceof Uint16Array) return makeTensor(type, dims, widenHalf(data));
  if (proto.dataType === DataType.BFLOAT16 && data instanceof Uint16Array) return makeTensor(type, dims, widenBrain(data));
  return makeTensor(type, dims, data);
}

/** Data in the typed lists small tensors use instead of raw bytes. */
function listedData(
  proto: TensorProto,
  type: Exclude<ElementType, 'string'>,
): Exclude<TypedArrays[ElementType], readonly string[]> {
  switch (type) {
    case 'float32':
      return Float32Array.from(proto.floatData);
    case 'float64':
      return Float64Array.from(proto.doubleData);
    case 'int64':
      return BigInt64Array.from(proto.int64Data);
    case 'uint64':
      return BigUint64Array.from(proto.uint64Data);
    case 'uint32':
      return Uint32Array.from(proto.uint64Data, Number);
    default:
      return VIEWS[type].from(proto.int32Data);
  }
}

function checkLength(what: string, dims: Shape, length: number, unit: string): void {
  if (length !== sizeOf(dims)) {
    throw new HeliographError(
      'invalid-model',
      `${what} of shape [${dims}] needs ${sizeOf(dims)} ${unit}, but the file holds ${length}.`,
    );
  }
}

/** The bytes of a tensor kept in a file beside the model. */
function externalBytes(proto: TensorProto, external: ExternalData, what: string): Uint8Array {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const location = (entries.get('location') ?? '').replace(/^(\.\/)+/, '');
  if (location === '' || /^([/\\]|[a-z]:)/i.test(location) || location.split(/[/\\]/).includes('..')) {
    throw new HeliographError('missing-external-data', `${what} is kept in “${location}”, which is no file beside the model.`);
  }
  const file = external[location] ?? external[location.split(/[/\\]/).at(-1) ?? ''];
  if (file === undefined) {
    throw new HeliographError(
      'missing-external-data',
      `The model keeps its weights in “${location}”, which was not given with it.`,
      `Choose the model file and “${location}” together.`,
    );
  }
  const offset = Number(entries.get('offset') ?? 0);
  const length = Number(entries.get('length') ?? file.length - offset);
  if (!(offset >= 0 && length >= 0 && offset + length <= file.length)) {
    throw new HeliographError(
      'missing-external-data',
      `${what} lies at bytes ${offset} to ${offset + length} of “${location}”, which has ${file.length} bytes.`,
      'The file is cut off or belongs to another model.',
    );
  }
  return file.subarray(offset, offset + length);
}
