import type { MixtureStatistics } from '../../engine/statistics.ts';
import { meanOf } from '../../points.ts';
import { resultOf, type Steps } from '../../steps.ts';
import type { CovarianceRank, Estimate, OneCovariance, Sharing } from './form.ts';
import { type Rungs, securing } from './secure.ts';

/** A variance for each feature: [d]. */
export const DIAGONAL: CovarianceRank = {
  ...ofVariances((variances, j) => variances[j]),
  ...estimating((variances) => variances),
  sidesOfOne: (d) => [d],
  freeParametersOfOne: (d) => d,
  elementOf: (covariances, index, i, j, d) => (i === j ? covariances[index * d + i] : 0),
  precisionFactorOf: (deviations) => deviations.map((deviation) => 1 / deviation),
  gaussianFactorsOf: (precisionFactors, indexOf, k, d) =>
    Float64Array.from({ length: k * d }, (_, at) => precisionFactors[indexOf(Math.floor(at / d)) * d + (at % d)]),
  sharpnessOf: () => 1,
  whitening: (precisionFactor) => precisionFactor,
  unwhiten: (rows, precisionFactor, d) => resultOf(rows.map((value, at) => value / precisionFactor[at % d])),
};

/** One variance for all features: [1]. */
export const SCALAR: CovarianceRank = {
  ...ofVariances(meanOf),
  ...estimating((variances) => Float64Array.of(meanOf(variances))),
  sidesOfOne: () => [],
  freeParametersOfOne: () => 1,
  elementOf: (covariances, index, i, j) => (i === j ? covariances[index] : 0),
  precisionFactorOf: () => Float64Array.of(1),
  gaussianFactorsOf: (_, __, k, d) => new Float64Array(k * d).fill(1),
  sharpnessOf: (precisionFactors, index) => precisionFactors[index] ** 2,
  whitening: () => null,
  unwhiten: (rows) => resultOf(rows),
};

/** What is asked of variances, be they one or many. */
function ofVariances(
  varianceOf: Rungs['varianceOf'],
): Pick<OneCovariance, 'check' | 'precisionFactor' | 'secure' | 'scatter'> {
  return {
    ...securing({
      root(variances, least) {
        const positive = variances.every((variance, j) => variance > least(j) && variance < Infinity);
        return resultOf(positive ? variances.map(Math.sqrt) : null);
      },
      inverse: (deviations) => resultOf(deviations.map((deviation) => 1 / deviation)),
      widened: (variances, addition) => variances.map((variance, j) => variance + addition(j)),
      varianceOf,
    }),
    // Whether they are positive their factors tell.
    check: () => undefined,
    scatter(variances) {
      const deviations = variances.map(Math.sqrt);
      return resultOf((normals: Float64Array) =>
        normals.map((normal, i) => deviations[i % deviations.length] * normal),
      );
    },
  };
}

/** @param rankOf what the variances of all features [d] come to */
function estimating(rankOf: (variances: Float64Array) => Float64Array): { own: Sharing; shared: Sharing } {
  return {
    own: {
      shape: 'axes',
      *estimate(statistics, alive, moved) {
        const { means, covariances } = yield* variancesOf(statistics, alive, moved);
        return { means, covariances: covariances.map((variances) => variances && rankOf(variances)) };
      },
    },
    shared: {
      shape: 'axes',
      *estimate(statistics, alive, moved) {
        const { means, covariances } = yield* variancesOf(statistics, alive, moved);
        return { means, covariances: [rankOf(pooled(covariances, statistics))] };
      },
    },
  };
}

/** Means, and the variances [d] of each component. */
function* variancesOf(
  { used, counts, sums, squares }: MixtureStatistics,
  alive: readonly boolean[],
  moved: readonly boolean[],
): Steps<Estimate> {
  const { k, d } = used;
  const means = used.means.slice();
  const variances: (Float64Array | null)[] = [];
  for (let c = 0; c < k; c++) {
    const variance = new Float64Array(d);
    for (let at = c * d, j = 0; j < d; at++, j++) {
      const shift = moved[c] ? sums[at] / counts[c] : 0;
      const factor = used.factors[at];
      if (moved[c]) means[at] += shift / factor;
      variance[j] = Math.max(0, squares[at] / counts[c] - shift * shift) / (factor * factor);
    }
    variances.push(alive[c] ? variance : null);
    yield;
  }
  return { means, covariances: variances };
}

/** The mean of the components' variances, each counted by its weight: [d]. */
function pooled(variances: Estimate['covariances'], { used, counts }: MixtureStatistics): Float64Array {
  const sums = new Float64Array(used.d);
  let total = 0;
  variances.forEach((variance, c) => {
    if (variance === null) return;
    total += counts[c];
    for (let j = 0; j < sums.length; j++) sums[j] += counts[c] * variance[j];
  });
  return sums.map((sum) => sum / total);
}
