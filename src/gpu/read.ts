import type { Gpu } from './device.ts';
import type { Dispatch } from './kernel.ts';
import { cutPieces, type Part } from './part.ts';
import { Queue } from './queue.ts';
import type { ResidentPoints } from './resident-points.ts';

/** What a kernel tells of rows and k centres. */
export interface PairsTask {
  /** Of the buffer that says what the centres are. */
  readonly contents: Float32Array;
  readonly k: number;
  bind(part: Part, contents: GPUBuffer, result: GPUBuffer): Dispatch;
  /** Multiply-adds. */
  readonly workPerRow: number;
}

/** Centroids as kernels take them: behind them what float32 rounds off them, if that is anything; `FINE` says so. */
export function fineOf(centroids: Float64Array): { readonly contents: Float32Array; readonly FINE: boolean } {
  const rounded = Float32Array.from(centroids);
  const rest = centroids.map((value, i) => (Number.isFinite(rounded[i]) ? value - rounded[i] : 0));
  if (rest.every((value) => value === 0)) return { contents: rounded, FINE: false };
  const contents = new Float32Array(2 * rounded.length);
  contents.set(rounded);
  contents.set(rest, rounded.length);
  return { contents, FINE: true };
}

/** The results of the rows [start, end): Float32Array [(end − start)·k]. */
export async function readPairs(
  gpu: Gpu,
  points: ResidentPoints,
  { contents, k, bind, workPerRow }: PairsTask,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { allocation, pieces } = await gpu.allocate((allocation) => {
    const centres = allocation.filled('centres', contents);
    const pieces = cutPieces(allocation, points, k, workPerRow, start, end).map((part) => {
      const { rows } = part;
      const result = allocation.storage('pairs', rows * k * 4);
      return { rows, result, dispatch: bind(part, centres, result) };
    });
    return { allocation, pieces };
  }, signal);
  try {
    const pairs = new Float32Array((end - start) * k);
    const queue = new Queue(gpu, allocation, points);
    for (const { rows, dispatch } of pieces) {
      dispatch.encode(queue.pass);
      await queue.spend(rows * workPerRow);
    }
    let at = 0;
    for (const { rows, result } of pieces) {
      pairs.set(new Float32Array(await queue.read(result, 0, rows * k * 4)), at);
      at += rows * k;
    }
    return pairs;
  } finally {
    allocation.destroy();
  }
}

/** The labels of a dataset's rows: Uint32Array [n], from a buffer for each shard. */
export async function readLabels(
  queue: Queue,
  { summary, shards }: ResidentPoints,
  buffers: readonly GPUBuffer[],
): Promise<Uint32Array> {
  const labels = new Uint32Array(summary.n);
  for (const [i, { firstRow, rows }] of shards.entries()) {
    labels.set(new Uint32Array(await queue.read(buffers[i], 0, rows * 4)), firstRow);
  }
  return labels;
}
