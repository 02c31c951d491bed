import type { ResidentPoints } from './dataset.ts';
import type { Gpu } from './device.ts';
import type { Kernel } from './kernel.ts';
import { cutPieces } from './part.ts';
import { Queue } from './queue.ts';

/** What a kernel tells of rows and k centres. It takes the rows, the contents of a buffer, and the result. */
export interface PairsTask {
  readonly kernel: Kernel;
  readonly contents: Float32Array;
  readonly k: number;
  /** 64 of them are a workgroup. */
  readonly threadsPerRow: number;
  /** Multiply-adds. */
  readonly workPerRow: number;
}

/** The results of the rows [start, end): Float32Array [(end − start)·k]. */
export async function readPairs(
  gpu: Gpu,
  points: ResidentPoints,
  { kernel, contents, k, threadsPerRow, workPerRow }: PairsTask,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { allocation, pieces } = await gpu.allocate((allocation) => {
    const centres = allocation.filled('centres', contents);
    const pieces = cutPieces(allocation, points, k, workPerRow, start, end).map(({ shard, rows, uniform }) => {
      const result = allocation.storage('pairs', rows * k * 4);
      return { rows, result, group: kernel.bind(uniform, shard.points, shard.adjust, centres, result) };
    });
    return { allocation, pieces };
  }, signal);
  try {
    const pairs = new Float32Array((end - start) * k);
    const queue = new Queue(gpu, allocation, points);
    for (const { rows, group } of pieces) {
      kernel.encode(queue.pass, group, Math.ceil((rows * threadsPerRow) / 64));
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
