import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeliographError } from '../graph/errors.ts';
import { readNpy, writeNpy } from './npy.ts';

/** The bytes numpy.lib.format.write_array (NumPy 2.4) writes: its header text less the padding, and its data. */
function numpyFile(version: 1 | 2 | 3, header: string, data: string): Uint8Array {
  const lengthSize = version === 1 ? 2 : 4;
  const total = Math.ceil((8 + lengthSize + header.length + 1) / 64) * 64;
  const padded = `${header.padEnd(total - 8 - lengthSize - 1)}\n`;
  const length = Buffer.alloc(lengthSize);
  length.writeUIntLE(padded.length, 0, lengthSize);
  const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  return new Uint8Array(Buffer.concat([magic, length, Buffer.from(padded, 'latin1'), Buffer.from(data, 'hex')]));
}

const dictionary = (descr: string, shape: string, columnMajor = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${columnMajor}, 'shape': ${shape}, }`;

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('readNpy', () => {
  it.each([
    ['float32', 1, '<f4', '(2, 3)', '000000000000803f0000004000004040000080400000a040', [2, 3], upTo(6)],
    ['big-endian float32', 1, '>f4', '(2,)', 'c0200000bfc00000', [2], [-2.5, -1.5]],
    ['float64', 2, '<f8', '(1, 2)', '000000000000d03f000000000000f43f', [1, 2], [0.25, 1.25]],
    ['float16', 1, '<f2', '(5,)', '003e00c0ff7b007c0100', [5], [1.5, -2, 65504, Infinity, 2 ** -24]],
    ['big-endian float16', 1, '>f2', '(2,)', '3e00c000', [2], [1.5, -2]],
    ['big-endian int64', 3, '>i8', '(2,)', 'ffffffffffffffff0000010000000000', [2], [-1, 2 ** 40]],
    ['uint64', 1, '<u8', '(1,)', '0000000000000080', [1], [2 ** 63]],
    ['int32', 1, '<i4', '(1,)', '90eefeff', [1], [-70000]],
    ['uint32', 1, '<u4', '(1,)', '00286bee', [1], [4e9]],
    ['int16', 1, '<i2', '(2,)', 'd4fe2c01', [2], [-300, 300]],
    ['big-endian uint16', 1, '>u2', '(1,)', '0201', [1], [513]],
    ['int8', 1, '|i1', '(2,)', 'ff01', [2], [-1, 1]],
    ['uint8', 1, '|u1', '(1,)', 'ff', [1], [255]],
    ['bool', 1, '|b1', '(2,)', '0100', [2], [1, 0]],
    ['a scalar', 1, '<f4', '()', '0000e040', [], [7]],
    ['no elements', 1, '<f4', '(0, 3)', '', [0, 3], []],
  ] as const)('reads %s', (_name, version, descr, shape, data, dims, values) => {
    const array = readNpy(numpyFile(version, dictionary(descr, shape), data));
    expect(array.dims).toEqual(dims);
    expect([...array.data]).toEqual(values);
  });

  it('reorders column-major data', () => {
    const data = '000c04100814010d05110915020e06120a16030f07130b17';
    const array = readNpy(numpyFile(1, dictionary('|u1', '(2, 3, 4)', 'True'), data));
    expect([...array.data]).toEqual(upTo(24));
  });

  it('reads a view into a larger buffer', () => {
    const file = numpyFile(1, dictionary('<f4', '(1,)'), '0000e040');
    const larger = new Uint8Array(file.length + 3);
    larger.set(file, 3);
    expect([...readNpy(larger.subarray(3)).data]).toEqual([7]);
  });

  const good = numpyFile(1, dictionary('<f4', '(2,)'), '0000e0400000e040');
  it.each([
    ['nothing', new Uint8Array(0), /empty/],
    ['text', new TextEncoder().encode('not an array'), /not a NumPy array/],
    ['an npz archive', new TextEncoder().encode('PK\u0003\u0004…'), /npz/],
    ['a file cut in its data', good.subarray(0, good.length - 1), /needs 8 bytes of data, but the file has 7/],
    ['a file cut in its header', good.subarray(0, 40), /ends inside its header/],
    ['a file cut in its magic', good.subarray(0, 4), /ends inside its header/],
    ['an unknown version', good.with(6, 9), /version 9/],
    ['Python objects', numpyFile(1, dictionary('|O', '(1,)'), '80049'), /Python objects/],
    [
      'named fields',
      numpyFile(1, "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", '00000000'),
      /named fields/,
    ],
    ['complex numbers', numpyFile(1, dictionary('<c8', '(1,)'), '0000000000000000'), /type “c8”/],
    ['text elements', numpyFile(1, dictionary('<U2', '(1,)'), '6100000062000000'), /type “U2”/],
    ['a header without a shape', numpyFile(1, "{'descr': '<f4'}", ''), /no shape/],
    ['a header without a type', numpyFile(1, "{'shape': (1,)}", ''), /no element type/],
    ['a shape beyond all files', numpyFile(1, dictionary('<f4', '(4000000000, 4000000000, 4000000000)'), ''), /needs/],
  ])('refuses %s', (_name, bytes, message) => {
    const read = () => readNpy(bytes);
    expect(read).toThrow(HeliographError);
    expect(read).toThrow(expect.objectContaining({ code: 'bad-array', message: expect.stringMatching(message) }));
  });

  it('meets damaged files with typed errors only', () => {
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = good.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        try {
          readNpy(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(HeliographError);
        }
      }),
      { seed: 8, numRuns: 500 },
    );
  });
});

describe('writeNpy', () => {
  it('writes the bytes NumPy writes', () => {
    const file = numpyFile(1, dictionary('<f4', '(2, 3)'), '000000000000803f0000004000004040000080400000a040');
    expect(writeNpy([2, 3], Float32Array.from(upTo(6)))).toEqual(file);
    expect(writeNpy([1], Float32Array.of(7))).toEqual(numpyFile(1, dictionary('<f4', '(1,)'), '0000e040'));
  });

  it('aligns the data to 64 bytes and is read back unchanged', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 6 }), (dims) => {
        const data = Float32Array.from(upTo(dims.reduce((size, dim) => size * dim, 1)), Math.sqrt);
        const bytes = writeNpy(dims, data);
        expect((bytes.length - 4 * data.length) % 64).toBe(0);
        expect(readNpy(bytes)).toEqual({ dims, data });
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  it('refuses data that does not fill the shape', () => {
    expect(() => writeNpy([2, 2], new Float32Array(3))).toThrow(RangeError);
  });
});
