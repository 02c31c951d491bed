/**
 * k-means: seeding, Lloyd's iterations, relocation of empty clusters, a last assignment. What goes on in here is in the
 * dataset's frame; what comes out is in the caller's coordinates.
 */
import type {
  AssignedPoints,
  BlockwisePoints,
  IterationStatus,
  KMeansDataset,
  KMeansWorkspace,
} from '../engine/contract.ts';
import { type Frame, outOfFrame, startIntoFrame } from '../frame.ts';
import type { Metric } from '../metric.ts';
import { type Backend, givenCentroids, meanOf, type PointsSummary } from '../points.ts';
import { Random } from '../random.ts';
import { Answer, type Awaitable, resultOf, type Steps } from '../steps.ts';
import { toInertia } from './assign.ts';
import { assignFar } from './far.ts';
import { hasConverged, lloyd } from './lloyd.ts';
import { checkKMeansPlan, type KMeansPlan, type KMeansProgress } from './plan.ts';
import { relocateEmpty } from './relocate.ts';
import { seedCentroids } from './seeding.ts';

/** What a fit came to, in the caller's coordinates and units. */
export interface KMeansFit {
  readonly k: number;
  readonly d: number;
  readonly metric: Metric;
  /** [k, d] */
  readonly centroids: Float64Array;
  /** [n]; empty where they are in a buffer. */
  readonly labels: Uint32Array;
  readonly labelsBuffer: GPUBuffer | null;
  /** [k] */
  readonly counts: Float64Array;
  readonly inertia: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly backend: Backend;
  readonly frame: Frame;
}

/** How far one start has come; also where it goes on after a device was lost. */
export interface FitState {
  centroids: Float64Array | null;
  iterations: number;
  converged: boolean;
  /** Whether the caller has enough. */
  stopped: boolean;
}

export function newState(centroids: Float64Array | null = null): FitState {
  return { centroids, iterations: 0, converged: false, stopped: false };
}

/** A fit from one of the starts. */
export type FitFrom<D> = (dataset: D, plan: KMeansPlan, start: number, state: FitState) => Steps<KMeansFit>;

/**
 * Fits `plan.nInit` times and returns the fit of the lowest inertia.
 *
 * @param use runs one of the fits where the points are, and again, from where it was, if they have moved
 * @param from what a fit is
 */
export function* fitBest<T extends KMeansFit, D extends AssignedPoints>(
  plan: KMeansPlan,
  use: (fit: (dataset: D) => Steps<KMeansFit>) => Awaitable<T>,
  from: FitFrom<D>,
): Steps<T> {
  let best: T | null = null;
  try {
    for (let start = 0, stopped = false; start < plan.nInit && !stopped; start++) {
      const state = newState();
      const fit: T = yield* resultOf(use((dataset) => from(dataset, plan, start, state)));
      const isBetter: boolean = best === null || fit.inertia < best.inertia;
      (isBetter ? best : fit)?.labelsBuffer?.destroy();
      if (isBetter) best = fit;
      stopped = state.stopped;
    }
  } catch (error) {
    best?.labelsBuffer?.destroy();
    throw error;
  }
  return best!;
}

/** By Lloyd's iterations. */
export function* fitFrom(dataset: KMeansDataset, plan: KMeansPlan, start: number, state: FitState): Steps<KMeansFit> {
  checkKMeansPlan(plan, dataset);
  return yield* iterateFrom(dataset, plan, start, state, (workspace) => outcomeOf(dataset, workspace, plan, state));
}

/** Iterates over rows of which only some are there at a time, from centroids that are drawn from others that stand for them. */
export function* fitBlocks(
  points: BlockwisePoints,
  plan: KMeansPlan,
  state: FitState,
  first: () => Steps<Float64Array>,
): Steps<KMeansFit> {
  state.centroids ??= yield* typeof plan.start === 'string' ? first() : givenStart(plan.start, points);
  return yield* iterating(points, plan, state, (workspace) => outcomeOf(points, workspace, plan, state));
}

/** Iterates, and does something in the workspace in which that was done. */
export function* iterateFrom<T>(
  dataset: KMeansDataset,
  plan: KMeansPlan,
  start: number,
  state: FitState,
  then: (workspace: KMeansWorkspace) => Steps<T>,
): Steps<T> {
  state.centroids ??= yield* firstCentroids(dataset, plan, start);
  return yield* iterating(dataset, plan, state, then);
}

