import type { ClusteringEngine, EngineDataset, LloydResult } from '../engine.ts';

/**
 * Moves the empty clusters, in index order, to distinct rows of positive weight that are farthest from their own
 * centroids. Distinct means distinct by value, and the rows stay in the mean of the cluster that they leave until the
 * next assignment: so weight 2 does the same as the row twice.
 *
 * @returns the centroids after the update and the moves, and how many moved: rows at distance 0 move nobody.
 */
export async function relocateEmpty(
  engine: ClusteringEngine,
  dataset: EngineDataset,
  { centroids, previous, empty }: LloydResult,
  signal: AbortSignal | undefined,
): Promise<{ centroids: Float64Array; moved: number }> {
  const { d } = dataset;
  const relocated = centroids.slice();
  const distances = await ownDistances(engine, dataset, previous, signal);
  const ascending = distances.slice().sort();
  const seen = new Set<string>();
  // Rows of one value are at one distance, and few rows are usually needed: read ahead, more at each try.
  for (let from = 0, upTo = 4 * empty.length; seen.size < empty.length; from = upTo, upTo *= 4) {
    const indices = farthest(distances, ascending, upTo).subarray(from);
    const rows = await engine.gather(dataset, indices);
    for (let i = 0; i < indices.length && seen.size < empty.length; i++) {
      const row = rows.subarray(i * d, (i + 1) * d);
      const value = row.join();
      if (seen.has(value)) continue;
      relocated.set(row, empty[seen.size] * d);
      seen.add(value);
    }
    if (from + indices.length < upTo) break;
  }
  return { centroids: relocated, moved: seen.size };
}

/** Squared distances to the nearest centroids; 0 for rows without weight, which must not be taken. */
async function ownDistances(
  engine: ClusteringEngine,
  dataset: EngineDataset,
  centroids: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const distances = await engine.nearestDistances(dataset, centroids, signal);
  const { weights } = dataset;
  return weights === null ? distances : distances.map((distance, i) => (weights[i] > 0 ? distance : 0));
}

/** At most `count` rows at a positive distance, the farthest first, equal distances in index order. */
function farthest(distances: Float32Array, ascending: Float32Array, count: number): Uint32Array {
  const least = ascending[Math.max(0, ascending.length - count)];
  const found: number[] = [];
  for (let i = 0; i < distances.length; i++) if (distances[i] >= least && distances[i] > 0) found.push(i);
  return Uint32Array.from(found.sort((a, b) => distances[b] - distances[a] || a - b).slice(0, count));
}
