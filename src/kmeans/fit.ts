/**
 * k-means by Lloyd's iterations: seeding, iterations, relocation of empty clusters, a last assignment. Everything
 * here is in the dataset's frame; the model gets the caller's coordinates.
 */

import { checkAgainst, checkFitOptions, type FitPlan, KMEANS_FIT_OPTIONS } from '../api/kmeans-options.ts';
import { readOptions } from '../check.ts';
import type { Assignment, IterationStatus, LloydOptions, Workspace } from '../engine/contract.ts';
import { type Awaitable, resultOf, runAsync, type Steps } from '../engine/steps.ts';
import { intoFrame, outOfFrame, startIntoFrame } from '../frame.ts';
import { KMeansModel } from '../models/kmeans-model.ts';
import type { Dataset, Home } from '../placement.ts';
import { meanOf, rowLength } from '../points.ts';
import { Random } from '../random.ts';
import { assignOnce, toInertia } from './assign.ts';
import { labelFar } from './far.ts';
import { relocateEmpty } from './relocate.ts';
import { seedCentroids } from './seeding.ts';

/** What one start came to; its fields are also where it goes on after a device was lost. */
interface Run {
  centroids: Float64Array | null;
  iterations: number;
  converged: boolean;
}

/** Fits points that are resident, wherever they may move meanwhile. */
export function fitKMeans(dataset: Dataset, plan: FitPlan): Promise<KMeansModel> {
  return runAsync(fitBest(plan, (fit) => dataset.use((home) => runAsync(fit(home)))));
}

/**
 * Fits `plan.nInit` times and returns the model of the lowest inertia.
 *
 * @param use runs one of the fits where the points are, and again, from where it was, if they have moved
 */
export function* fitBest(
  plan: FitPlan,
  use: (fit: (home: Home) => Steps<KMeansModel>) => Awaitable<KMeansModel>,
): Steps<KMeansModel> {
  let best: KMeansModel | null = null;
  for (let start = 0; start < plan.nInit; start++) {
    const run: Run = { centroids: null, iterations: 0, converged: false };
    const model = yield* resultOf(use((home) => fitModel(home, plan, start, run)));
    if (best === null || model.inertia < best.inertia) best = model;
  }
  return best!;
}

function* fitModel(home: Home, plan: FitPlan, start: number, run: Run): Steps<KMeansModel> {
  checkAgainst(plan, home.dataset);
  const assignment = yield* fitOnce(home, plan, start, run);
  return toModel(home, plan.k, run, assignment);
}

function* fitOnce(home: Home, plan: FitPlan, start: number, run: Run): Steps<Assignment> {
  plan.signal?.throwIfAborted();
  run.centroids ??= yield* firstCentroids(home, plan, start);
  const workspace = yield* resultOf(home.engine.open(home.dataset, plan.k, plan.signal));
  try {
    yield* iterate(home, workspace, plan, run);
    return yield* resultOf(workspace.accumulate(run.centroids, plan.signal));
  } finally {
    workspace.close();
  }
}

/** Lloyd's iterations with relocations, until the run has converged or is at the limit. */
function* iterate(home: Home, workspace: Workspace, plan: FitPlan, run: Run): Steps<void> {
  const { engine, dataset } = home;
  const { signal, maxIterations } = plan;
  let resume = false;
  while (!run.converged && run.iterations < maxIterations) {
    const done = run.iterations;
    let last: IterationStatus | null = null;
    const tolerance = plan.tolerance * meanOf(dataset.variance);
    const options: LloydOptions = {
      maxIterations: maxIterations - done,
      tolerance,
      resume,
      stopAtEmpty: true,
      signal,
      onIteration(status) {
        last = status;
        plan.onIteration?.(toProgress(status, done, home));
      },
      onCheckpoint(centroids, iterations) {
        run.centroids = centroids;
        run.iterations = done + iterations;
      },
    };
    const result = yield* resultOf(workspace.lloyd(run.centroids!, options));
    run.iterations = done + result.iterations;
    run.centroids = result.centroids;
    if (result.stop === 'empty') {
      const relocation = yield* relocateEmpty(engine, dataset, result, signal);
      run.centroids = relocation.centroids;
      run.converged = relocation.moved === 0 && hasSettled(last!, resume || result.iterations > 1, tolerance);
    } else {
      run.converged = result.stop === 'converged';
    }
    resume = true;
  }
}

/** Whether an iteration that could move no empty cluster ends the fit, by the rule that holds for every other one. */
function hasSettled({ changed, shift }: IterationStatus, compared: boolean, tolerance: number): boolean {
  return (compared && changed === 0) || shift <= tolerance;
}

function* firstCentroids({ engine, dataset }: Home, plan: FitPlan, start: number): Steps<Float64Array> {
  if (plan.start !== null) return startIntoFrame(unitRows(plan.start, dataset), dataset);
  const random = new Random(plan.seed, start);
  return yield* seedCentroids(engine, dataset, plan.k, plan.method!, random, plan.signal);
}

/** Under the cosine metric centroids have unit length, an explicit start too. */
function unitRows(centroids: Float64Array, { metric, d }: Home['dataset']): Float64Array {
  if (metric !== 'cosine') return centroids;
  const unit = centroids.slice();
  for (let from = 0; from < unit.length; from += d) {
    const row = unit.subarray(from, from + d);
    const length = rowLength(row, 0, d);
    if (length === 0)
      throw new RangeError(`init[${from / d}] is zero: the cosine metric needs centroids of positive length`);
    for (let j = 0; j < d; j++) row[j] /= length;
  }
  return unit;
}

function toProgress(status: IterationStatus, done: number, { dataset }: Home) {
  const { scale } = dataset.frame;
  return {
    iteration: done + status.iteration,
    inertia: toInertia(status.inertia, dataset),
    shift: status.shift / scale / scale,
  };
}

/** Centroids [k, d] of one start with the default options, in the dataset's frame. */
export function* centroidsOf(
  home: Home,
  k: number,
  seed: number,
  start: number,
  signal: AbortSignal | undefined,
): Steps<Float64Array> {
  const run: Run = { centroids: null, iterations: 0, converged: false };
  const plan = checkFitOptions(readOptions('kmeans', { k, seed }, KMEANS_FIT_OPTIONS));
  yield* fitOnce(home, { ...plan, signal }, start, run);
  return run.centroids!;
}

/** The model of given centroids [k, d], in the caller's coordinates: one assignment. */
export function* assignToCentroids(
  home: Home,
  given: Float64Array,
  signal: AbortSignal | undefined,
): Steps<KMeansModel> {
  const centroids = intoFrame(given, home.dataset.frame);
  const run: Run = { centroids, iterations: 0, converged: false };
  return toModel(home, centroids.length / home.dataset.d, run, yield* assignOnce(home, centroids, signal));
}

function toModel({ engine, dataset, reason }: Home, k: number, run: Run, assignment: Assignment): KMeansModel {
  const centroids = outOfFrame(run.centroids!, dataset.frame);
  // Far rows have no weight here, and no part in the inertia.
  labelFar(assignment.labels, dataset.far, centroids, dataset.d);
  return new KMeansModel({
    k,
    d: dataset.d,
    metric: dataset.metric,
    centroids,
    labels: assignment.labels,
    counts: assignment.counts,
    inertia: toInertia(assignment.inertia, dataset),
    iterations: run.iterations,
    converged: run.converged,
    backend: engine.backend,
    reason,
    frame: dataset.frame,
  });
}
