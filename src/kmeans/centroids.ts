/** What mixtures ask of k-means: centroids to start from, and what given ones come to. Pages of k-means alone do not load it. */
import type { KMeansDataset } from '../engine/contract.ts';
import { intoFrame } from '../frame.ts';
import { resultOf, type Steps } from '../steps.ts';
import { iterateFrom, type KMeansFit, newState, outcomeOf } from './fit.ts';
import { KMEANS_DEFAULTS } from './plan.ts';

/** Centroids [k, d] of one start by the defaults, in the dataset's frame. */
export function* centroidsOf(dataset: KMeansDataset, k: number, seed: number, start: number): Steps<Float64Array> {
  const state = newState();
  yield* iterateFrom(dataset, { ...KMEANS_DEFAULTS, k, seed }, start, state, nothing);
  return state.centroids!;
}

function* nothing(): Steps<void> {}

/** What given centroids [k, d] come to, in the caller's coordinates: one assignment. */
export function* fitCentroids(dataset: KMeansDataset, given: Float64Array): Steps<KMeansFit> {
  const state = newState(intoFrame(given, dataset.frame));
  const k = given.length / dataset.d;
  const workspace = yield* resultOf(dataset.kmeans(k));
  try {
    return yield* outcomeOf(dataset, workspace, { ...KMEANS_DEFAULTS, k }, state);
  } finally {
    workspace.close();
  }
}
