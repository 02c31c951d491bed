import { type Metric, metricOf } from '../metric.ts';
import type { CovarianceType } from './forms/names.ts';
import type { FixedPart } from './maximize.ts';
import type { Mixing } from './parameters.ts';

/** What is told of a completed iteration. */
export interface GaussianMixtureProgress {
  /** Completed iterations of the current start, from 1, through all temperatures. */
  readonly iteration: number;
  /** Weighted mean of T·log Σ(π·p)^(1/T) under the parameters that the iteration made. */
  readonly lowerBound: number;
  /** What the iteration added to it. */
  readonly change: number;
  /** A copy of the parameters that the iteration made, in the caller's coordinates, laid out as those of a model. */
  readonly parameters: () => {
    /** [k], of sum 1 */
    readonly weights: Float64Array;
    /** [k, d] row-major */
    readonly means: Float64Array;
    /** Laid out as the covariance type says. */
    readonly covariances: Float64Array;
  };
}

export const MIXTURE_STARTS = ['kmeans', 'k-means++', 'random', 'random-from-data'] as const;
export type MixtureStartMethod = (typeof MIXTURE_STARTS)[number];

/** Where a fit starts, in the caller's coordinates: the means, and what else is given. */
export interface ExplicitStart {
  readonly means: Float64Array;
  readonly d: number;
  readonly weights: Float64Array | null;
  readonly covariances: Float64Array | null;
}

/** A fit, decided: options that are checked, with their defaults. */
export interface MixturePlan {
  readonly k: number;
  readonly covarianceType: CovarianceType;
  readonly mixing: Mixing;
  readonly fixed: readonly FixedPart[];
  readonly temperatures: readonly number[];
  readonly start: MixtureStartMethod | ExplicitStart;
  readonly tolerance: number;
  readonly regularization: number;
  readonly maxIterations: number;
  readonly nInit: number;
  readonly seed: number;
  readonly onIteration: ((progress: GaussianMixtureProgress) => unknown) | undefined;
}

/**
 * Checks what needs the data: that they are Euclidean, the width of an explicit start, and that there are points enough.
 *
 * @throws {TypeError | RangeError} where one of these is not so.
 */
export function checkMixturePlan(
  { k, start }: MixturePlan,
  points: { readonly d: number; readonly positiveRows: number; readonly metric: Metric },
): void {
  needEuclidean(points);
  const { d, positiveRows } = points;
  if (k > positiveRows) throw new RangeError(`k is ${k}, there are ${positiveRows} points of positive weight`);
  if (typeof start !== 'string' && start.d !== d) {
    throw new RangeError(`init has ${start.d} features, the points have ${d}`);
  }
}

/** @throws {TypeError} where the points have no densities. */
export function needEuclidean({ metric }: { readonly metric: Metric }): void {
  if (metricOf(metric).hasDensity) return;
  throw new TypeError(`a Gaussian mixture needs Euclidean points, not ${metric} ones`);
}
