import type { EngineDataset, KMeansWorkspace } from '../engine/contract.ts';
import type { KMeansStatistics } from '../engine/statistics.ts';
import { type Frame, intoFrame } from '../frame.ts';
import { type Metric, metricOf } from '../metric.ts';
import { type Awaitable, resultOf, type Steps } from '../steps.ts';
import { assignFar, labelFar } from './far.ts';

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

/** Labels of all rows under centroids [k, d], in the caller's coordinates. */
export function* labelPoints(dataset: EngineDataset, centroids: Float64Array): Steps<Uint32Array> {
  const labels = yield* labelled(dataset, centroids, (workspace) => workspace.labels());
  labelFar(labels, dataset, centroids);
  return labels;
}

/** The inertia of all rows under centroids [k, d], in the caller's coordinates and units. */
export function* inertiaOfPoints(dataset: EngineDataset, centroids: Float64Array): Steps<number> {
  const inertia = yield* labelled(dataset, centroids, (workspace) => workspace.inertia());
  return toInertia(inertia, dataset) + assignFar(dataset, centroids).inertia;
}

/** What an assignment to centroids [k, d], in the caller's coordinates, is asked for. */
function* labelled<T>(
  dataset: EngineDataset,
  centroids: Float64Array,
  ask: (workspace: KMeansWorkspace) => Awaitable<T>,
): Steps<T> {
  const workspace = yield* resultOf(dataset.kmeans(centroids.length / dataset.d));
  try {
    const held = intoFrame(centroids, dataset.frame);
    if (workspace.label === undefined) yield* resultOf(workspace.accumulate(held));
    else yield* resultOf(workspace.label(held));
    return yield* resultOf(ask(workspace));
  } finally {
    workspace.close();
  }
}

/** The inertia that callers see, of squared distances in a frame. */
export function toInertia(
  squared: number,
  { frame, metric }: { readonly frame: Frame; readonly metric: Metric },
): number {
  return metricOf(metric).inertia(squared, frame.scale);
}
