import type { Allocation } from './device.ts';
import type { Dispatch } from './kernel.ts';
import { PART } from './kernels/points.ts';
import type { Queue } from './queue.ts';
import type { ResidentPoints, Shard } from './resident-points.ts';
import type { Uniform } from './struct.ts';

/** Consecutive rows of one shard, as kernels know them. */
export interface Part {
  readonly shard: Shard;
  /** Index of the shard in its dataset. */
  readonly index: number;
  readonly rows: number;
  /** Slices of the cut before the part. */
  readonly slot: number;
  readonly uniform: Uniform<typeof PART>;
}

/** What is bound to POINTS. */
export function bindingsOf({ shard: { points, adjust }, uniform: part }: Part) {
  return { part, points, adjust };
}

/** What assignments read and write beside the points. */
export interface AssignmentBuffers {
  readonly model: GPUBuffer;
  /** Of each shard. */
  readonly labels: readonly GPUBuffer[];
  readonly changed: GPUBuffer;
  readonly control: GPUBuffer;
}

/** What the cut depends on. */
export type Rows = Pick<ResidentPoints, 'shards' | 'check'> & {
  readonly summary: { readonly n: number; readonly d: number; readonly frame: { readonly scale: number } };
};

/**
 * The rows [start, end) of a dataset, cut where its shards are; slots are counted from the row `origin`.
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
  origin = start,
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
    const slot = Math.floor((firstRow - origin) / sliceRows);
    const uniform = allocation.uniform(PART, {
      base: shard.base + rowInShard * d,
      rows,
      d,
      k,
      shard_row: rowInShard,
      first_row: firstRow,
      slice_rows: sliceRows,
      slot,
      scale: frame.scale,
    });
    parts.push({ shard, index, rows, slot, uniform });
  });
  return parts;
}

/** Rows of a dispatch within a budget of multiply-adds: whole slices, one at least. */
export function rowsOfPiece(budget: number, workPerRow: number, sliceRows = 1): number {
  return Math.max(1, Math.floor(budget / workPerRow / sliceRows)) * sliceRows;
}

/** A kernel over rows. */
export interface RowsTask {
  readonly k: number;
  /** Multiply-adds. */
  readonly workPerRow: number;
  /** Rows that dispatches are multiples of; 1 unless said. */
  readonly sliceRows?: number;
  /** Rows of a dispatch, at most. */
  readonly most?: number;
  bind(part: Part): Dispatch;
  /** Encodes what follows a dispatch. */
  after?(part: Part): Promise<void>;
}

/** Encodes dispatches over the rows [start, end), each of as much work as the queue's budget holds when its turn comes. */
export async function encodeRows(
  queue: Queue,
  allocation: Allocation,
  points: Rows,
  { k, workPerRow, sliceRows = 1, most = Infinity, bind, after }: RowsTask,
  start = 0,
  end = points.summary.n,
): Promise<void> {
  for (let from = start; from < end; ) {
    const to = Math.min(end, from + Math.min(most, rowsOfPiece(queue.budget, workPerRow, sliceRows)));
    const { result, accepted } = allocation.tried(() =>
      cutParts(allocation, points, k, sliceRows, from, to).map((part) => ({ part, dispatch: bind(part) })),
    );
    await accepted;
    for (const { part, dispatch } of result) {
      dispatch.encode(queue.pass);
      await queue.spend(part.rows * workPerRow);
      await after?.(part);
    }
    from = to;
  }
}
