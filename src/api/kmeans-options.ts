import {
  checkFunction,
  checkInteger,
  checkNotNegative,
  checkWord,
  type Given,
  isJSONOf,
  type Names,
} from '../check.ts';
import { KMEANS_DEFAULTS, type KMeansPlan, type KMeansProgress } from '../kmeans/plan.ts';
import { KMEANS_STARTS, type KMeansStart } from '../kmeans/seeding.ts';
import type { Metric } from '../metric.ts';
import type { KMeansModel } from '../models/kmeans-model.ts';
import { kmeansModels } from '../models/known.ts';
import { type HostPoints, type Rows, readRowsOf, type Tensor, type Weights } from '../points.ts';
import { unwrapped } from '../proxies.ts';
import type { PlacementOptions } from '../reading.ts';

/**
 * How k-means starts: by a method, `'k-means++'`, `'k-means||'` or `'random'`; from centroids [k, d], which are given as
 * points are; or from a model's centroids.
 */
export type KMeansInit = KMeansStart | HostPoints | Tensor | Rows | KMeansModel;

/** What a fit of k-means may be told, wherever its points are. */
export interface KMeansFitOptions {
  /** Number of clusters: an integer from 1 to the number of points of positive weight. */
  readonly k: number;
  /**
   * Default `'k-means++'` (Arthur and Vassilvitskii 2007), greedy with 2 + ⌊ln k⌋ candidates a step. Or `'k-means||'`
   * (Bahmani et al. 2012), `'random'` (rows of the data), centroids of shape [k, d], or a model to start from.
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
   * Called after each iteration. If it throws, or returns a promise that rejects, the fit rejects with the same reason; the
   * fit waits for such promises before it resolves. `'stop'`, or a promise for it, ends the fit: the model is valid, with
   * `converged: false`. Iterations that a
   * GPU was given already still run, and count. With `nInit`, the best start so far is returned.
   */
  readonly onIteration?: (progress: KMeansProgress) => unknown;
  /**
   * `'buffer'` leaves the labels on the GPU: u32 [n] in `labelsBuffer` of the model, which you destroy; `labels` is then
   * empty. Points from the host need `device` or `backend: 'webgpu'`, a `Dataset` has to be on WebGPU; else that is a
   * `TypeError`. Default `'host'`.
   */
  readonly output?: 'host' | 'buffer';
  /**
   * Rows that a cluster has, at most; any number of them where it is not given. Each assignment is then the one of least inertia
   * among those that keep to it, so a row need not have the label of the nearest centroid, and `predict` of the points of the
   * fit need not give their labels. It is found on the host, on WebGPU too, which holds a copy of the rows. For
   * Euclidean points that all have the weight 1 and `output: 'host'`; else that is a `TypeError`, and a `RangeError` where
   * k·maxSize < n.
   */
  readonly maxSize?: number;
}

/** Options of {@link kmeans}. */
export interface KMeansOptions extends KMeansFitOptions, PlacementOptions {
  /** Default `'euclidean'`. */
  readonly metric?: Metric;
  /** Weights [n], finite and not negative, in float32: 2 counts a row twice, 0 leaves it out. */
  readonly sampleWeight?: Weights;
}

/** Those of any fit, wherever it runs. */
export const KMEANS_FIT_NAMES: Names<Omit<KMeansFitOptions, 'signal' | 'output' | 'maxSize'>> = {
  k: true,
  init: true,
  nInit: true,
  maxIterations: true,
  tolerance: true,
  seed: true,
  onIteration: true,
};

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function checkKMeansOptions(
  options: Given<Omit<KMeansFitOptions, 'signal' | 'output' | 'maxSize'>>,
): KMeansPlan {
  const k = checkInteger('k', options.k, 1);
  const init = unwrapped(options.init ?? KMEANS_DEFAULTS.start);
  const isNamed = typeof init === 'string';
  const nInit = checkInteger('nInit', options.nInit ?? KMEANS_DEFAULTS.nInit, 1);
  return {
    k,
    start: isNamed ? checkWord('init', init, KMEANS_STARTS) : readStart(init, k),
    nInit: isNamed ? nInit : 1,
    maxIterations: checkInteger('maxIterations', options.maxIterations ?? KMEANS_DEFAULTS.maxIterations, 1),
    tolerance: checkNotNegative('tolerance', options.tolerance ?? KMEANS_DEFAULTS.tolerance),
    seed: checkInteger('seed', options.seed ?? KMEANS_DEFAULTS.seed, 0),
    output: KMEANS_DEFAULTS.output,
    onIteration: checkFunction('onIteration', options.onIteration),
  };
}

export function isKMeansModel(init: object): init is KMeansModel {
  return kmeansModels.has(unwrapped(init));
}

function readStart(init: Exclude<KMeansInit, string>, k: number): Float64Array {
  if (isKMeansModel(init)) {
    if (init.k !== k) throw new RangeError(`init has ${init.k} centroids, k is ${k}`);
    return init.centroids.slice();
  }
  if (isJSONOf('KMeansModel', init))
    throw new TypeError('init is the JSON of a model: pass KMeansModel.fromJSON(init)');
  const { values, n } = readRowsOf('init', init, 'a method, { data, shape }, rows or a KMeansModel');
  if (n !== k) throw new RangeError(`init has ${n} centroids, k is ${k}`);
  return values;
}