function* iterating<T>(
  dataset: KMeansDataset | BlockwisePoints,
  plan: KMeansPlan,
  state: FitState,
  then: (workspace: KMeansWorkspace) => Steps<T>,
): Steps<T> {
  const workspace = yield* resultOf(dataset.kmeans(plan.k));
  try {
    yield* iterate(dataset, workspace, plan, state);
    return yield* then(workspace);
  } finally {
    workspace.close();
  }
}

/** Lloyd's iterations with relocations, until the fit has converged or is at the limit. */
function* iterate(
  dataset: KMeansDataset | BlockwisePoints,
  workspace: KMeansWorkspace,
  plan: KMeansPlan,
  state: FitState,
): Steps<void> {
  const tolerance = plan.tolerance * meanOf(dataset.variance);
  for (let resume = false; goesOn(state, plan); resume = true) {
    const done = state.iterations;
    let last: IterationStatus | null = null;
    const result = yield* lloyd(workspace, state.centroids!, dataset.metric, {
      maxIterations: plan.maxIterations - done,
      tolerance,
      resume,
      onCheckpoint(centroids, iterations) {
        state.centroids = centroids;
        state.iterations = done + iterations;
      },
      onIteration(status) {
        last = status;
        const heed = (answer: unknown) => {
          // Known also where the device is lost before the iterations end.
          state.stopped ||= answer === 'stop';
          return state.stopped ? 'stop' : undefined;
        };
        const answer = plan.onIteration?.(progressOf(status, done, state, dataset));
        return answer instanceof Answer ? answer.then(heed) : heed(answer);
      },
    });
    state.iterations = done + result.iterations;
    state.centroids = result.centroids;
    state.converged = result.stop === 'converged';
    if (result.empty.length === 0) continue;
    const relocation = yield* relocateEmpty(dataset, result);
    state.centroids = relocation.centroids;
    // An iteration that could move no empty cluster ends the fit by the rule that holds for every other one.
    const isSettled = relocation.moved === 0 && hasConverged(last!, resume || result.iterations > 1, tolerance);
    state.converged = isSettled && !state.stopped;
  }
}

export function goesOn({ converged, stopped, iterations }: FitState, { maxIterations }: KMeansPlan): boolean {
  return !converged && !stopped && iterations < maxIterations;
}

export function* firstCentroids(
  dataset: KMeansDataset,
  { k, start, seed }: KMeansPlan,
  index: number,
): Steps<Float64Array> {
  if (typeof start !== 'string') return yield* givenStart(start, dataset);
  return yield* seedCentroids(dataset, k, start, new Random(seed, index));
}

// biome-ignore lint/correctness/useYield: like those that are drawn
function* givenStart(start: Float64Array, points: PointsSummary): Steps<Float64Array> {
  return startIntoFrame(givenCentroids('init', start, points), points);
}

export function progressOf(
  status: Pick<IterationStatus, 'iteration' | 'inertia' | 'shift'>,
  done: number,
  { centroids, iterations }: FitState,
  dataset: PointsSummary,
): KMeansProgress {
  const { frame } = dataset;
  return {
    iteration: done + status.iteration,
    inertia: toInertia(status.inertia, dataset),
    shift: status.shift / frame.scale / frame.scale,
    centroids: () => outOfFrame(centroids!, frame),
    centroidsIteration: iterations,
  };
}

/** A last assignment, and what comes of it. */
export function* outcomeOf(
  dataset: AssignedPoints,
  workspace: KMeansWorkspace,
  { k, output }: KMeansPlan,
  { centroids: held, iterations, converged }: FitState,
): Steps<KMeansFit> {
  const { d, metric, frame, backend, far } = dataset;
  const centroids = outOfFrame(held!, frame);
  const { counts } = yield* resultOf(workspace.accumulate(held!, true));
  const inertia = toInertia(yield* resultOf(workspace.inertia()), dataset);
  // Far rows have no weight here, and no part in the inertia.
  const { labels: farLabels } = assignFar(dataset, centroids);
  const ofFar = { indices: far.indices, labels: farLabels };
  const labelsBuffer = output === 'buffer' ? yield* resultOf(workspace.labelsBuffer!(ofFar)) : null;
  const labels = labelsBuffer === null ? yield* resultOf(workspace.labels()) : new Uint32Array(0);
  // Nothing happens where there are none.
  far.indices.forEach((row, i) => {
    labels[row] = farLabels[i];
  });
  return { k, d, metric, centroids, labels, labelsBuffer, counts, inertia, iterations, converged, backend, frame };
}
