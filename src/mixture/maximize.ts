/**
 * The M-step (Dempster, Laird and Rubin 1977), in float64, from moments about the means of the E-step before it:
 * with δ = S1/S0 the mean moves by δ, and the covariance is S2/S0 − δδᵀ, mapped back from y = (x − m)·U.
 */

import type { MixtureStatistics } from '../engine/statistics.ts';
import type { Steps } from '../engine/steps.ts';
import { meanOf } from '../points.ts';
import { type CovarianceType, covarianceSize, formOf, type Mixing, secured } from './covariance.ts';
import { congruence, inverseTranspose, transpose } from './linear.ts';
import type { Parameters } from './parameters.ts';

export type FixedPart = 'weights' | 'means' | 'covariances';

/** What an M-step may change, and what it adds. */
export interface UpdateRules {
  readonly mixing: Mixing;
  readonly fixed: readonly FixedPart[];
  /** Added to the covariances' diagonals, in the frame's units. */
  readonly regularization: number;
  /** Variance of each feature [d], in the frame's units, positive: what jitters are shares of. */
  readonly units: Float64Array;
}

export interface Update {
  readonly parameters: Parameters;
  /** Whether the covariance of each component took an addition to its diagonal to be positive definite [k]. */
  readonly regularized: readonly boolean[];
  /** Components without weight, ascending: they keep their mean and their covariance. */
  readonly empty: readonly number[];
}

/** A soft component with less than this share of all weight has none: what is left of it is rounding. */
export const NO_WEIGHT = 1e-12;

export function* maximize(
  statistics: MixtureStatistics,
  previous: Parameters,
  rules: UpdateRules,
  temperature: number,
): Steps<Update> {
  const { counts, sums } = statistics;
  const { k, d } = previous;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const least = temperature === 0 ? 0 : NO_WEIGHT * total;
  // Sums of rows that are too far for float32 tell nothing either.
  const alive = Array.from(
    counts,
    (count, c) => count > least && sums.subarray(c * d, (c + 1) * d).every(Number.isFinite),
  );
  const moved = alive.map((lives) => lives && !rules.fixed.includes('means'));
  const moments = formOf(previous.covarianceType).rank === 'matrix' ? ofMatrices : ofAxes;
  const { means, covariances } = yield* moments(statistics, previous.covarianceType, alive, moved);
  const weights = rules.fixed.includes('weights') ? previous.weights : mixed(counts, total, rules.mixing);
  const empty = Array.from(counts.keys()).filter((c) => !alive[c]);
  const parameters = { ...previous, weights, means: rules.fixed.includes('means') ? previous.means : means };
  if (rules.fixed.includes('covariances')) return { parameters, regularized: alive.map(() => false), empty };
  const secure = yield* secureAll(previous, covariances, rules);
  return {
    parameters: { ...parameters, covariances: secure.covariances, precisionsCholesky: secure.precisionsCholesky },
    regularized: Array.from({ length: k }, (_, c) => secure.regularized[c % secure.regularized.length]),
    empty,
  };
}

function mixed(counts: Float64Array, total: number, mixing: Mixing): Float64Array {
  return counts.map((count) => (mixing === 'equal' ? 1 / counts.length : count / total));
}

/** Rows of a matrix that are read and written between two looks at the clock. */
const ROWS_OF_STEP = 128;

/** Means [k, d] and covariances, null for one that nobody has weight in. */
interface Estimate {
  readonly means: Float64Array;
  readonly covariances: readonly (Float64Array | null)[];
}

