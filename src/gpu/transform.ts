import gridCode from '../../shaders/common/grid.wgsl?raw';
import pointsCode from '../../shaders/common/points.wgsl?raw';
import transformCode from '../../shaders/common/transform.wgsl?raw';
import { type Chunk, type GpuDataset, resident } from './dataset.ts';
import type { Gpu } from './device.ts';
import { kernelSource } from './kernel.ts';
import { cutParts } from './part.ts';
import { Queue } from './queue.ts';

/** A factor beyond it is that of a feature which float32 cannot tell from zero: times that it stays zero. */
const LARGEST = 2 ** 126;

function bounded(factor: number): number {
  return Math.max(-LARGEST, Math.min(LARGEST, factor));
}

/** Multiply-adds of one dispatch. */
const PIECE_WORK = 2 ** 28;

/** See `ClusteringEngine.transformed`. The weights stay the source's. */
export async function transformed(
  gpu: Gpu,
  source: GpuDataset,
  matrix: Float64Array,
  variance: Float64Array,
  signal: AbortSignal | undefined,
): Promise<GpuDataset> {
  const { n, d, load: LOAD } = source;
  const DIAGONAL = matrix.length === d;
  const workPerRow = matrix.length;
  const each = Math.max(1, Math.floor(PIECE_WORK / workPerRow));
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
  const queue = new Queue(gpu, source);
  const { arena, chunks, pieces } = await gpu.allocate((arena) => {
    const factors = arena.filled('matrix', Float32Array.from(matrix, bounded));
    const adjust = arena.storage('adjust', 4);
    const chunks = source.chunks.map(({ firstRow, rows, weights }): Chunk => {
      const buffer = arena.storage('points', rows * d * 4);
      return { firstRow, rows, points: { buffer }, base: 0, adjust, weights };
    });
    const starts = Array.from({ length: Math.ceil(n / each) }, (_, i) => i * each);
    const parts = starts.flatMap((start) => cutParts(arena, source, 1, 1, start, Math.min(n, start + each)));
    const pieces = parts.map(({ chunk, index, rows, uniform }) => ({
      rows,
      group: kernel.bind(uniform, chunk.points, chunk.adjust, factors, chunks[index].points.buffer),
    }));
    return { arena, chunks, pieces };
  });
  try {
    for (const { rows, group } of pieces) {
      kernel.encode(queue.pass, group, Math.ceil((rows * d) / 64));
      await queue.spend(rows * workPerRow, signal);
    }
    await queue.submit();
    const frame = { shift: new Float64Array(d), scale: 1, precise: false };
    const own = resident(arena, { ...source, frame, variance, usualVariance: variance, chunks, load: 0 });
    return {
      ...own,
      check() {
        source.check();
        own.check();
      },
    };
  } catch (error) {
    arena.destroy();
    throw error;
  }
}
