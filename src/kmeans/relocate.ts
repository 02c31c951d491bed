import type { ClusteringEngine, EngineDataset, LloydResult } from '../engine.ts';
import { resultOf, type Steps } from '../steps.ts';
import { worstRows } from '../worst.ts';

/**
 * Moves the empty clusters, in index order, to distinct rows of positive weight that are farthest from their own
 * centroids. Distinct means distinct by value, and the rows stay in the mean of the cluster that they leave until the
 * next assignment: so weight 2 does the same as the row twice.
 *
 * @returns the centroids after the update and the moves, and how many moved: rows at distance 0 move nobody.
 */
export function* relocateEmpty(
  engine: ClusteringEngine,
  dataset: EngineDataset,
  { centroids, previous, empty }: LloydResult,
  signal: AbortSignal | undefined,
): Steps<{ centroids: Float64Array; moved: number }> {
  const { d } = dataset;
  const relocated = centroids.slice();
  const distances = yield* ownDistances(engine, dataset, previous, signal);
  const rows = yield* worstRows(engine, dataset, distances, empty.length);
  rows.forEach(({ values }, i) => {
    relocated.set(values, empty[i] * d);
  });
  return { centroids: relocated, moved: rows.length };
}

/** Squared distances to the nearest centroids; −Infinity for rows at distance 0 or without weight: they stay. */
function* ownDistances(
  engine: ClusteringEngine,
  dataset: EngineDataset,
  centroids: Float64Array,
  signal: AbortSignal | undefined,
): Steps<Float32Array | Float64Array> {
  const distances = yield* resultOf(engine.nearestDistances(dataset, centroids, signal));
  const { weights } = dataset;
  return distances.map((distance, i) => (distance > 0 && (weights === null || weights[i] > 0) ? distance : -Infinity));
}
