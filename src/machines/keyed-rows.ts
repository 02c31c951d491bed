/**
 * Some rows of all shards, chosen by a key of each, whoever holds them: a sample to start from, whose keys are hashes of the rows'
 * places, and the rows farthest from their centroids.
 */
import { decode, encode } from '../engine/bytes.ts';
import { DistinctRows } from '../kmeans/worst-rows.ts';
import { hashUniform } from '../random.ts';

/** Rows that a sample has, and more where there are many clusters. */
const LEAST_ROWS = 2 ** 14;
const ROWS_A_CLUSTER = 32;

/** Those of the least keys of all shards are among those of the least keys of each. */
export interface KeyedRows {
  readonly type: 'KeyedRows';
  /** Rows that are wanted of all shards. */
  readonly wanted: number;
  /** Whether they are to differ. */
  readonly distinct: boolean;
  readonly d: number;
  /** Ascending [m]. */
  readonly keys: Float64Array;
  /** [m, d] */
  readonly values: Float64Array;
}

/** Where a shard's rows lie among those of all. */
export interface Place {
  readonly first: number;
  readonly total: number;
}

/** The sampled rows of a shard of n rows, read by their index. */
export function sampleOf(
  n: number,
  d: number,
  read: (row: number) => ArrayLike<number>,
  { first, total }: Place,
  { k, seed }: { readonly k: number; readonly seed: number },
): KeyedRows {
  const wanted = Math.max(LEAST_ROWS, ROWS_A_CLUSTER * k);
  // Twice as many are below it as are wanted, give or take a hundredth: the others need not be sorted.
  const limit = (2 * wanted) / total;
  const found: { readonly key: number; readonly row: number }[] = [];
  for (let row = 0; row < n; row++) {
    const key = hashUniform(seed, first + row);
    if (key < limit) found.push({ key, row });
  }
  const kept = found.sort((a, b) => a.key - b.key || a.row - b.row).slice(0, wanted);
  return keyedRows(
    { wanted, distinct: false, d },
    kept.map(({ key, row }) => ({ key, values: read(row) })),
  );
}

interface KeyedRow {
  readonly key: number;
  readonly values: ArrayLike<number>;
}

/** Of rows by ascending keys. */
export function keyedRows(
  { wanted, distinct, d }: Pick<KeyedRows, 'wanted' | 'distinct' | 'd'>,
  rows: readonly KeyedRow[],
): KeyedRows {
  const values = new Float64Array(rows.length * d);
  rows.forEach((row, i) => {
    values.set(row.values, i * d);
  });
  return { type: 'KeyedRows', wanted, distinct, d, keys: Float64Array.from(rows, ({ key }) => key), values };
}

/** Those of several shards; of equal keys, the rows of the earlier shard come first. */
export function addKeyedRows(shards: readonly KeyedRows[]): KeyedRows {
  const { wanted, distinct, d } = shards[0];
  const rows = shards.flatMap(({ keys, values }) =>
    Array.from(keys, (key, i) => ({ key, values: values.subarray(i * d, (i + 1) * d) })),
  );
  const seen = new DistinctRows();
  const kept: KeyedRow[] = [];
  for (const row of rows.sort((a, b) => a.key - b.key)) {
    if (kept.length === wanted) break;
    if (!distinct || seen.add(row.values)) kept.push(row);
  }
  return keyedRows(shards[0], kept);
}

export const keyedRowsToBytes = (rows: KeyedRows): Uint8Array => encode(rows);

/** @throws {TypeError | RangeError} where the bytes are something else. */
export function keyedRowsOf(bytes: Uint8Array): KeyedRows {
  const rows = decode(bytes) as KeyedRows;
  if (rows.type !== 'KeyedRows' || rows.values.length !== rows.keys.length * rows.d) {
    throw new RangeError('these are no rows of shards');
  }
  return rows;
}
