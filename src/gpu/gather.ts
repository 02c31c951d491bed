import type { Gpu } from './device.ts';
import { sourceOf } from './kernel.ts';
import { gatherKernel } from './kernels/rows.ts';
import { bindingsOf, cutParts, type Rows } from './part.ts';
import { Queue } from './queue.ts';
import type { ResidentPoints } from './resident-points.ts';

/** The rows at `indices`, in the dataset's frame: Float64Array [indices.length · d]. */
export async function gather(
  gpu: Gpu,
  points: Rows & Pick<ResidentPoints, 'load'>,
  indices: Uint32Array,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { d } = points.summary;
  const count = indices.length;
  if (count === 0) return new Float64Array(0);
  const kernel = await gpu.kernel(sourceOf(gatherKernel, { LOAD: points.load }));
  const bytes = count * d * 4;
  const { allocation, queue, result } = await gpu.allocate((allocation) => {
    const queue = new Queue(gpu, allocation, points);
    const result = allocation.storage('rows', bytes);
    const wanted = allocation.filled('indices', indices);
    for (const part of cutParts(allocation, points, 1, 1)) {
      kernel.bind({ ...bindingsOf(part), indices: wanted, result }, { count, d }).encode(queue.pass);
    }
    return { allocation, queue, result };
  }, signal);
  try {
    return Float64Array.from(new Float32Array(await queue.read(result, 0, bytes)));
  } finally {
    allocation.destroy();
  }
}
