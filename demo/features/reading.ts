/** Reading of columns: in pieces, and in samples. */
import { hashUniform } from '../../src/random.ts';
import type { NumberColumn, Values } from '../tables/table.ts';

/** Rows that are read at once: their values stay in the cache, and there is a turn behind each. */
export const PIECE = 16_384;

/**
 * Values of consecutive rows, or of consecutive places of `rows`, in an array that holds them all. A loop over the copy is compiled for one type
 * of array, whatever types the columns have.
 */
export function readPiece(
  into: Float64Array | Int32Array,
  values: Values,
  rows: Uint32Array | null,
  from: number,
  count: number,
): void {
  if (rows === null) into.set(values.subarray(from, from + count));
  else for (let i = 0; i < count; i++) into[i] = values[rows[from + i]];
}

/** At most so many of n rows, ascending: one out of each stretch, at random, so that no rhythm of the rows is met. */
export function sampleRows(n: number, most: number): Uint32Array {
  if (n <= most) return Uint32Array.from({ length: n }, (_, i) => i);
  return Uint32Array.from({ length: most }, (_, i) => {
    const first = Math.floor((i * n) / most);
    const length = Math.floor(((i + 1) * n) / most) - first;
    return first + Math.floor(length * hashUniform(0, i));
  });
}

/** The values that are there, ascending. */
export function sortedValues({ values }: NumberColumn, rows: Uint32Array): Float64Array {
  const found = new Float64Array(rows.length);
  let count = 0;
  for (const row of rows) if (Number.isFinite(values[row])) found[count++] = values[row];
  return found.subarray(0, count).sort();
}

/** Between the two nearest, as NumPy does by default; NaN of nothing. */
export function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  const part = at - Math.floor(at);
  return part === 0 ? low : low + part * (sorted[Math.ceil(at)] - low);
}
