import type { Steps } from '../engine/steps.ts';
import { rowsOfTurn } from '../engine/turns.ts';
import type { Metric } from '../points.ts';

/** A sum of unit rows shorter than this share of its weight has no direction: its cluster keeps the centroid. */
const NO_DIRECTION = 1e-6;

/** The M-step of k-means. Clusters without weight keep their centroids. `shift` is the summed squared shift. */
export function* updateCentroids(
  centroids: Float64Array,
  counts: Float64Array,
  sums: Float64Array,
  metric: Metric,
): Steps<{ centroids: Float64Array; shift: number }> {
  const k = counts.length;
  const d = centroids.length / k;
  const updated = centroids.slice();
  let shift = 0;
  const pause = rowsOfTurn(4 * d);
  for (let c = 0; c < k; c++) {
    if (c % pause === pause - 1) yield;
    if (counts[c] === 0) continue;
    const divisor = metric === 'cosine' ? lengthOf(sums, c * d, d) : counts[c];
    if (metric === 'cosine' && divisor <= NO_DIRECTION * counts[c]) continue;
    for (let j = c * d; j < (c + 1) * d; j++) {
      updated[j] = sums[j] / divisor;
      shift += (updated[j] - centroids[j]) ** 2;
    }
  }
  return { centroids: updated, shift };
}

function lengthOf(values: Float64Array, from: number, d: number): number {
  let sum = 0;
  for (let j = from; j < from + d; j++) sum += values[j] * values[j];
  return Math.sqrt(sum);
}
