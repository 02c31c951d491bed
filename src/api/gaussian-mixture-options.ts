import {
  checkFunction,
  checkInteger,
  checkNotNegative,
  checkWord,
  type Given,
  isJSONOf,
  type Names,
  propertyOf,
  wrongKind,
} from '../check.ts';
import { metricOf } from '../metric.ts';
import { COVARIANCE_TYPES, type CovarianceType } from '../mixture/forms/names.ts';
import type { FixedPart } from '../mixture/maximize.ts';
import type { Mixing } from '../mixture/parameters.ts';
import {
  type ExplicitStart,
  type GaussianMixtureProgress,
  MIXTURE_STARTS,
  type MixturePlan,
  type MixtureStartMethod,
} from '../mixture/plan.ts';
import {
  checkMixing,
  checkTemperature,
  type MixtureStart,
  readCovariances,
  readMeans,
  readWeights,
} from '../mixture/read.ts';
import { checkSpelling } from '../mixture/spelling.ts';
import type { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import type { KMeansModel } from '../models/kmeans-model.ts';
import { mixtureModels } from '../models/known.ts';
import type { Weights } from '../points.ts';
import { unwrapped } from '../proxies.ts';
import { PLACEMENT_OPTIONS, type PlacementOptions } from '../reading.ts';
import { isKMeansModel } from './kmeans-options.ts';

/**
 * How EM starts: by a method, `'kmeans'`, `'k-means++'`, `'random'` or `'random-from-data'`; from a model; or from
 * parameters.
 */
export type GaussianMixtureInit = MixtureStartMethod | KMeansModel | GaussianMixtureModel | MixtureStart;

/** What a fit of a mixture may be told, wherever its points are. */
export interface GaussianMixtureFitOptions {
  /** Number of components: an integer from 1 to the number of points of positive weight. */
  readonly k: number;
  /** Default `'full'`. */
  readonly covarianceType?: CovarianceType;
  /** Default `'free'`; `'equal'` keeps all weights at 1/k. */
  readonly mixing?: Mixing;
  /** Parts that stay as they start. Default none. */
  readonly fixed?: readonly FixedPart[];
  /**
   * T in r ∝ (π·p)^(1/T): 1, the default, is EM; 0 hard assignment (classification EM, Celeux and Govaert 1992); above 1
   * softer. 0, or 1e-9 to 1e30. A list is a schedule (deterministic annealing, Ueda and Nakano 1998), of which only the
   * last temperature can converge.
   */
  readonly temperature?: number | readonly number[];
  /**
   * Default `'kmeans'`: k-means on features whitened as the covariance type allows, then one hard M-step. `'k-means++'`
   * and `'random-from-data'`: such rows as means, then the same. `'random'`: means drawn from one Gaussian fitted to
   * all points, whose covariance each component gets. Or a model, or parameters.
   */
  readonly init?: GaussianMixtureInit;
  /** Stops when `lowerBound` changes by less, at each temperature. Default 1e-3; 0 stops only where nothing changes. */
  readonly tolerance?: number;
  /** Added to the covariances' diagonals, in squared units of the data. Default 1e-6. */
  readonly regularization?: number;
  /** EM iterations, at most, at each temperature. Default 100. */
  readonly maxIterations?: number;
  /** Restarts; the highest `lowerBound` wins. Default 1; an explicit start is used once. */
  readonly nInit?: number;
  /** The same call gives the same result. A whole number, default 0. */
  readonly seed?: number;
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  /**
   * Called after each iteration. If it throws, or returns a promise that rejects, the fit rejects with the same reason; the
   * fit waits for such promises before it resolves. `'stop'`, or a promise for it, ends the fit: the model is valid, with
   * `converged: false`. With `nInit`, the best start so far is returned.
   */
  readonly onIteration?: (progress: GaussianMixtureProgress) => unknown;
}

/** Options of {@link gaussianMixture}. */
export interface GaussianMixtureOptions extends GaussianMixtureFitOptions, PlacementOptions {
  /** Weights [n], finite and not negative, in float32: 2 counts a row twice, 0 leaves it out. */
  readonly sampleWeight?: Weights;
}

export const MIXTURE_FIT_OPTIONS: Names<GaussianMixtureFitOptions> = {
  k: true,
  covarianceType: true,
  mixing: true,
  fixed: true,
  temperature: true,
  init: true,
  tolerance: true,
  regularization: true,
  maxIterations: true,
  nInit: true,
  seed: true,
  signal: true,
  onIteration: true,
};

export const MIXTURE_OPTIONS: Names<GaussianMixtureOptions> = {
  ...MIXTURE_FIT_OPTIONS,
  ...PLACEMENT_OPTIONS,
  sampleWeight: true,
};

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function checkMixtureOptions(options: Given<Omit<GaussianMixtureFitOptions, 'signal'>>): MixturePlan {
  const k = checkInteger('k', options.k, 1);
  const covarianceType = checkWord('covarianceType', options.covarianceType ?? 'full', COVARIANCE_TYPES);
  const init = unwrapped(options.init ?? MIXTURE_STARTS[0]);
  const nInit = checkInteger('nInit', options.nInit ?? 1, 1);
  return {
    k,
    covarianceType,
    mixing: checkMixing('mixing', options.mixing ?? 'free'),
    fixed: checkFixed(options.fixed ?? []),
    temperatures: checkTemperatures(options.temperature ?? 1),
    start: typeof init === 'string' ? checkWord('init', init, MIXTURE_STARTS) : readStart(init, k, covarianceType),
    tolerance: checkNotNegative('tolerance', options.tolerance ?? 1e-3),
    regularization: checkNotNegative('regularization', options.regularization ?? 1e-6),
    maxIterations: checkInteger('maxIterations', options.maxIterations ?? 100, 1),
    nInit: typeof init === 'string' ? nInit : 1,
    seed: checkInteger('seed', options.seed ?? 0, 0),
    onIteration: checkFunction('onIteration', options.onIteration),
  };
}

function checkFixed(fixed: unknown): readonly FixedPart[] {
  if (!Array.isArray(fixed)) throw wrongKind('fixed', 'an array', fixed);
  return fixed.map((part, i) => checkWord(`fixed[${i}]`, part, ['weights', 'means', 'covariances'] as const));
}

function checkTemperatures(temperature: unknown): readonly number[] {
  if (!Array.isArray(temperature)) return [checkTemperature('temperature', temperature)];
  if (temperature.length === 0) throw new RangeError('temperature must have at least one value');
  return temperature.map((value, i) => checkTemperature(`temperature[${i}]`, value));
}

function isMixture(init: object): init is GaussianMixtureModel {
  return mixtureModels.has(init);
}

function readStart(init: Exclude<GaussianMixtureInit, string>, k: number, type: CovarianceType): ExplicitStart {
  if (isKMeansModel(init)) {
    if (!metricOf(init.metric).hasDensity) {
      throw new TypeError(`init must be a Euclidean model: ${init.metric} k-means has no density`);
    }
    if (init.k !== k) throw new RangeError(`init has ${init.k} centroids, k is ${k}`);
    return { means: init.centroids.slice(), d: init.d, weights: null, covariances: null };
  }
  if (isMixture(init)) {
    if (init.k !== k) throw new RangeError(`init has ${init.k} components, k is ${k}`);
    if (init.covarianceType !== type) {
      throw new RangeError(`init has covarianceType '${init.covarianceType}', the fit '${type}'`);
    }
    const { means, d, weights, covariances } = init;
    return { means: means.slice(), d, weights: weights.slice(), covariances: covariances.slice() };
  }
  for (const type of ['KMeansModel', 'GaussianMixtureModel']) {
    if (isJSONOf(type, init)) throw new TypeError(`init is the JSON of a model: pass ${type}.fromJSON(init)`);
  }
  if (typeof init !== 'object' || init === null || Array.isArray(init)) {
    throw wrongKind('init', 'a method, a model or { weights?, means, covariances? }', init);
  }
  checkSpelling('init', init, ['means', 'weights', 'covariances']);
  const [given, weights, covariances] = ['means', 'weights', 'covariances'].map((name) => propertyOf(init, name));
  const { means, d } = readMeans('init.means', given, k);
  return {
    means,
    d,
    weights: weights === undefined ? null : readWeights('init.weights', weights, k),
    covariances:
      covariances === undefined ? null : readCovariances('init.covariances', covariances, type, k, d).covariances,
  };
}
