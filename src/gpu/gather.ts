import gatherCode from '../../shaders/common/gather.wgsl?raw';
import gridCode from '../../shaders/common/grid.wgsl?raw';
import pointsCode from '../../shaders/common/points.wgsl?raw';
import type { ResidentPoints } from './dataset.ts';
import type { Gpu } from './device.ts';
import { kernelSource } from './kernel.ts';
import { cutParts, type Rows } from './part.ts';
import { Queue } from './queue.ts';

/** The rows at `indices`, in the dataset's frame: Float64Array [indices.length · d]. */
export async function gather(
  gpu: Gpu,
  points: Rows & Pick<ResidentPoints, 'load'>,
  indices: Uint32Array,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { d } = points.summary;
  const { load: LOAD } = points;
  if (indices.length === 0) return new Float64Array(0);
  const kernel = await gpu.kernel(
    kernelSource('gather', ['uniform', 'read', 'read', 'read', 'write'], { LOAD }, pointsCode, gridCode, gatherCode),
  );
  const bytes = indices.length * d * 4;
  const { allocation, queue, result } = await gpu.allocate((allocation) => {
    const queue = new Queue(gpu, allocation, points);
    const result = allocation.storage('rows', bytes);
    const wanted = allocation.filled('indices', indices);
    for (const { shard, uniform } of cutParts(allocation, points, 1, 1)) {
      const group = kernel.bind(uniform, shard.points, shard.adjust, wanted, result);
      kernel.encode(queue.pass, group, Math.ceil((indices.length * d) / 64));
    }
    return { allocation, queue, result };
  }, signal);
  try {
    return Float64Array.from(new Float32Array(await queue.read(result, 0, bytes)));
  } finally {
    allocation.destroy();
  }
}
