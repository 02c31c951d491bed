import { checkWord } from '../check.ts';
import { unfitted } from '../kmeans/held.ts';
import { METRICS, type Metric } from '../metric.ts';
import { KMeansModel } from '../models/kmeans-model.ts';
import { givenCentroids, type HostPoints, type Rows, readRowsOf } from '../points.ts';

/**
 * A model of given centroids [k, d], to begin with: without labels, and with an inertia that is NaN.
 *
 * @throws {TypeError | RangeError} as `kmeans` does, for points.
 * @example
 * ```ts
 * import { fromCentroids } from 'webgpu-clustering';
 *
 * console.log((await fromCentroids([[0], [9]]).predict([[1], [8]])).join()); // 0,1
 * ```
 */
export function fromCentroids(
  centroids: HostPoints | Rows,
  { metric = 'euclidean' }: { readonly metric?: Metric } = {},
): KMeansModel {
  const { values, n: k, d } = readRowsOf('centroids', centroids, '{ data, shape } or rows');
  return new KMeansModel({
    ...unfitted(k),
    ...{ k, d, metric: checkWord('metric', metric, METRICS) },
    centroids: givenCentroids('centroids', values, { metric, d }),
  });
}
