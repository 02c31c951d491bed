import type { GpuDataset } from './dataset.ts';
import type { Gpu } from './device.ts';
import type { Kernel } from './kernel.ts';
import { cutParts } from './part.ts';
import { Queue } from './queue.ts';

/**
 * What a kernel tells of each of the rows [start, end) and each of k centres: Float32Array [(end − start)·k]. The kernel
 * takes the rows, the contents of a buffer, and the result; a row is the work of `threadsPerRow` threads, 64 a workgroup.
 */
export async function readPairs(
  gpu: Gpu,
  dataset: GpuDataset,
  kernel: Kernel,
  contents: Float32Array,
  k: number,
  threadsPerRow: number,
  start: number,
  end: number,
): Promise<Float32Array> {
  const pairs = new Float32Array((end - start) * k);
  const queue = new Queue(gpu, dataset);
  const { arena, results } = await gpu.allocate((arena) => {
    const centres = arena.filled('centres', contents);
    const results = cutParts(arena, dataset, k, 1, start, end).map(({ chunk, rows, uniform }) => {
      const result = arena.storage('pairs', rows * k * 4);
      const group = kernel.bind(uniform, chunk.points, chunk.adjust, centres, result);
      kernel.encode(queue.pass, group, Math.ceil((rows * threadsPerRow) / 64));
      return { result, values: rows * k };
    });
    return { arena, results };
  });
  try {
    let at = 0;
    for (const { result, values } of results) {
      pairs.set(new Float32Array(await queue.read(result, 0, values * 4)), at);
      at += values;
    }
    return pairs;
  } finally {
    arena.destroy();
  }
}

/** The labels of a dataset's rows: Uint32Array [n], from a buffer for each chunk. */
export async function readLabels(
  queue: Queue,
  { n, chunks }: GpuDataset,
  buffers: readonly GPUBuffer[],
): Promise<Uint32Array> {
  const labels = new Uint32Array(n);
  for (const [i, { firstRow, rows }] of chunks.entries()) {
    labels.set(new Uint32Array(await queue.read(buffers[i], 0, rows * 4)), firstRow);
  }
  return labels;
}
