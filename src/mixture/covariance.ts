/** The six covariance types: their layouts, their factors, and what is done where there is no factor. */

import type { Steps } from '../engine/steps.ts';
import { meanOf } from '../points.ts';
import { cholesky, inverseTranspose } from './linear.ts';

export const COVARIANCE_TYPES = ['full', 'tied', 'diag', 'spherical', 'tied-diag', 'tied-spherical'] as const;

/**
 * `'full'`: a matrix for each component [k, d, d]; `'diag'`: a variance for each component and feature [k, d];
 * `'spherical'`: a variance for each component [k]. The tied ones share theirs: `'tied'` [d, d], `'tied-diag'` [d],
 * `'tied-spherical'` [1].
 */
export type CovarianceType = (typeof COVARIANCE_TYPES)[number];

export type Mixing = 'free' | 'equal';

/** What one covariance is, and whether all components share it. */
export interface CovarianceForm {
  readonly rank: 'matrix' | 'diagonal' | 'scalar';
  readonly shared: boolean;
}

const FORMS: Readonly<Record<CovarianceType, CovarianceForm>> = {
  full: { rank: 'matrix', shared: false },
  tied: { rank: 'matrix', shared: true },
  diag: { rank: 'diagonal', shared: false },
  'tied-diag': { rank: 'diagonal', shared: true },
  spherical: { rank: 'scalar', shared: false },
  'tied-spherical': { rank: 'scalar', shared: true },
};

export function formOf(type: CovarianceType): CovarianceForm {
  return FORMS[type];
}

/** Number of covariances, and of the values that each of them has. */
export function covarianceSize(type: CovarianceType, k: number, d: number): { count: number; size: number } {
  const { rank, shared } = FORMS[type];
  return { count: shared ? 1 : k, size: { matrix: d * d, diagonal: d, scalar: 1 }[rank] };
}

/** Free parameters of a mixture: means, covariances, and the weights where they are free. */
export function freeParameters(type: CovarianceType, k: number, d: number, mixing: Mixing): number {
  const { rank, shared } = FORMS[type];
  const each = { matrix: (d * (d + 1)) / 2, diagonal: d, scalar: 1 }[rank];
  return k * d + (shared ? 1 : k) * each + (mixing === 'free' ? k - 1 : 0);
}

/** Deviations of each feature of each component: [k, d]. */
export function deviationsOf({
  covarianceType,
  k,
  d,
  covariances,
}: {
  readonly covarianceType: CovarianceType;
  readonly k: number;
  readonly d: number;
  readonly covariances: Float64Array;
}): Float64Array {
  const { rank, shared } = FORMS[covarianceType];
  const { size } = covarianceSize(covarianceType, k, d);
  const place = { matrix: (j: number) => j * (d + 1), diagonal: (j: number) => j, scalar: () => 0 }[rank];
  return Float64Array.from({ length: k * d }, (_, i) =>
    Math.sqrt(covariances[(shared ? 0 : Math.floor(i / d)) * size + place(i % d)]),
  );
}

/** Variances below this share of the feature's own are below what float32 points can tell from zero. */
const LEAST_SHARE = 1e-15;
/** A conditional variance below this share of the feature's own is a component that has collapsed. */
const COLLAPSED_SHARE = 1e-8;
/** First rung of the ladder of jitters, as a share of each feature's variance. */
const FIRST_JITTER = 1e-10;
const LAST_JITTER = 1e3;

/** A covariance, its precision's Cholesky factor U (Λ = U·Uᵀ), and whether it took an addition to have one. */
export interface SecuredCovariance {
  readonly covariance: Float64Array;
  readonly factor: Float64Array;
  readonly regularized: boolean;
}

/**
 * One covariance with `regularization` on its diagonal, and with as much jitter more as it needs to be positive
 * definite: a ladder of tenfold steps, in shares of the features' variances `units` [d]. It always succeeds.
 */
export function* secured(
  raw: Float64Array,
  rank: CovarianceForm['rank'],
  units: Float64Array,
  regularization: number,
): Steps<SecuredCovariance> {
  const regularized = (yield* rootOver(raw, rank, units, COLLAPSED_SHARE)) === null;
  for (let jitter = 0; jitter <= LAST_JITTER; jitter = Math.max(FIRST_JITTER, 10 * jitter)) {
    const covariance = withDiagonal(raw, rank, units, regularization, jitter);
    yield;
    const factor = yield* factorOf(covariance, rank, units);
    if (factor !== null) return { covariance, factor, regularized: regularized || jitter > 0 };
  }
  // Nothing that can be told of the component: the data's own variances.
  const covariance = withDiagonal(new Float64Array(raw.length), rank, units, 0, 1);
  return { covariance, factor: (yield* factorOf(covariance, rank, units))!, regularized: true };
}

/** U of one covariance; null where it is not positive definite. */
export function* factorOf(
  covariance: Float64Array,
  rank: CovarianceForm['rank'],
  units?: Float64Array,
): Steps<Float64Array | null> {
  const root = yield* rootOver(covariance, rank, units, LEAST_SHARE);
  if (root === null) return null;
  if (rank !== 'matrix') return root.map((deviation) => 1 / deviation);
  return yield* inverseTranspose(root, Math.sqrt(root.length));
}

/** L with L·Lᵀ the covariance, or the deviations; null where a pivot is not over that share of its feature's variance. */
function* rootOver(
  covariance: Float64Array,
  rank: CovarianceForm['rank'],
  units: Float64Array | undefined,
  share: number,
): Steps<Float64Array | null> {
  const least = (j: number) => (units === undefined ? 0 : share * unitOf(units, rank, j));
  if (rank !== 'matrix') {
    const positive = covariance.every((variance, j) => variance > least(j) && variance < Infinity);
    return positive ? covariance.map(Math.sqrt) : null;
  }
  const d = Math.sqrt(covariance.length);
  const l = yield* cholesky(covariance, d);
  if (l === null) return null;
  for (let j = 0; j < d; j++) if (!(l[j * d + j] ** 2 > least(j))) return null;
  return l;
}

function withDiagonal(
  raw: Float64Array,
  rank: CovarianceForm['rank'],
  units: Float64Array,
  regularization: number,
  jitter: number,
): Float64Array {
  const covariance = raw.slice();
  const stride = rank === 'matrix' ? Math.sqrt(raw.length) + 1 : 1;
  for (let at = 0, j = 0; at < raw.length; at += stride, j++) {
    covariance[at] += regularization + jitter * unitOf(units, rank, j);
  }
  return covariance;
}

function unitOf(units: Float64Array, rank: CovarianceForm['rank'], j: number): number {
  return rank === 'scalar' ? meanOf(units) : units[j];
}
