/** The nearest centroids of each row, and distances to all: loaded when somebody first asks. */
import type { Nearest } from '../engine/contract.ts';
import type { Steps } from '../steps.ts';
import type { Clusters } from './clusters.ts';
import { joined, joinedOf, type ResidentPoints } from './dataset.ts';
import { NEAREST } from './families/nearest.ts';
import { clustersOf } from './kmeans.ts';
import { answersOf, ask, askAll, drop, make, type Ref } from './threads/place.ts';
import { shardsWithin } from './within.ts';

/** See `EngineDataset.nearest`. */
export function* nearestCentroids(points: ResidentPoints, centroids: Float64Array, count: number): Steps<Nearest> {
  const k = centroids.length / points.summary.d;
  if (count === 1) return yield* labelled(clustersOf(points, k), centroids);
  points.check();
  const made = points.shards.map((shard) => make(shard, NEAREST, 'centroids', { k, count }));
  try {
    const found = yield* askAll(made, 'nearest', centroids);
    return {
      indices: joined(found.map(({ indices }) => indices)),
      squares: joined(found.map(({ squares }) => squares)),
    };
  } finally {
    made.forEach(drop);
  }
}

/** One is the label, which is found as in a fit. */
function* labelled(clusters: readonly Ref<Clusters>[], centroids: Float64Array): Steps<Nearest> {
  try {
    yield* askAll(clusters, 'label', centroids);
    const indices = yield* joinedOf(askAll(clusters, 'labels'));
    return { indices, squares: yield* joinedOf(askAll(clusters, 'distances')) };
  } finally {
    clusters.forEach(drop);
  }
}

/** See `EngineDataset.allDistances`. */
export function* allDistances(
  points: ResidentPoints,
  centroids: Float64Array,
  start: number,
  end: number,
): Steps<Float64Array> {
  points.check();
  const parts = shardsWithin(points, start, end);
  const measuring = parts.map(({ shard }) => make(shard, NEAREST, 'distances'));
  try {
    return yield* joinedOf(
      answersOf(parts.map(({ start, end }, s) => ask(measuring[s], 'distances', [centroids, start, end]))),
    );
  } finally {
    measuring.forEach(drop);
  }
}
