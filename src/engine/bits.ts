/** Where the bits of a number lie: at powers of two. */

const number = new Float64Array(1);
/** Low word and high word. */
const words = new Uint32Array(number.buffer);

/** Numbers below 2^-1022 have no exponent of their own until they are made larger. */
const LIFT = 64;

/** The exponent of the highest bit of a value that is not 0: 2^e ≤ |value| < 2^(e + 1). */
export function topBitOf(value: number): number {
  number[0] = value;
  const exponent = (words[1] >>> 20) & 0x7ff;
  return exponent === 0 ? topBitOf(value * 2 ** LIFT) - LIFT : exponent - 1023;
}

/** The exponent of the lowest bit of a value that is not 0: the largest power of two that it is a multiple of. */
export function lowestBitOf(value: number): number {
  number[0] = value;
  const exponent = (words[1] >>> 20) & 0x7ff;
  if (exponent === 0) return lowestBitOf(value * 2 ** LIFT) - LIFT;
  const word = words[0] === 0 ? words[1] | 0x10_0000 : words[0];
  return exponent - 1075 + (words[0] === 0 ? 32 : 0) + (31 - Math.clz32(word & -word));
}
