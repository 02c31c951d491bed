import type { ClusteringEngine, EngineDataset } from './engine.ts';
import { Ranking } from './ranking.ts';
import { resultOf, type Steps } from './steps.ts';

/** A row of a dataset, in its frame: [d]. */
export interface Row {
  readonly index: number;
  readonly values: Float64Array;
}

/** Values that are gathered at a time, at most. */
const GATHERED_VALUES = 2 ** 18;

/**
 * At most `wanted` rows of the highest scores, distinct by value, equal scores in index order: what models that fit them
 * badly are restarted from. −Infinity is the score of rows that must not be taken, and `accepts` looks at all others
 * first.
 */
export function* worstRows(
  engine: ClusteringEngine,
  dataset: EngineDataset,
  score: (row: number) => number,
  wanted: number,
  accepts: (row: number, values: Float64Array) => boolean = () => true,
): Steps<Row[]> {
  const { n, d } = dataset;
  const ranking = yield* Ranking.of(n, score);
  const seen = new DistinctRows();
  const taken: Row[] = [];
  const most = Math.max(1, Math.floor(GATHERED_VALUES / d));
  // Rows of one value have one score, and few rows are usually needed: read ahead, more at each try.
  for (let ahead = 4 * wanted; taken.length < wanted; ahead *= 4) {
    const indices = yield* ranking.next(Math.min(ahead, most));
    if (indices.length === 0) break;
    const rows = yield* resultOf(engine.gather(dataset, indices));
    for (let i = 0; i < indices.length && taken.length < wanted; i++) {
      const values = rows.subarray(i * d, (i + 1) * d);
      if (accepts(indices[i], values) && seen.add(values)) taken.push({ index: indices[i], values: values.slice() });
    }
    yield;
  }
  return taken;
}

/** Rows that differ in some value, found by a hash of their bits. */
class DistinctRows {
  readonly #byHash = new Map<number, Float64Array[]>();

  /** Whether there was no such row yet. */
  add(row: Float64Array): boolean {
    // Zeros are equal, whatever their sign; a copy that the caller may not change.
    const values = row.map((value) => value + 0);
    const words = new Uint32Array(values.buffer);
    const hash = words.reduce((mixed, word) => Math.imul(mixed ^ word, 0x9e3779b1) ^ (mixed >>> 15), 0);
    const equal = this.#byHash.get(hash);
    if (equal?.some((other) => other.every((value, j) => value === values[j]))) return false;
    if (equal === undefined) this.#byHash.set(hash, [values]);
    else equal.push(values);
    return true;
  }
}
