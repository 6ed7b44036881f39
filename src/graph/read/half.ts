/** Widening of 16-bit floats. Both formats are exact in float32. */

let table: Float32Array | undefined;

/** The value of every float16 bit pattern (IEEE 754 binary16), made once: looking up is faster than computing. */
function halfTable(): Float32Array {
  if (table !== undefined) return table;
  table = new Float32Array(0x10000);
  for (let bits = 0; bits < 0x8000; bits += 1) {
    const exponent = bits >> 10;
    const fraction = bits & 0x3ff;
    let value: number;
    if (exponent === 0) value = fraction * 2 ** -24;
    else if (exponent === 31) value = fraction === 0 ? Infinity : Number.NaN;
    else value = (1 + fraction / 1024) * 2 ** (exponent - 15);
    table[bits] = value;
    table[bits | 0x8000] = -value;
  }
  return table;
}

/** Values of float16 bit patterns. */
export function widenHalf(bits: Uint16Array): Float32Array {
  const values = halfTable();
  const result = new Float32Array(bits.length);
  for (let index = 0; index < bits.length; index += 1) result[index] = values[bits[index] ?? 0] ?? 0;
  return result;
}

/** Values of bfloat16 bit patterns: the upper half of a float32. */
export function widenBrain(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let index = 0; index < bits.length; index += 1) words[index] = (bits[index] ?? 0) << 16;
  return new Float32Array(words.buffer);
}
