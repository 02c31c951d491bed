/** How often each number is in a column of small whole ones: one reading of the rows, and all else is found from that. */
import type { Steps } from '../../src/steps.ts';
import type { Values } from '../tables/table.ts';
import { PIECE, readPiece } from './reading.ts';

export interface Tally {
  /** What the first of the counts is of. */
  readonly first: number;
  readonly counts: Uint32Array;
}

/** Columns are counted for several ends, and remain as they are: those of few numbers are kept. */
const kept = new WeakMap<Values, Tally>();
const MOST_KEPT = 2 ** 13;

/**
 * From the least number to the greatest; null for columns of numbers that may be large, or broken, or missing, and for few rows.
 *
 * @param rows that count; null: all
 */
export function* tallyOf(values: Values, rows: Uint32Array | null = null): Steps<Tally | null> {
  if (values.BYTES_PER_ELEMENT > 2) return null;
  const size = 2 ** (8 * values.BYTES_PER_ELEMENT);
  // To look through all counts would take longer.
  if ((rows?.length ?? values.length) < size) return null;
  const known = rows === null ? kept.get(values) : undefined;
  if (known !== undefined) return known;
  const lowest = values instanceof Int8Array || values instanceof Int16Array ? -size / 2 : 0;
  const [tally] = yield* counted(values, rows, null, 1, lowest, size);
  if (rows === null && tally.counts.length <= MOST_KEPT) kept.set(values, tally);
  return tally;
}

/** Rows for each count of a group, which more is made of than of a row. */
const ROWS_FOR_COUNT = 8;

/**
 * The same of each of k groups; empty for those without rows.
 *
 * @param groups that of each row [n], below k
 * @param range the least and the greatest number
 */
export function* talliesOf(
  values: Values,
  rows: Uint32Array | null,
  groups: Uint32Array,
  k: number,
  [least, greatest]: readonly [number, number],
): Steps<Tally[] | null> {
  const size = greatest - least + 1;
  const isWorthIt = values.BYTES_PER_ELEMENT <= 2 && groups.length >= ROWS_FOR_COUNT * size * k;
  return isWorthIt ? yield* counted(values, rows, groups, k, least, size) : null;
}

function* counted(
  values: Values,
  rows: Uint32Array | null,
  groups: Uint32Array | null,
  k: number,
  lowest: number,
  size: number,
): Steps<Tally[]> {
  const n = rows?.length ?? values.length;
  const counts = new Uint32Array(size * k);
  const piece = new Int32Array(PIECE);
  for (let from = 0; from < n; from += PIECE) {
    const count = Math.min(PIECE, n - from);
    readPiece(piece, values, rows, from, count);
    countPiece(counts, piece, count, lowest, groups?.subarray(from, from + count) ?? null, size);
    yield;
  }
  return Array.from({ length: k }, (_, group) => trimmed(lowest, counts.subarray(group * size, (group + 1) * size)));
}

/** A function of its own, as is what writes rows: in the generator such loops took up to twice as long. */
function countPiece(
  counts: Uint32Array,
  piece: Int32Array,
  count: number,
  lowest: number,
  groups: Uint32Array | null,
  size: number,
): void {
  if (groups === null) for (let i = 0; i < count; i++) counts[piece[i] - lowest]++;
  else for (let i = 0; i < count; i++) counts[groups[i] * size + piece[i] - lowest]++;
}

function trimmed(lowest: number, counts: Uint32Array): Tally {
  let end = counts.length;
  while (end > 0 && counts[end - 1] === 0) end--;
  let first = 0;
  while (first < end && counts[first] === 0) first++;
  return { first: lowest + first, counts: counts.slice(first, end) };
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

/** How many rows there are. */
export function totalOf({ counts }: Tally): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** All that there may be, as many as there are counts. */
export function numbersOf({ first, counts }: Tally): Float64Array {
  return new Float64Array(counts.length).map((_, i) => first + i);
}

/** A column of small whole numbers, and what becomes of these, from the first on: of each one number or more, side by side. */
export interface Known {
  readonly values: Values;
  readonly first: number;
  readonly becomes: readonly Float32Array[];
  /** Where these begin in a row. */
  readonly start: number;
}

/** Writes [n, d] what becomes of columns: all of them in one go over the rows, whose lines of memory are met once. */
export function* writeKnown(
  to: Float32Array,
  d: number,
  rows: Uint32Array | null,
  known: readonly Known[],
): Steps<void> {
  const n = to.length / d;
  const piece = new Int32Array(Math.min(n, PIECE));
  for (let from = 0; from < n && known.length > 0; from += PIECE) {
    for (const column of known) writePiece(to, d, rows, column, piece, from);
    yield;
  }
}

function writePiece(
  to: Float32Array,
  d: number,
  rows: Uint32Array | null,
  { values, first, becomes, start }: Known,
  piece: Int32Array,
  from: number,
): void {
  const count = Math.min(piece.length, to.length / d - from);
  readPiece(piece, values, rows, from, count);
  becomes.forEach((numbers, j) => {
    for (let i = 0, at = from * d + start + j; i < count; i++, at += d) to[at] = numbers[piece[i] - first];
  });
}
