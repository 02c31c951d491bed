import type { Assignment } from '../engine.ts';
import type { Home } from '../placement.ts';

/** One assignment to centroids [k, d], in the dataset's frame. */
export async function assignOnce(
  { engine, dataset }: Home,
  centroids: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Assignment> {
  const workspace = await engine.open(dataset, centroids.length / dataset.d);
  try {
    return await workspace.accumulate(centroids, signal);
  } finally {
    workspace.close();
  }
}
