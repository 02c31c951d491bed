import { checkFunction, checkInteger, checkNotNegative, checkOptions, checkSignal, checkWord } from '../check.ts';
import type { PlacementOptions } from '../placement.ts';
import { type HostPoints, type Metric, type Rows, readRowsOf } from '../points.ts';
import { KMeansModel } from './model.ts';

/** What `onIteration` gets, after a completed iteration. */
export interface KMeansProgress {
  /** Completed iterations of the current start, from 1. */
  readonly iteration: number;
  /** Σ w·‖x − c‖² (cosine: half of it) of the assignment that the iteration made. */
  readonly inertia: number;
  /** Σ over the centroids of their squared shift, in squared units of the data. */
  readonly shift: number;
}

export type KMeansInit = 'k-means++' | 'k-means||' | 'random' | HostPoints | Rows | KMeansModel;

export interface KMeansFitOptions {
  /** Number of clusters: an integer from 1 to the number of points of positive weight. */
  readonly k: number;
  /**
   * Default `'k-means++'`, greedy with 2 + ⌊ln k⌋ candidates a step. Or `'k-means||'`, `'random'` (rows of the data),
   * centroids of shape [k, d], or a model to start from.
   */
  readonly init?: KMeansInit;
  /** Restarts; the lowest inertia wins. Default 1; an explicit start is used once. */
  readonly nInit?: number;
  /** Lloyd iterations, at most. Default 300. */
  readonly maxIterations?: number;
  /**
   * Stops when the summed squared centroid shift is at most `tolerance` × the mean weighted variance of the features
   * (scikit-learn's rule), or when no label changed. Default 1e-4; 0 leaves only the second.
   */
  readonly tolerance?: number;
  /** The same call gives the same result. A whole number, default 0. */
  readonly seed?: number;
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  readonly onIteration?: (progress: KMeansProgress) => void;
}

export interface KMeansOptions extends KMeansFitOptions, PlacementOptions {
  /** Default `'euclidean'`. `'cosine'` works on normalised rows, with centroids of unit length. */
  readonly metric?: Metric;
  /** Weights [n], not negative: 2 counts a row twice, 0 leaves it out. */
  readonly sampleWeight?: Float32Array;
}

/** Options, checked; `start` holds explicit centroids [k, d] in the caller's coordinates. */
export interface FitPlan {
  readonly k: number;
  readonly method: 'k-means++' | 'k-means||' | 'random' | null;
  readonly start: Float64Array | null;
  readonly nInit: number;
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly onIteration: ((progress: KMeansProgress) => void) | undefined;
}

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function checkFitOptions(given: KMeansFitOptions): FitPlan {
  const options = checkOptions(given);
  const k = checkInteger('k', options.k, 1);
  const init = options.init ?? 'k-means++';
  const named = typeof init === 'string';
  const nInit = checkInteger('nInit', options.nInit ?? 1, 1);
  return {
    k,
    method: named ? checkWord('init', init, ['k-means++', 'k-means||', 'random'] as const) : null,
    start: named ? null : readStart(init, k),
    nInit: named ? nInit : 1,
    maxIterations: checkInteger('maxIterations', options.maxIterations ?? 300, 1),
    tolerance: checkNotNegative('tolerance', options.tolerance ?? 1e-4),
    seed: checkInteger('seed', options.seed ?? 0, 0),
    signal: checkSignal(options.signal),
    onIteration: checkFunction('onIteration', options.onIteration),
  };
}

function readStart(init: Exclude<KMeansInit, string>, k: number): Float64Array {
  if (init instanceof KMeansModel) {
    if (init.k !== k) throw new RangeError(`init has ${init.k} centroids, k is ${k}`);
    return init.centroids.slice();
  }
  const { values, n } = readRowsOf('init', init);
  if (n !== k) throw new RangeError(`init has ${n} centroids, k is ${k}`);
  return values;
}

/** Checks what needs the data: the width of an explicit start, and that there are points enough. */
export function checkAgainst(plan: FitPlan, { d, positiveRows }: { d: number; positiveRows: number }): void {
  if (plan.k > positiveRows) {
    throw new RangeError(`k is ${plan.k}, there are ${positiveRows} points of positive weight`);
  }
  if (plan.start !== null && plan.start.length !== plan.k * d) {
    throw new RangeError(`init has ${plan.start.length / plan.k} features, the points have ${d}`);
  }
}
