import type { BlockwisePoints, KMeansDataset, LloydResult, WeightedRow } from '../engine/contract.ts';
import { resultOf, type Steps } from '../steps.ts';
import { worstRows } from './worst-rows.ts';

/** A row of less than this share of all weight moves no sum of float64, and none at all of float32. */
const NO_WEIGHT = 2 ** -53;

/**
 * Moves the empty clusters, in index order, to distinct rows of weight that are farthest from their own centroids.
 * Distinct means distinct by value, and the rows stay in the mean of the cluster that they leave until the next
 * assignment: so weight 2 does the same as the row twice.
 *
 * @returns the centroids after the update and the moves, and how many moved: rows at distance 0, and those whose weight is
 *   nothing beside that of all, move nobody.
 */
export function* relocateEmpty(
  dataset: KMeansDataset | BlockwisePoints,
  { centroids, previous, empty }: LloydResult,
): Steps<{ centroids: Float64Array; moved: number }> {
  const relocated = centroids.slice();
  const rows =
    dataset.farthest === undefined
      ? yield* farthestRows(dataset, previous, empty.length, dataset.totalWeight)
      : yield* resultOf(dataset.farthest(previous, empty.length));
  rows.forEach(({ values }, i) => {
    relocated.set(values, empty[i] * dataset.d);
  });
  return { centroids: relocated, moved: rows.length };
}

/** See `BlockwisePoints.farthest`, of rows that are all of them, or some of those of that weight. */
export function* farthestRows(
  dataset: KMeansDataset,
  centroids: Float64Array,
  wanted: number,
  totalWeight: number,
): Steps<WeightedRow[]> {
  const { weights } = dataset;
  const distances = yield* resultOf(dataset.nearestDistances(centroids));
  const least = NO_WEIGHT * totalWeight;
  const badness = (row: number) =>
    distances[row] > 0 && (weights === null || weights[row] > least) ? distances[row] : -Infinity;
  const rows = yield* worstRows(dataset, badness, wanted);
  return rows.map(({ index, values }) => ({
    ...{ index, values, weight: weights?.[index] ?? 1, badness: distances[index] },
  }));
}
