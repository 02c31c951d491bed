import type { IterationStatus, KMeansWorkspace, LloydOptions, LloydResult } from '../engine/contract.ts';
import type { Metric } from '../metric.ts';
import { resultOf, type Steps } from '../steps.ts';
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
  let centroids = start;
  for (let iteration = 1; ; iteration++) {
    const { counts, sums, inertia, changed } = yield* resultOf(workspace.accumulate(centroids));
    const previous = centroids;
    const update = yield* updateCentroids(previous, counts, sums, metric);
    centroids = update.centroids;
    const empty: number[] = [];
    for (let c = 0; c < counts.length; c++) if (counts[c] === 0) empty.push(c);
    const status = { iteration, inertia, shift: update.shift, changed, empty: empty.length };
    options.onCheckpoint(centroids, iteration);
    let stop: LloydResult['stop'] | undefined = (yield* resultOf(options.onIteration(status))) && 'asked';
    yield;
    if (empty.length > 0) stop ??= 'empty';
    if (hasConverged(status, resume || iteration > 1, tolerance)) stop ??= 'converged';
    if (iteration >= maxIterations) stop ??= 'limit';
    if (stop !== undefined) return { centroids, previous, iterations: iteration, stop, empty };
  }
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
