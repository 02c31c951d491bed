import type { IterationStatus, KMeansWorkspace, LloydOptions, LloydResult } from '../engine/contract.ts';
import { resultOf, type Steps } from '../engine/steps.ts';
import type { Metric } from '../metric.ts';
import { updateCentroids } from './update.ts';

/**
 * Lloyd's iterations (Lloyd 1982): assignment, then update. Stops by {@link hasConverged}, after `maxIterations`, or behind
 * the update of an iteration that left some cluster without weight, so that the caller may relocate it.
 */
export function* lloyd(
  workspace: Pick<KMeansWorkspace, 'accumulate' | 'lloyd'>,
  start: Float64Array,
  metric: Metric,
  options: LloydOptions,
): Steps<LloydResult> {
  if (workspace.lloyd !== undefined) return yield* resultOf(workspace.lloyd(start, options));
  const { maxIterations, tolerance, resume } = options;
  let [previous, centroids] = [start, start];
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    const { counts, sums, inertia, changed } = yield* resultOf(workspace.accumulate(centroids));
    previous = centroids;
    const update = yield* updateCentroids(previous, counts, sums, metric);
    centroids = update.centroids;
    const empty = emptyClusters(counts);
    const status = { iteration, inertia, shift: update.shift, changed, empty: empty.length };
    options.onCheckpoint(centroids, iteration);
    const asked = options.onIteration(status);
    if (asked === 'stop') return { centroids, previous, iterations: iteration, stop: 'asked', empty: [] };
    if (empty.length > 0) return { centroids, previous, iterations: iteration, stop: 'empty', empty };
    if (hasConverged(status, resume || iteration > 1, tolerance)) {
      return { centroids, previous, iterations: iteration, stop: 'converged', empty: [] };
    }
  }
  return { centroids, previous, iterations: maxIterations, stop: 'limit', empty: [] };
}

/**
 * The rule by which iterations end: no label changed, or the summed squared shift of the centroids is at most `tolerance`.
 *
 * @param compared whether there were labels to compare with
 */
export function hasConverged(
  { changed, shift }: Pick<IterationStatus, 'changed' | 'shift'>,
  compared: boolean,
  tolerance: number,
): boolean {
  return (compared && changed === 0) || shift <= tolerance;
}

function emptyClusters(counts: Float64Array): number[] {
  return Array.from(counts.keys()).filter((c) => counts[c] === 0);
}
