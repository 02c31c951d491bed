import type { KMeansDataset } from '../engine/contract.ts';
import { resultOf, type Steps } from '../steps.ts';
import { Ranking } from './ranking.ts';

/** A row of a dataset, in its frame: [d]. */
export interface Row {
  readonly index: number;
  readonly values: Float64Array;
}

/** Values that are gathered at a time, at most. */
const GATHERED_VALUES = 2 ** 15;

/**
 * At most `wanted` rows of the greatest badness, distinct by value, equally bad ones in index order: what models that fit them
 * badly are restarted from. −Infinity is that of rows that must not be taken, and `accepts` looks at all others
 * first.
 */
export function* worstRows(
  dataset: KMeansDataset,
  badness: (row: number) => number,
  wanted: number,
  accepts: (row: number, values: Float64Array) => boolean = () => true,
): Steps<Row[]> {
  const { n, d } = dataset;
  const ranking = yield* Ranking.of(n, badness);
  const seen = new DistinctRows();
  const taken: Row[] = [];
  const most = Math.max(1, Math.floor(GATHERED_VALUES / d));
  // Rows of one value are equally bad, and few rows are usually needed: read ahead, more at each try.
  for (let ahead = 4 * wanted; taken.length < wanted; ahead *= 4) {
    const indices = yield* ranking.next(Math.min(ahead, most));
    if (indices.length === 0) break;
    const rows = yield* resultOf(dataset.gather(indices));
    for (let i = 0; i < indices.length && taken.length < wanted; i++) {
      const values = rows.subarray(i * d, (i + 1) * d);
      if (accepts(indices[i], values) && seen.add(values)) taken.push({ index: indices[i], values: values.slice() });
    }
    yield;
  }
  return taken;
}

/** Rows that differ in some value, found by a hash of their bits. */
export class DistinctRows {
  readonly #byHash = new Map<number, Float64Array[]>();

  /** Whether there was no such row yet. */
  add(row: Float64Array): boolean {
    const hash = hashOf(row);
    const others = this.#byHash.get(hash) ?? [];
    if (others.some((other) => isEqual(other, row))) return false;
    this.#byHash.set(hash, [...others, row.slice()]);
    return true;
  }
}

function isEqual(a: Float64Array, b: Float64Array): boolean {
  for (let j = 0; j < a.length; j++) if (a[j] !== b[j]) return false;
  return true;
}

const value = new Float64Array(1);
const words = new Uint32Array(value.buffer);

function hashOf(row: Float64Array): number {
  let hash = 0;
  for (let j = 0; j < row.length; j++) {
    // Zeros are equal, whatever their sign.
    value[0] = row[j] + 0;
    hash = Math.imul(hash ^ words[0] ^ Math.imul(words[1], 0x85ebca6b), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
