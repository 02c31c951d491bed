/**
 * The M-step (Dempster, Laird and Rubin 1977), in float64, from moments about the means of the E-step before it:
 * with δ = S1/S0 the mean moves by δ, and the covariance is S2/S0 − δδᵀ, mapped back from y = (x − m)·U.
 */

import type { MixtureStatistics } from '../engine/statistics.ts';
import type { Steps } from '../steps.ts';
import type { Estimate } from './forms/form.ts';
import { formOf } from './forms/index.ts';
import type { Mixing, Parameters } from './parameters.ts';

/** Parameters that a fit may keep as they start. */
export type FixedPart = 'weights' | 'means' | 'covariances';

/** What an M-step may change, and what it adds. */
export interface UpdateRules {
  readonly mixing: Mixing;
  readonly fixed: readonly FixedPart[];
  /** Added to the covariances' diagonals, in the frame's units. */
  readonly regularization: number;
  /** Variance of each feature [d], in the frame's units, positive: what jitters are shares of. */
  readonly variances: Float64Array;
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
  const form = formOf(previous.covarianceType);
  const { means, covariances } = yield* form.estimate(statistics, alive, moved);
  const weights = rules.fixed.includes('weights') ? previous.weights : mixed(counts, total, rules.mixing);
  const empty = Array.from(counts.keys()).filter((c) => !alive[c]);
  const parameters = { ...previous, weights, means: rules.fixed.includes('means') ? previous.means : means };
  if (rules.fixed.includes('covariances')) return { parameters, regularized: alive.map(() => false), empty };
  const secure = yield* secureAll(previous, covariances, rules);
  return {
    parameters: { ...parameters, covariances: secure.covariances, precisionsCholesky: secure.precisionsCholesky },
    regularized: Array.from({ length: k }, (_, c) => secure.regularized[form.indexOf(c)]),
    empty,
  };
}

function mixed(counts: Float64Array, total: number, mixing: Mixing): Float64Array {
  return counts.map((count) => (mixing === 'equal' ? 1 / counts.length : count / total));
}

function* secureAll(
  { covarianceType, k, d, ...previous }: Parameters,
  raw: Estimate['covariances'],
  rules: UpdateRules,
): Steps<Pick<Parameters, 'covariances' | 'precisionsCholesky'> & Pick<Update, 'regularized'>> {
  const form = formOf(covarianceType);
  const size = form.size(d);
  const covariances = previous.covariances.slice();
  yield;
  const precisionsCholesky = previous.precisionsCholesky.slice();
  yield;
  const regularized: boolean[] = [];
  for (let c = 0; c < form.count(k); c++) {
    const estimate = raw[c];
    if (estimate === null) {
      regularized.push(false);
      continue;
    }
    const secure = yield* form.secure(estimate, rules.variances, rules.regularization);
    covariances.set(secure.covariance, c * size);
    precisionsCholesky.set(secure.precisionFactor, c * size);
    regularized.push(secure.regularized);
    yield;
  }
  return { covariances, precisionsCholesky, regularized };
}
