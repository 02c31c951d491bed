import { type Metric, metricOf } from '../metric.ts';
import type { Steps } from '../steps.ts';
import { rowsOfTurn } from '../turns.ts';

/**
 * The M-step of k-means. Clusters without weight keep their centroids, as do those whose rows have none by the metric.
 * `shift` is the summed squared shift.
 */
export function* updateCentroids(
  centroids: Float64Array,
  counts: Float64Array,
  sums: Float64Array,
  metric: Metric,
): Steps<{ centroids: Float64Array; shift: number }> {
  const rules = metricOf(metric);
  const k = counts.length;
  const d = centroids.length / k;
  const updated = centroids.slice();
  let shift = 0;
  const pause = rowsOfTurn(4 * d);
  for (let c = 0; c < k; c++) {
    if (c % pause === pause - 1) yield;
    if (counts[c] === 0) continue;
    const divisor = rules.divisor(sums, c * d, d, counts[c]);
    if (divisor === 0) continue;
    for (let j = c * d; j < (c + 1) * d; j++) {
      updated[j] = sums[j] / divisor;
      shift += (updated[j] - centroids[j]) ** 2;
    }
  }
  return { centroids: updated, shift };
}
