import type { KMeansDataset, KMeansWorkspace } from '../engine/contract.ts';
import type { KMeansStatistics } from '../engine/statistics.ts';
import type { Frame } from '../frame.ts';
import { type Metric, metricOf } from '../metric.ts';
import { resultOf, type Steps } from '../steps.ts';

/** What an assignment to given centroids tells, the inertia term by term. */
export interface Assignment extends KMeansStatistics {
  /** Index of the nearest centroid: Uint32Array [n]. */
  readonly labels: Uint32Array;
}

/** One assignment to centroids [k, d], in the frame, of the rows that the engine holds. */
export function* assignOnce(dataset: KMeansDataset, centroids: Float64Array): Steps<Assignment> {
  const workspace = yield* resultOf(dataset.kmeans(centroids.length / dataset.d, true));
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

/** The inertia that callers see, of squared distances in a frame. */
export function toInertia(
  squared: number,
  { frame, metric }: { readonly frame: Frame; readonly metric: Metric },
): number {
  return metricOf(metric).inertia(squared, frame.scale);
}
