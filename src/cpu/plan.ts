/**
 * How rows are cut: by their number alone, so that neither threads nor memories show in a result. A slice is what work
 * is counted in, a chunk is some slices whose statistics are summed in sequence, a shard some chunks in one memory.
 */

export const SLICE_ROWS = 512;

/** As many shards as that can be of one size. */
const MAX_CHUNKS = 128;

/** A memory of 32-bit addresses holds 4 GiB: rows, and what is computed beside them. */
const MAX_SHARD_BYTES = 2 ** 30;

/** The rows [start, end) of a dataset. */
export interface Extent {
  readonly start: number;
  readonly end: number;
  /** Rows of each chunk, the last of the dataset excepted; `start` is a multiple of it. Whole slices, or a part of one. */
  readonly chunkRows: number;
}

/** Shards of whole chunks, as even as these allow: one for each thread, or more where they would be too large. */
export function shardsOf(n: number, d: number, threads: number, bytesOfValue = 4): Extent[] {
  // A slice of very wide rows would not fit.
  const most = 2 ** Math.max(0, Math.floor(Math.log2(MAX_SHARD_BYTES / (bytesOfValue * d))));
  const chunkRows = most < SLICE_ROWS ? most : SLICE_ROWS * Math.ceil(Math.ceil(n / SLICE_ROWS) / MAX_CHUNKS);
  const chunks = Math.ceil(n / chunkRows);
  const chunksOfShard = Math.max(1, Math.floor(MAX_SHARD_BYTES / (bytesOfValue * d * chunkRows)));
  const needed = Math.ceil(chunks / chunksOfShard / threads) * threads;
  const shards = Math.min(chunks, needed);
  const boundary = (shard: number) => Math.min(n, Math.round((shard * chunks) / shards) * chunkRows);
  return Array.from({ length: shards }, (_, s) => ({ start: boundary(s), end: boundary(s + 1), chunkRows }));
}
