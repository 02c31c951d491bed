/**
 * k-means: seeding, Lloyd's iterations, relocation of empty clusters, a last assignment. What goes on in here is in the
 * dataset's frame; what comes out is in the caller's coordinates.
 */
import type { EngineDataset, IterationStatus, KMeansWorkspace } from '../engine/contract.ts';
import { type Awaitable, resultOf, type Steps } from '../engine/steps.ts';
import { type Frame, intoFrame, outOfFrame, startIntoFrame } from '../frame.ts';
import { type Backend, type Metric, meanOf, rowLength } from '../points.ts';
import { Random } from '../random.ts';
import { type Assignment, assignment, assignOnce, toInertia } from './assign.ts';
import { labelFar } from './far.ts';
import { hasConverged, lloyd } from './lloyd.ts';
import { checkKMeansPlan, KMEANS_DEFAULTS, type KMeansPlan } from './plan.ts';
import { relocateEmpty } from './relocate.ts';
import { seedCentroids } from './seeding.ts';

/** What a fit came to, in the caller's coordinates and units. */
export interface KMeansFit {
  readonly k: number;
  readonly d: number;
  readonly metric: Metric;
  /** [k, d] */
  readonly centroids: Float64Array;
  /** [n] */
  readonly labels: Uint32Array;
  /** [k] */
  readonly counts: Float64Array;
  readonly inertia: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly backend: Backend;
  readonly frame: Frame;
}

/** How far one start has come; also where it goes on after a device was lost. */
interface FitState {
  centroids: Float64Array | null;
  iterations: number;
  converged: boolean;
}

/**
 * Fits `plan.nInit` times and returns the fit of the lowest inertia.
 *
 * @param use runs one of the fits where the points are, and again, from where it was, if they have moved
 */
export function* fitBest<T extends KMeansFit>(
  plan: KMeansPlan,
  use: (fit: (dataset: EngineDataset) => Steps<KMeansFit>) => Awaitable<T>,
): Steps<T> {
  let best: T | null = null;
  for (let start = 0; start < plan.nInit; start++) {
    const state: FitState = { centroids: null, iterations: 0, converged: false };
    const fit = yield* resultOf(use((dataset) => fitFrom(dataset, plan, start, state)));
    if (best === null || fit.inertia < best.inertia) best = fit;
  }
  return best!;
}

function* fitFrom(dataset: EngineDataset, plan: KMeansPlan, start: number, state: FitState): Steps<KMeansFit> {
  checkKMeansPlan(plan, dataset);
  return outcomeOf(dataset, state, yield* iterateFrom(dataset, plan, start, state));
}

function* iterateFrom(dataset: EngineDataset, plan: KMeansPlan, start: number, state: FitState): Steps<Assignment> {
  state.centroids ??= yield* firstCentroids(dataset, plan, start);
  const workspace = yield* resultOf(dataset.kmeans(plan.k));
  try {
    yield* iterate(dataset, workspace, plan, state);
    return yield* assignment(workspace, state.centroids);
  } finally {
    workspace.close();
  }
}

/** Lloyd's iterations with relocations, until the fit has converged or is at the limit. */
function* iterate(dataset: EngineDataset, workspace: KMeansWorkspace, plan: KMeansPlan, state: FitState): Steps<void> {
  const tolerance = plan.tolerance * meanOf(dataset.variance);
  for (let resume = false; !state.converged && state.iterations < plan.maxIterations; resume = true) {
    const done = state.iterations;
    let last: IterationStatus | null = null;
    const result = yield* lloyd(workspace, state.centroids!, dataset.metric, {
      maxIterations: plan.maxIterations - done,
      tolerance,
      resume,
      onIteration(status) {
        last = status;
        plan.onIteration?.(toProgress(status, done, dataset));
      },
      onCheckpoint(centroids, iterations) {
        state.centroids = centroids;
        state.iterations = done + iterations;
      },
    });
    state.iterations = done + result.iterations;
    state.centroids = result.centroids;
    if (result.stop === 'empty') {
      const relocation = yield* relocateEmpty(dataset, result);
      state.centroids = relocation.centroids;
      // An iteration that could move no empty cluster ends the fit by the rule that holds for every other one.
      state.converged = relocation.moved === 0 && hasConverged(last!, resume || result.iterations > 1, tolerance);
    } else {
      state.converged = result.stop === 'converged';
    }
  }
}

function* firstCentroids(dataset: EngineDataset, { k, start, seed }: KMeansPlan, index: number): Steps<Float64Array> {
  if (typeof start !== 'string') return startIntoFrame(unitRows(start, dataset), dataset);
  return yield* seedCentroids(dataset, k, start, new Random(seed, index));
}

/** Under the cosine metric centroids have unit length, an explicit start too. */
function unitRows(centroids: Float64Array, { metric, d }: Pick<EngineDataset, 'metric' | 'd'>): Float64Array {
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

function toProgress(status: IterationStatus, done: number, dataset: EngineDataset) {
  const { scale } = dataset.frame;
  return {
    iteration: done + status.iteration,
    inertia: toInertia(status.inertia, dataset),
    shift: status.shift / scale / scale,
  };
}

/** Centroids [k, d] of one start by the defaults, in the dataset's frame. */
export function* centroidsOf(dataset: EngineDataset, k: number, seed: number, start: number): Steps<Float64Array> {
  const state: FitState = { centroids: null, iterations: 0, converged: false };
  yield* iterateFrom(dataset, { ...KMEANS_DEFAULTS, k, seed }, start, state);
  return state.centroids!;
}

/** What given centroids [k, d] come to, in the caller's coordinates: one assignment. */
export function* fitCentroids(dataset: EngineDataset, given: Float64Array): Steps<KMeansFit> {
  const centroids = intoFrame(given, dataset.frame);
  const state: FitState = { centroids, iterations: 0, converged: false };
  return outcomeOf(dataset, state, yield* assignOnce(dataset, centroids));
}

function outcomeOf(dataset: EngineDataset, state: FitState, assignment: Assignment): KMeansFit {
  const { d, metric, frame, backend, far } = dataset;
  const centroids = outOfFrame(state.centroids!, frame);
  const { labels, counts } = assignment;
  // Far rows have no weight here, and no part in the inertia.
  labelFar(labels, far, centroids, d);
  return {
    ...{ k: counts.length, d, metric, centroids, labels, counts, backend, frame },
    inertia: toInertia(assignment.inertia, dataset),
    iterations: state.iterations,
    converged: state.converged,
  };
}
