/**
 * What the loops ask of a covariance type. A form answers all of it, so that nothing beside this room looks at a type's
 * name or layout. Forms are made of three ranks, what one covariance is (`matrix.ts`, `axes.ts`), and two ways of having
 * it (`sharing.ts`): each component its own, or all of them one.
 */
import type { GaussiansShape } from '../../engine/gaussians.ts';
import type { MixtureStatistics } from '../../engine/statistics.ts';
import type { Steps } from '../../steps.ts';

/** What is asked of one covariance, and of U, the Cholesky factor of its precision: Λ = U·Uᵀ, laid out like it. */
export interface OneCovariance {
  /** @throws {RangeError} where a covariance that a caller gave cannot be one, whatever its numbers. */
  check(name: string, covariance: Float64Array, d: number): void;

  /**
   * U of a covariance; null where it is not positive definite.
   *
   * @param variances of the features [d], beside which rounding is told from a pivot; without them any positive one will do
   */
  precisionFactor(covariance: Float64Array, variances?: Float64Array): Steps<Float64Array | null>;

  /** U of independent features with these deviations [d], as far as it tells features apart: of ones the identity. */
  precisionFactorOf(deviations: Float64Array): Float64Array;

  /**
   * A covariance with `regularization` on its diagonal, and with as much jitter more as it needs to be positive definite:
   * a ladder of tenfold steps, in shares of the features' `variances` [d]. It always succeeds.
   */
  secure(raw: Float64Array, variances: Float64Array, regularization: number): Steps<SecuredCovariance>;

  /** L·z of standard normal z [d], with L·Lᵀ the covariance: the deviations [d] of a draw from its mean. */
  scatter(covariance: Float64Array, d: number): Steps<(normals: Float64Array) => Float64Array>;

  /** What rows times which are white, [d, d] or a diagonal [d]; null where that stretches all features alike. */
  whitening(precisionFactor: Float64Array): Float64Array | null;

  /** Rows [m, d] that are whitened so, as they were. */
  unwhiten(rows: Float64Array, precisionFactor: Float64Array, d: number): Steps<Float64Array>;
}

/** A covariance, its precision factor U, and whether it took an addition to have one. */
export interface SecuredCovariance {
  readonly covariance: Float64Array;
  readonly precisionFactor: Float64Array;
  readonly regularized: boolean;
}

/** A covariance type: the covariances of k components in d features, one after the other, and their precision factors. */
export interface CovarianceForm extends OneCovariance {
  /** What engines hold of it. */
  readonly shape: GaussiansShape;

  /** Number of covariances. */
  count(k: number): number;

  /** Number of values that each of them has. */
  size(d: number): number;

  /** Lengths of the nested arrays in which scikit-learn has all of them. */
  sides(k: number, d: number): readonly number[];

  /** What a fit may choose in all of them. */
  freeParameters(k: number, d: number): number;

  /** Which of them is that of component c. */
  indexOf(c: number): number;

  /** Element [i, j] of component c's covariance. */
  element(covariances: Float64Array, c: number, i: number, j: number, d: number): number;

  /** U as engines take it: see {@link GaussiansShape}. Where all features have one variance it is 1. */
  gaussianFactors(precisionFactors: Float64Array, k: number, d: number): Float64Array;

  /** What is left of component c's precision beside that. */
  sharpness(precisionFactors: Float64Array, c: number): number;

  /**
   * The M-step: the means and covariances of the largest likelihood.
   *
   * @param alive which components have weight: [k]
   * @param moved which means may change: [k]
   */
  estimate(statistics: MixtureStatistics, alive: readonly boolean[], moved: readonly boolean[]): Steps<Estimate>;

  /** The mean of the covariances, each counted by its component's weight [k]; null where there is only one. */
  meanCovariance(covariances: Float64Array, weights: Float64Array, d: number): Steps<Float64Array | null>;
}

/** Means [k, d] and covariances, null for one that nobody has weight in. */
export interface Estimate {
  readonly means: Float64Array;
  readonly covariances: readonly (Float64Array | null)[];
}

/** What one covariance is, with what {@link CovarianceForm} is made of: see `sharing.ts`. */
export interface CovarianceRank extends OneCovariance {
  /** Lengths of the nested arrays that one covariance is. */
  sidesOfOne(d: number): readonly number[];
  freeParametersOfOne(d: number): number;
  /** Element [i, j] of the covariance at an index. */
  elementOf(covariances: Float64Array, index: number, i: number, j: number, d: number): number;
  gaussianFactorsOf(precisionFactors: Float64Array, indexOf: (c: number) => number, k: number, d: number): Float64Array;
  /** Of the precision factor at an index. */
  sharpnessOf(precisionFactors: Float64Array, index: number): number;
  readonly own: Sharing;
  readonly shared: Sharing;
}

/** What differs where components have one covariance each, and where they share one. */
export type Sharing = Pick<CovarianceForm, 'shape' | 'estimate'>;
