import {
  checkFunction,
  checkInteger,
  checkNotNegative,
  checkSignal,
  checkWord,
  type Given,
  isJSONOf,
  type Names,
} from '../check.ts';
import { KMeansModel } from '../models/kmeans-model.ts';
import { PLACEMENT_OPTIONS, type PlacementOptions } from '../placement.ts';
import { type HostPoints, type Metric, type Rows, readRowsOf, type Weights } from '../points.ts';
import { unwrapped } from '../proxies.ts';

/** What `onIteration` gets, after a completed iteration. */
export interface KMeansProgress {
  /** Completed iterations of the current start, from 1. */
  readonly iteration: number;
  /** Σ w·‖x − c‖² (cosine: half of it) of the assignment that the iteration made. */
  readonly inertia: number;
  /** Σ over the centroids of their squared shift, in squared units of the data. */
  readonly shift: number;
}

const METHODS = ['k-means++', 'k-means||', 'random'] as const;

export type KMeansInit = (typeof METHODS)[number] | HostPoints | Rows | KMeansModel;

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
  /**
   * Called after each iteration. The fit rejects with what it throws, or with what a promise that it returns rejects with;
   * such promises are waited for at the end.
   */
  readonly onIteration?: (progress: KMeansProgress) => unknown;
}

export interface KMeansOptions extends KMeansFitOptions, PlacementOptions {
  /** Default `'euclidean'`. `'cosine'` works on normalised rows, with centroids of unit length. */
  readonly metric?: Metric;
  /** Weights [n], finite and not negative, in float32: 2 counts a row twice, 0 leaves it out. */
  readonly sampleWeight?: Weights;
}

export const KMEANS_FIT_OPTIONS: Names<KMeansFitOptions> = {
  k: true,
  init: true,
  nInit: true,
  maxIterations: true,
  tolerance: true,
  seed: true,
  signal: true,
  onIteration: true,
};

export const KMEANS_OPTIONS: Names<KMeansOptions> = {
  ...KMEANS_FIT_OPTIONS,
  ...PLACEMENT_OPTIONS,
  metric: true,
  sampleWeight: true,
};

/** Options, checked; `start` holds explicit centroids [k, d] in the caller's coordinates. */
export interface FitPlan {
  readonly k: number;
  readonly method: (typeof METHODS)[number] | null;
  readonly start: Float64Array | null;
  readonly nInit: number;
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly onIteration: ((progress: KMeansProgress) => unknown) | undefined;
}

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function checkFitOptions(options: Given<KMeansFitOptions>): FitPlan {
  const k = checkInteger('k', options.k, 1);
  const init = unwrapped(options.init ?? METHODS[0]);
  const named = typeof init === 'string';
  const nInit = checkInteger('nInit', options.nInit ?? 1, 1);
  return {
    k,
    method: named ? checkWord('init', init, METHODS) : null,
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
  if (isJSONOf('KMeansModel', init))
    throw new TypeError('init is the JSON of a model: pass KMeansModel.fromJSON(init)');
  const { values, n } = readRowsOf('init', init, 'a method, { data, shape }, rows or a KMeansModel');
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
