import { resident } from './dataset.ts';
import type { Gpu } from './device.ts';
import { sourceOf } from './kernel.ts';
import { transformKernel } from './kernels/rows.ts';
import { bindingsOf, encodeRows } from './part.ts';
import { Queue } from './queue.ts';
import type { ResidentPoints, Shard } from './resident-points.ts';

/** A factor beyond it is that of a feature which float32 cannot tell from zero: times that it stays zero. */
const LARGEST = 2 ** 126;

function bounded(factor: number): number {
  return Math.max(-LARGEST, Math.min(LARGEST, factor));
}

/** See `EngineDataset.transformed`. The weights stay the source's. An abort frees it, later too. */
export async function transformed(
  gpu: Gpu,
  source: ResidentPoints,
  matrix: Float64Array,
  variance: Float64Array,
  signal: AbortSignal | undefined,
): Promise<ResidentPoints> {
  const { d } = source.summary;
  const workPerRow = matrix.length;
  const kernel = await gpu.kernel(sourceOf(transformKernel, { LOAD: source.load, DIAGONAL: matrix.length === d }));
  const { allocation, shards, factors } = await gpu.allocate((allocation) => {
    const factors = allocation.filled('matrix', Float32Array.from(matrix, bounded));
    const adjust = allocation.storage('adjust', 4);
    const shards = source.shards.map(({ firstRow, rows, weights }): Shard => {
      const buffer = allocation.storage('points', rows * d * 4);
      return { firstRow, rows, points: { buffer }, base: 0, adjust, weights };
    });
    return { allocation, shards, factors };
  }, signal);
  const queue = new Queue(gpu, allocation, source);
  try {
    await encodeRows(queue, allocation, source, {
      ...{ k: 1, workPerRow },
      bind(part) {
        const { index, rows } = part;
        const result = shards[index].points;
        return kernel.bind({ ...bindingsOf(part), matrix: factors, result }, { rows, d });
      },
    });
    await queue.submit();
    await queue.settle();
    const frame = { shift: new Float64Array(d), scale: 1, precise: false };
    const summary = { ...source.summary, frame, variance, usualVariance: variance };
    const own = resident(allocation, { ...source, summary, shards, load: 0 });
    return {
      ...own,
      check() {
        source.check();
        own.check();
      },
    };
  } catch (error) {
    allocation.destroy();
    throw error;
  }
}
