import gridCode from '../../shaders/common/grid.wgsl?raw';
import pointsCode from '../../shaders/common/points.wgsl?raw';
import transformCode from '../../shaders/common/transform.wgsl?raw';
import { type Chunk, type GpuDataset, resident } from './dataset.ts';
import type { Gpu } from './device.ts';
import { kernelSource } from './kernel.ts';
import { cutParts } from './part.ts';
import { Queue } from './queue.ts';

/** See `ClusteringEngine.transformed`. The weights stay the source's. */
export async function transformed(
  gpu: Gpu,
  source: GpuDataset,
  matrix: Float64Array,
  variance: Float64Array,
  signal: AbortSignal | undefined,
): Promise<GpuDataset> {
  const { d, load: LOAD } = source;
  const DIAGONAL = matrix.length === d;
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
  const { arena, chunks, groups } = await gpu.allocate((arena) => {
    const factors = arena.filled('matrix', Float32Array.from(matrix));
    const adjust = arena.storage('adjust', 4);
    const parts = cutParts(arena, source, 1, 1);
    const chunks = parts.map(({ chunk, rows }): Chunk => {
      const buffer = arena.storage('points', rows * d * 4);
      return { firstRow: chunk.firstRow, rows, points: { buffer }, base: 0, adjust, weights: chunk.weights };
    });
    const groups = parts.map(({ chunk, uniform }, i) =>
      kernel.bind(uniform, chunk.points, chunk.adjust, factors, chunks[i].points.buffer),
    );
    return { arena, chunks, groups };
  });
  try {
    for (const [i, { rows }] of chunks.entries()) {
      kernel.encode(queue.pass, groups[i], Math.ceil((rows * d) / 64));
      await queue.spend(rows * d * (DIAGONAL ? 1 : d), signal);
    }
    await queue.submit();
    const frame = { shift: new Float64Array(d), scale: 1 };
    const own = resident(arena, { ...source, frame, variance, chunks, load: 0 });
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
