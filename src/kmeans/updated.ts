/** What statistics of all shards make of a model of k-means. */
import { checkNotNegative, checkWhole, wrongKind } from '../check.ts';
import { fingerprintOf } from '../engine/fingerprint.ts';
import { outOfFrame } from '../frame.ts';
import type { Metric } from '../metric.ts';
import { meanOf } from '../points.ts';
import { type HeldCentroids, heldCentroids, unfitted } from './held.ts';
import type { KMeansShardStatistics } from './shards.ts';
import { updateCentroids } from './update.ts';

/**
 * Lloyd's update: what the model of it is, where that is not what it was. It has converged where the summed squared shift is at most `tolerance` times the mean variance.
 *
 * @throws {RangeError} where the statistics are not of these centroids.
 */
export function* updated(
  model: HeldCentroids & { readonly metric: Metric },
  statistics: KMeansShardStatistics,
  tolerance: number,
) {
  checkNotNegative('tolerance', tolerance);
  if (statistics?.type !== 'KMeansStatistics') throw wrongKind('statistics', 'those of a KMeansModel', statistics);
  checkWhole('statistics', statistics.counts);
  const { fingerprint, counts, sums, frame, metric, variance } = statistics;
  const before = heldCentroids(model, statistics);
  if (model.metric !== metric || (yield* fingerprintOf(before)) !== fingerprint) {
    throw new RangeError('the statistics are not of the centroids of this model');
  }
  const { centroids: held, shift } = yield* updateCentroids(before, counts, sums, metric);
  return {
    ...unfitted(counts.length),
    ...{ centroids: outOfFrame(held, frame), held, counts, frame, iterations: model.iterations + 1 },
    converged: shift <= tolerance * meanOf(variance),
  };
}
