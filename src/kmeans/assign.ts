import type { Assignment } from '../engine/contract.ts';
import { resultOf, type Steps } from '../engine/steps.ts';
import { type Frame, intoFrame } from '../frame.ts';
import type { Home } from '../placement.ts';
import type { Metric } from '../points.ts';
import { labelFar } from './far.ts';

/** One assignment to centroids [k, d], in the dataset's frame, of the rows that the engine holds. */
export function* assignOnce(
  { engine, dataset }: Pick<Home, 'engine' | 'dataset'>,
  centroids: Float64Array,
  signal: AbortSignal | undefined,
): Steps<Assignment> {
  const workspace = yield* resultOf(engine.open(dataset, centroids.length / dataset.d, signal));
  try {
    return yield* resultOf(workspace.accumulate(centroids, signal));
  } finally {
    workspace.close();
  }
}

/** Labels and inertia of all rows under centroids [k, d], in the caller's coordinates and units. */
export function* assignPoints(
  home: Home,
  centroids: Float64Array,
  signal: AbortSignal | undefined,
): Steps<{ labels: Uint32Array; inertia: number }> {
  const { frame, far, d } = home.dataset;
  const { labels, inertia } = yield* assignOnce(home, intoFrame(centroids, frame), signal);
  return { labels, inertia: toInertia(inertia, home.dataset) + labelFar(labels, far, centroids, d) };
}

/** Squared distances of a frame in the caller's units; for cosine 1 − cos is half the squared distance. */
export function toInertia(
  squared: number,
  { frame, metric }: { readonly frame: Frame; readonly metric: Metric },
): number {
  // Not over the square of the scale, which may be too large or too small for float64.
  return metric === 'cosine' ? squared / 2 : squared / frame.scale / frame.scale;
}
