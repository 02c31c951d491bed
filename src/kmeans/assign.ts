import type { Assignment } from '../engine.ts';
import type { Home } from '../placement.ts';
import { resultOf, type Steps } from '../steps.ts';

/** One assignment to centroids [k, d], in the dataset's frame. */
export function* assignOnce(
  { engine, dataset }: Home,
  centroids: Float64Array,
  signal: AbortSignal | undefined,
): Steps<Assignment> {
  const workspace = yield* resultOf(engine.open(dataset, centroids.length / dataset.d));
  try {
    return yield* resultOf(workspace.accumulate(centroids, signal));
  } finally {
    workspace.close();
  }
}
