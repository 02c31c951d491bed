import type { EngineDataset, KMeansWorkspace } from '../engine/contract.ts';
import type { KMeansStatistics } from '../engine/statistics.ts';
import { type Frame, intoFrame } from '../frame.ts';
import { type Metric, metricOf } from '../metric.ts';
import { resultOf, type Steps } from '../steps.ts';
import { labelFar } from './far.ts';

/** What an assignment to given centroids tells, the inertia term by term. */
export interface Assignment extends KMeansStatistics {
  /** Index of the nearest centroid: Uint32Array [n]. */
  readonly labels: Uint32Array;
}

/** One assignment to centroids [k, d], in the frame, of the rows that the engine holds. */
export function* assignOnce(dataset: EngineDataset, centroids: Float64Array): Steps<Assignment> {
  const workspace = yield* resultOf(dataset.kmeans(centroids.length / dataset.d));
  try {
    return yield* assignment(workspace, centroids);
  } finally {
    workspace.close();
  }
}

/** The same in a workspace that is open. */
export function* assignment(workspace: KMeansWorkspace, centroids: Float64Array): Steps<Assignment> {
  const statistics = yield* resultOf(workspace.accumulate(centroids));
  const inertia = yield* resultOf(workspace.inertia());
  return { ...statistics, inertia, labels: yield* resultOf(workspace.labels()) };
}

/** Labels and inertia of all rows under centroids [k, d], in the caller's coordinates and units. */
export function* assignPoints(
  dataset: EngineDataset,
  centroids: Float64Array,
): Steps<{ labels: Uint32Array; inertia: number }> {
  const { frame } = dataset;
  const { labels, inertia } = yield* assignOnce(dataset, intoFrame(centroids, frame));
  return { labels, inertia: toInertia(inertia, dataset) + labelFar(labels, dataset, centroids) };
}

/** The inertia that callers see, of squared distances in a frame. */
export function toInertia(
  squared: number,
  { frame, metric }: { readonly frame: Frame; readonly metric: Metric },
): number {
  return metricOf(metric).inertia(squared, frame.scale);
}
