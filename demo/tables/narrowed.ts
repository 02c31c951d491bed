import { laid, lengthOf } from './laid.ts';
import type { Values } from './table.ts';

const INTEGERS = [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array].map((Kind) => {
  const bits = 8 * Kind.BYTES_PER_ELEMENT;
  const isSigned = new Kind([-1])[0] < 0;
  return { Kind, least: isSigned ? -(2 ** (bits - 1)) : 0, greatest: 2 ** (isSigned ? bits - 1 : bits) - 1 };
});

const LEAST = Math.min(...INTEGERS.map(({ least }) => least));
const GREATEST = Math.max(...INTEGERS.map(({ greatest }) => greatest));

/** The same numbers, in the least of arrays that holds them all exactly. */
export function narrowed(values: Values): Values {
  let least = Infinity;
  let greatest = -Infinity;
  let areIntegers = true;
  for (let i = 0; i < values.length && areIntegers && least >= LEAST && greatest <= GREATEST; i++) {
    const value = values[i];
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    // Not true of NaN.
    areIntegers = value === Math.floor(value);
  }
  const fits = areIntegers && INTEGERS.find((kind) => least >= kind.least && greatest <= kind.greatest);
  const Kind = fits ? fits.Kind : areFloats(values) ? Float32Array : Float64Array;
  return values instanceof Kind ? values : new Kind(values);
}

/** Neighbours in one array, which is that of `narrowed`, as theirs are. */
export function joined(parts: readonly Values[]): Values {
  if (parts.length === 1) return parts[0];
  const n = lengthOf(parts);
  const Kind = parts[0].constructor as new (n: number) => Values;
  const areAlike = parts.every((part) => part.constructor === Kind);
  return areAlike ? laid(new Kind(n), parts) : narrowed(laid(new Float64Array(n), parts));
}

function areFloats(values: Values): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== Math.fround(value) && !Number.isNaN(value)) return false;
  }
  return true;
}
