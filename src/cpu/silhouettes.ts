/** Distances between rows, summed by clusters on the threads that have the rows: what silhouettes are made of. */
import type { ClusterDistances } from '../engine/contract.ts';
import type { Runner, Steps } from '../steps.ts';
import { rootOf } from '../tree.ts';
import type { ResidentPoints } from './dataset.ts';
import { DISTANCES } from './families/distances.ts';
import { askAll, drop, make } from './threads/place.ts';

/** See `EngineDataset.clusterDistances`. */
export function clusterDistances(
  points: ResidentPoints,
  labels: Uint32Array,
  k: number,
  isRoot: boolean,
  run: Runner,
): ClusterDistances {
  points.check();
  const shards = points.shards.map((shard, s) => {
    const { start, end } = points.extents[s];
    return make(shard, DISTANCES, 'clusterDistances', { labels: labels.slice(start, end), k, isRoot });
  });
  function* sums(others: Float64Array): Steps<Float64Array> {
    points.check();
    return rootOf((yield* askAll(shards, 'sums', others)).flat());
  }
  return { sums: (others) => run(sums(others)), close: () => shards.forEach(drop) };
}
