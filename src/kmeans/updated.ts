/** What statistics of all shards make of a model of k-means. */
import { checkNotNegative, wrongKind } from '../check.ts';
import { type Frame, intoFrame, outOfFrame, startIntoFrame } from '../frame.ts';
import { meanOf } from '../points.ts';
import type { KMeansShardStatistics } from './shards.ts';
import { updateCentroids } from './update.ts';

/** Centroids in the caller's coordinates, and in a frame, where they come of statistics in it. */
export interface HeldCentroids {
  /** [k, d] */
  readonly centroids: Float64Array;
  readonly frame: Frame;
  /** What the centroids are in the frame [k, d], before they are rounded as they leave it. */
  readonly held?: Float64Array | undefined;
  /** 0 where a fit begins. */
  readonly iterations: number;
}

/** Centroids of a model in the frame of points. */
export function heldCentroids(
  { centroids, frame, held, iterations }: HeldCentroids,
  points: { readonly frame: Frame; readonly usualVariance: Float64Array },
): Float64Array {
  const { shift, scale, precise } = points.frame;
  const isIts = frame.scale === scale && frame.precise === precise && frame.shift.every((at, j) => at === shift[j]);
  if (held !== undefined && isIts) return held;
  return iterations === 0 ? startIntoFrame(centroids, points) : intoFrame(centroids, points.frame);
}

/**
 * Lloyd's update. It has converged where the summed squared shift is at most `tolerance` times the mean variance.
 *
 * @throws {RangeError} where the statistics are not of these centroids.
 */
export function* updated(model: HeldCentroids, statistics: KMeansShardStatistics, tolerance: number) {
  checkNotNegative('tolerance', tolerance);
  if (statistics?.type !== 'KMeansStatistics') throw wrongKind('statistics', 'those of a KMeansModel', statistics);
  const { centroids: before, counts, sums, frame, metric, variance } = statistics;
  const own = heldCentroids(model, statistics);
  if (own.length !== before.length || own.some((value, i) => value !== before[i])) {
    throw new RangeError('the statistics are not of the centroids of this model');
  }
  const { centroids: held, shift } = yield* updateCentroids(before, counts, sums, metric);
  return {
    ...{ centroids: outOfFrame(held, frame), held, counts, frame },
    converged: shift <= tolerance * meanOf(variance),
  };
}
