/**
 * How rows are cut: by their number alone, so that neither threads nor memories show in a result. A slice is what work
 * is counted in, a chunk is some slices whose statistics are summed in sequence, a shard some chunks in one memory.
 */

import { chunkRowsOf, MAX_CHUNK_BYTES } from '../tree.ts';

export { SLICE_ROWS } from '../tree.ts';

/** The rows [start, end) of a dataset. */
export interface Extent {
  readonly start: number;
  readonly end: number;
  /** Rows of each chunk, the last of the dataset excepted; `start` is a multiple of it. Whole slices, or a part of one. */
  readonly chunkRows: number;
}

/** Shards of whole chunks, as even as these allow: one for each thread, or more where they would be too large. */
export function shardsOf(n: number, d: number, threads: number, bytesOfValue = 4): Extent[] {
  const chunkRows = chunkRowsOf(n, bytesOfValue * d);
  const chunks = Math.ceil(n / chunkRows);
  const chunksOfShard = Math.max(1, Math.floor(MAX_CHUNK_BYTES / (bytesOfValue * d * chunkRows)));
  const needed = Math.ceil(chunks / chunksOfShard / threads) * threads;
  const shards = Math.min(chunks, needed);
  const boundary = (shard: number) => Math.min(n, Math.round((shard * chunks) / shards) * chunkRows);
  return Array.from({ length: shards }, (_, s) => ({ start: boundary(s), end: boundary(s + 1), chunkRows }));
}
