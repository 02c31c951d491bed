import gridCode from '../../shaders/common/grid.wgsl?raw';
import pointsCode from '../../shaders/common/points.wgsl?raw';
import transformCode from '../../shaders/common/transform.wgsl?raw';
import { type ResidentPoints, resident, type Shard } from './dataset.ts';
import type { Gpu } from './device.ts';
import { kernelSource } from './kernel.ts';
import { cutPieces } from './part.ts';
import { Queue } from './queue.ts';

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
  const { load: LOAD } = source;
  const DIAGONAL = matrix.length === d;
  const workPerRow = matrix.length;
  const kernel = await gpu.kernel(
    kernelSource(
      'transform',
      ['uniform', 'read', 'read', 'read', 'write'],
      { LOAD, DIAGONAL },
      pointsCode,
      gridCode,
      transformCode,
    ),
  );
  const { allocation, shards, pieces } = await gpu.allocate((allocation) => {
    const factors = allocation.filled('matrix', Float32Array.from(matrix, bounded));
    const adjust = allocation.storage('adjust', 4);
    const shards = source.shards.map(({ firstRow, rows, weights }): Shard => {
      const buffer = allocation.storage('points', rows * d * 4);
      return { firstRow, rows, points: { buffer }, base: 0, adjust, weights };
    });
    const pieces = cutPieces(allocation, source, 1, workPerRow).map(({ shard, index, rows, uniform }) => ({
      rows,
      group: kernel.bind(uniform, shard.points, shard.adjust, factors, shards[index].points.buffer),
    }));
    return { allocation, shards, pieces };
  }, signal);
  const queue = new Queue(gpu, allocation, source);
  try {
    for (const { rows, group } of pieces) {
      kernel.encode(queue.pass, group, Math.ceil((rows * d) / 64));
      await queue.spend(rows * workPerRow);
    }
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
