/** What a model says of rows: those that an engine has, and a few on the host. */
import type { EngineDataset, KMeansWorkspace } from '../engine/contract.ts';
import { intoFrame } from '../frame.ts';
import type { PointsSummary, PreparedPoints } from '../points.ts';
import { type Awaitable, resultOf, type Steps } from '../steps.ts';
import { toInertia } from './assign.ts';
import { assignFar } from './far.ts';
import { squaresOfFew } from './few.ts';

export { distancesOf, distancesOfFew, representativesOf } from './nearest.ts';

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
  const workspace = yield* resultOf(dataset.kmeans(centroids.length / dataset.d, true));
  try {
    const held = intoFrame(centroids, dataset.frame);
    if (workspace.label === undefined) yield* resultOf(workspace.accumulate(held));
    else yield* resultOf(workspace.label(held));
    return yield* resultOf(ask(workspace));
  } finally {
    workspace.close();
  }
}

/** Labels and inertia of rows under centroids [k, d], in the caller's coordinates and units: see `labelPoints` and `inertiaOfPoints`. */
export function* assignFew(
  points: PreparedPoints,
  centroids: Float64Array,
): Steps<{ labels: Uint32Array; inertia: number }> {
  const { n, weights } = points;
  const labels = new Uint32Array(n);
  const least = new Float64Array(n).fill(Infinity);
  yield* squaresOfFew(points, centroids, (square, row, c) => {
    if (square >= least[row]) return;
    least[row] = square;
    labels[row] = c;
  });
  const inertia = least.reduce((sum, square, row) => sum + (weights === null ? square : weights[row] * square), 0);
  const ofFar = points.far.indices.length === 0 ? 0 : labelFar(labels, points, centroids);
  return { labels, inertia: toInertia(inertia, points) + ofFar };
}

/** Labels far rows among others; returns their inertia. */
function labelFar(labels: Uint32Array, points: PointsSummary, centroids: Float64Array): number {
  const assigned = assignFar(points, centroids);
  points.far.indices.forEach((row, i) => {
    labels[row] = assigned.labels[i];
  });
  return assigned.inertia;
}
