/** The inertia of given centroids, in float64. */
import type { KMeansProblem } from './cases.ts';

/** Features that are summed between two looks at whether a centroid can still be the nearest. */
const FEATURES_OF_LOOK = 32;

/**
 * Σ‖x − c‖² over the rows and the nearest of centroids [k, d] to each: the bits of the tests' reference. A sum of squares
 * that has passed the least so far only grows, so that most of wide rows need not be read to their end.
 */
export function inertiaOf({ data, n, d }: KMeansProblem, centroids: Float64Array): number {
  let inertia = 0;
  for (let from = 0; from < n * d; from += d) {
    let least = Infinity;
    for (let to = 0; to < centroids.length; to += d) {
      least = Math.min(least, squaredDistance(data, from, centroids, to, d, least));
    }
    inertia += least;
  }
  return inertia;
}

/** The squared distance, or some sum of its first terms that is no less than the limit. */
export function squaredDistance(
  rows: Float32Array,
  from: number,
  centroids: Float64Array,
  to: number,
  d: number,
  limit: number,
): number {
  let sum = 0;
  // Not "less": a distance that is NaN is to be told of.
  for (let j = 0; j < d && !(sum >= limit); ) {
    for (const end = Math.min(d, j + FEATURES_OF_LOOK); j < end; j++) {
      const difference = rows[from + j] - centroids[to + j];
      sum += difference * difference;
    }
  }
  return sum;
}
