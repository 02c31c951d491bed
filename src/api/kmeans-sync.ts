import { KMeansModel } from '../models/kmeans-model.ts';
import type { Columns, HostPoints, Rows, Tensor } from '../points.ts';
import { type KMeansSyncOptions, kmeansHere } from './kmeans-here.ts';

/**
 * What `kmeans` gives on the CPU, bit for bit, computed before it returns: the calling thread does nothing else until then.
 *
 * @param points [n, d], on the host
 * @throws {TypeError} as `kmeans` does, and for a Dataset or points in a GPUBuffer.
 * @throws {RangeError} as `kmeans` does.
 * @example
 * ```ts
 * import { kmeansSync } from 'webgpu-clustering/cpu';
 *
 * const model = kmeansSync([[0, 0], [0, 1], [9, 9], [9, 8]], { k: 2, init: [[0, 0], [9, 9]] });
 * console.log(model.labels.join(), model.counts.join()); // 0,0,1,1 2,2
 * ```
 */
export function kmeansSync(points: HostPoints | Tensor | Columns | Rows, options: KMeansSyncOptions): KMeansModel {
  return new KMeansModel({ ...kmeansHere(points, options), reason: 'asked' });
}