function* ofMatrices(
  { used, counts, sums, squares }: MixtureStatistics,
  type: CovarianceType,
  alive: readonly boolean[],
  moved: readonly boolean[],
): Steps<Estimate> {
  const { k, d } = used;
  const { shared } = formOf(type);
  const means = used.means.slice();
  const covariances: (Float64Array | null)[] = [];
  let l: Float64Array = new Float64Array(0);
  const pooled = shared ? squares.slice() : squares;
  for (let c = 0; c < k; c++) {
    if (!shared || c === 0) l = yield* factorInverse(used.factors.subarray(c * d * d, (c + 1) * d * d), d);
    if (!alive[c]) {
      covariances.push(null);
      continue;
    }
    const count = counts[c];
    const delta = sums.subarray(c * d, (c + 1) * d).map((sum) => (moved[c] ? sum / count : 0));
    for (let i = 0; i < d; i++) for (let j = 0; j <= i; j++) means[c * d + i] += l[i * d + j] * delta[j];
    yield;
    const own = shared ? pooled : squares.slice(c * d * d, (c + 1) * d * d);
    yield* subtractSquare(own, delta, count, shared ? 1 : count);
    if (!shared) covariances.push(yield* congruence(l, own, d));
  }
  if (!shared) return { means, covariances };
  const total = sumOver(counts, alive);
  for (let at = 0; at < pooled.length; at++) pooled[at] /= total;
  return { means, covariances: [yield* congruence(l, pooled, d)] };
}

/** Takes count·δδᵀ from the transpose of a matrix [d, d], and divides it. */
function* subtractSquare(matrix: Float64Array, delta: Float64Array, count: number, divisor: number): Steps<void> {
  const d = delta.length;
  for (let j = 0, at = 0; j < d; j++) {
    for (let i = 0; i < d; i++, at++) matrix[at] = (matrix[at] - count * delta[i] * delta[j]) / divisor;
    if (j % ROWS_OF_STEP === ROWS_OF_STEP - 1) yield;
  }
}

/** L = U⁻ᵀ, lower triangular: the covariance is L·Lᵀ. */
function* factorInverse(u: Float64Array, d: number): Steps<Float64Array> {
  return yield* transpose(yield* inverseTranspose(yield* transpose(u, d), d), d);
}

function* ofAxes(
  { used, counts, sums, squares }: MixtureStatistics,
  type: CovarianceType,
  alive: readonly boolean[],
  moved: readonly boolean[],
): Steps<Estimate> {
  const { k, d } = used;
  const means = used.means.slice();
  const variances: (Float64Array | null)[] = [];
  for (let c = 0; c < k; c++) {
    const variance = new Float64Array(d);
    for (let at = c * d, j = 0; j < d; at++, j++) {
      const delta = moved[c] ? sums[at] / counts[c] : 0;
      const factor = used.factors[at];
      if (moved[c]) means[at] += delta / factor;
      variance[j] = Math.max(0, squares[at] / counts[c] - delta * delta) / (factor * factor);
    }
    variances.push(alive[c] ? variance : null);
    yield;
  }
  const { rank, shared } = formOf(type);
  const whole = shared ? [pooledVariance(variances, counts, d)] : variances;
  if (rank === 'diagonal') return { means, covariances: whole };
  return { means, covariances: whole.map((variance) => variance && Float64Array.of(meanOf(variance))) };
}

function pooledVariance(variances: readonly (Float64Array | null)[], counts: Float64Array, d: number): Float64Array {
  const pooled = new Float64Array(d);
  let total = 0;
  variances.forEach((variance, c) => {
    if (variance === null) return;
    total += counts[c];
    for (let j = 0; j < d; j++) pooled[j] += counts[c] * variance[j];
  });
  return pooled.map((sum) => sum / total);
}

function sumOver(counts: Float64Array, alive: readonly boolean[]): number {
  return counts.reduce((sum, count, c) => (alive[c] ? sum + count : sum), 0);
}

function* secureAll(
  { covarianceType, k, d, ...previous }: Parameters,
  raw: Estimate['covariances'],
  rules: UpdateRules,
): Steps<Pick<Parameters, 'covariances' | 'precisionsCholesky'> & Pick<Update, 'regularized'>> {
  const { rank } = formOf(covarianceType);
  const { count, size } = covarianceSize(covarianceType, k, d);
  const covariances = previous.covariances.slice();
  yield;
  const precisionsCholesky = previous.precisionsCholesky.slice();
  yield;
  const regularized: boolean[] = [];
  for (let c = 0; c < count; c++) {
    const estimate = raw[c];
    if (estimate === null) {
      regularized.push(false);
      continue;
    }
    const secure = yield* secured(estimate, rank, rules.units, rules.regularization);
    covariances.set(secure.covariance, c * size);
    precisionsCholesky.set(secure.factor, c * size);
    regularized.push(secure.regularized);
    yield;
  }
  return { covariances, precisionsCholesky, regularized };
}
