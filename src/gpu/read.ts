import type { Gpu } from './device.ts';
import type { Dispatch } from './kernel.ts';
import { encodeRows, type Part } from './part.ts';
import { Queue } from './queue.ts';
import type { ResidentPoints } from './resident-points.ts';

/** What a kernel tells of rows and k centres. */
export interface PairsTask {
  /** Of the buffer that says what the centres are. */
  readonly contents: Float32Array;
  readonly k: number;
  /** Results of a row: k of them, and what fills the last four. */
  readonly width: number;
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

/** Results that are on the device together. */
const PAIRS = 2 ** 22;

/** Rows of a dispatch with so many results each, at most. */
export function rowsOfPairs(width: number): number {
  return Math.max(1, Math.floor(PAIRS / width));
}

/** The results of the rows [start, end): Float32Array [(end − start)·width]. */
export async function readPairs(
  gpu: Gpu,
  points: ResidentPoints,
  { contents, k, width, bind, workPerRow }: PairsTask,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const most = Math.min(end - start, rowsOfPairs(width));
  const { allocation, centres, result, stagings } = await gpu.allocate((allocation) => {
    const bytes = most * width * 4;
    const stagings = [allocation.staging('pairs', bytes), allocation.staging('pairs', bytes)];
    const centres = allocation.filled('centres', contents);
    return { allocation, centres, result: allocation.storage('pairs', bytes), stagings };
  }, signal);
  try {
    const pairs = new Float32Array((end - start) * width);
    const queue = new Queue(gpu, allocation, points);
    /** By staging buffer: what was copied to it last is read while the device is at the next rows. */
    const reads: Promise<void>[] = [];
    let at = 0;
    let piece = 0;
    const read = async ({ rows }: Part) => {
      const i = piece++ % stagings.length;
      await reads[i];
      const [bytes, to] = [rows * width * 4, at];
      at += rows * width;
      queue.copy(result, 0, stagings[i], 0, bytes);
      await queue.submit();
      reads[i] = queue.contents(stagings[i], bytes).then((read) => pairs.set(new Float32Array(read), to));
      reads[i].catch(() => undefined);
    };
    const task = { k, workPerRow, most, bind: (part: Part) => bind(part, centres, result), after: read };
    await encodeRows(queue, allocation, points, task, start, end);
    await Promise.all(reads);
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
