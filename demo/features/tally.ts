/** How often each number is in a column of small whole ones: one reading of the rows, and all else is found from that. */
import type { Steps } from '../../src/steps.ts';
import type { Values } from '../tables/table.ts';
import { PIECE } from './reading.ts';

export interface Tally {
  /** What the first of the counts is of. */
  readonly first: number;
  readonly counts: Uint32Array;
}

/** Null for columns of numbers that may be large, or broken, or missing, and for short ones. */
export function* tallyOf(values: Values): Steps<Tally | null> {
  if (values.BYTES_PER_ELEMENT > 2) return null;
  const size = 2 ** (8 * values.BYTES_PER_ELEMENT);
  // To look through all counts would take longer.
  if (values.length < size) return null;
  const first = values instanceof Int8Array || values instanceof Int16Array ? -size / 2 : 0;
  const counts = new Uint32Array(size);
  for (let from = 0; from < values.length; from += PIECE) {
    countInto(counts, values.subarray(from, from + PIECE), size - 1);
    yield;
  }
  if (first === 0) return { first, counts };
  // Numbers below 0 were counted by their bits, behind the others.
  const ordered = new Uint32Array(size);
  ordered.set(counts.subarray(size / 2));
  ordered.set(counts.subarray(0, size / 2), size / 2);
  return { first, counts: ordered };
}

function countInto(counts: Uint32Array, values: Values, mask: number): void {
  for (let i = 0; i < values.length; i++) counts[values[i] & mask]++;
}

/** Numbers in ascending order, as many as there are, or `most`: at ranks that are evenly spread. */
export function sortedIn({ first, counts }: Tally, n: number, most: number): Float64Array {
  const sorted = new Float64Array(Math.min(n, most));
  let [at, below] = [-1, 0];
  for (let i = 0; i < sorted.length; i++) {
    const rank = Math.floor(((i + 0.5) * n) / sorted.length);
    while (below <= rank) below += counts[++at];
    sorted[i] = first + at;
  }
  return sorted;
}
