import type { Chunk, ResidentPoints } from './dataset.ts';
import type { Arena } from './device.ts';

/** Consecutive rows of one chunk, as kernels know them: the struct Part of points.wgsl. */
export interface Part {
  readonly chunk: Chunk;
  /** Index of the chunk in its dataset. */
  readonly index: number;
  readonly rows: number;
  readonly uniform: GPUBuffer;
}

/** What the cut depends on. */
export type Rows = Pick<ResidentPoints, 'chunks' | 'check'> & {
  readonly summary: { readonly n: number; readonly d: number; readonly frame: { readonly scale: number } };
};

/**
 * The rows [start, end) of a dataset, cut where its chunks are.
 *
 * @throws {TypeError} where the dataset was destroyed: its buffers must not be bound any more.
 */
export function cutParts(
  arena: Arena,
  points: Rows,
  k: number,
  sliceRows: number,
  start = 0,
  end = points.summary.n,
): Part[] {
  points.check();
  const { chunks } = points;
  const { d, frame } = points.summary;
  const parts: Part[] = [];
  chunks.forEach((chunk, index) => {
    const firstRow = Math.max(start, chunk.firstRow);
    const rows = Math.min(end, chunk.firstRow + chunk.rows) - firstRow;
    if (rows <= 0) return;
    const chunkRow = firstRow - chunk.firstRow;
    const slot = Math.floor((firstRow - start) / sliceRows);
    const words = [chunk.base + chunkRow * d, rows, d, k, chunkRow, firstRow, sliceRows, slot];
    parts.push({ chunk, index, rows, uniform: arena.uniform('part', words, [frame.scale]) });
  });
  return parts;
}

/** Multiply-adds of one dispatch. */
const PIECE_WORK = 2 ** 28;

/** The same, cut further into dispatches of bounded work. */
export function cutPieces(
  arena: Arena,
  points: Rows,
  k: number,
  workPerRow: number,
  start = 0,
  end = points.summary.n,
): Part[] {
  const each = Math.max(1, Math.floor(PIECE_WORK / workPerRow));
  const starts = Array.from({ length: Math.ceil((end - start) / each) }, (_, i) => start + i * each);
  return starts.flatMap((from) => cutParts(arena, points, k, 1, from, Math.min(end, from + each)));
}
