import { metricOf } from '../metric.ts';
import type { FarRows, PointsSummary } from '../points.ts';

/** Squared distances of far rows [m, d] to centroids [k, d], in the caller's coordinates: [m, k]. */
export function squaresOfFar({ values }: FarRows, centroids: Float64Array, d: number): Float64Array {
  const k = centroids.length / d;
  const squares = new Float64Array((values.length / d) * k);
  for (let from = 0, at = 0; from < values.length; from += d) {
    for (let c = 0; c < k; c++, at++) {
      for (let j = 0; j < d; j++) squares[at] += (values[from + j] - centroids[c * d + j]) ** 2;
    }
  }
  return squares;
}

/** What far rows are of. */
type WithFar = Pick<PointsSummary, 'far' | 'd' | 'metric'>;

/** The nearest of centroids [k, d] to each far row, in the caller's coordinates, and their inertia. */
export function assignFar(
  { far, d, metric }: WithFar,
  centroids: Float64Array,
): { readonly labels: Uint32Array; readonly inertia: number } {
  const k = centroids.length / d;
  const squares = squaresOfFar(far, centroids, d);
  let squared = 0;
  const labels = far.indices.map((_, i) => {
    const own = squares.subarray(i * k, (i + 1) * k);
    const least = own.reduce((a, b) => Math.min(a, b));
    squared += far.weights[i] === 0 ? 0 : far.weights[i] * least;
    return own.indexOf(least);
  });
  return { labels, inertia: metricOf(metric).inertia(squared, 1) };
}
