import type { Allocation } from './device.ts';
import { PART } from './kernels/points.ts';
import type { ResidentPoints, Shard } from './resident-points.ts';
import type { Uniform } from './struct.ts';

/** Consecutive rows of one shard, as kernels know them. */
export interface Part {
  readonly shard: Shard;
  /** Index of the shard in its dataset. */
  readonly index: number;
  readonly rows: number;
  readonly uniform: Uniform<typeof PART>;
}

/** What is bound to POINTS. */
export function bindingsOf({ shard: { points, adjust }, uniform: part }: Part) {
  return { part, points, adjust };
}

/** What the cut depends on. */
export type Rows = Pick<ResidentPoints, 'shards' | 'check'> & {
  readonly summary: { readonly n: number; readonly d: number; readonly frame: { readonly scale: number } };
};

/**
 * The rows [start, end) of a dataset, cut where its shards are.
 *
 * @throws {TypeError} where the dataset was destroyed: its buffers must not be bound any more.
 */
export function cutParts(
  allocation: Allocation,
  points: Rows,
  k: number,
  sliceRows: number,
  start = 0,
  end = points.summary.n,
): Part[] {
  points.check();
  const { shards } = points;
  const { d, frame } = points.summary;
  const parts: Part[] = [];
  shards.forEach((shard, index) => {
    const firstRow = Math.max(start, shard.firstRow);
    const rows = Math.min(end, shard.firstRow + shard.rows) - firstRow;
    if (rows <= 0) return;
    const rowInShard = firstRow - shard.firstRow;
    const uniform = allocation.uniform(PART, {
      base: shard.base + rowInShard * d,
      rows,
      d,
      k,
      shard_row: rowInShard,
      first_row: firstRow,
      slice_rows: sliceRows,
      slot: Math.floor((firstRow - start) / sliceRows),
      scale: frame.scale,
    });
    parts.push({ shard, index, rows, uniform });
  });
  return parts;
}

/** Multiply-adds of one dispatch. */
const PIECE_WORK = 2 ** 28;

/** Rows of a dispatch of bounded work. */
export function rowsOfPiece(workPerRow: number): number {
  return Math.max(1, Math.floor(PIECE_WORK / workPerRow));
}

/** The same, cut further into dispatches of bounded work. */
export function cutPieces(
  allocation: Allocation,
  points: Rows,
  k: number,
  workPerRow: number,
  start = 0,
  end = points.summary.n,
): Part[] {
  const each = rowsOfPiece(workPerRow);
  const starts = Array.from({ length: Math.ceil((end - start) / each) }, (_, i) => start + i * each);
  return starts.flatMap((from) => cutParts(allocation, points, k, 1, from, Math.min(end, from + each)));
}
