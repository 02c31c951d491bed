import { resultOf, type Steps } from '../../steps.ts';
import type { CovarianceForm, CovarianceRank } from './form.ts';

/** Each component has a covariance of its own. */
export function own(rank: CovarianceRank): CovarianceForm {
  const size = sizeOf(rank);
  return {
    ...rank,
    ...rank.own,
    ...throughIndex(rank, (c) => c),
    size,
    count: (k) => k,
    sides: (k, d) => [k, ...rank.sidesOfOne(d)],
    freeParameters: (k, d) => k * rank.freeParametersOfOne(d),
    meanCovariance: (covariances, weights, d) => weightedMean(covariances, weights, size(d)),
  };
}

/** All components share one. */
export function shared(rank: CovarianceRank): CovarianceForm {
  return {
    ...rank,
    ...rank.shared,
    ...throughIndex(rank, () => 0),
    size: sizeOf(rank),
    count: () => 1,
    // A single number is still an array.
    sides: (_, d) => (rank.sidesOfOne(d).length > 0 ? rank.sidesOfOne(d) : [1]),
    freeParameters: (_, d) => rank.freeParametersOfOne(d),
    meanCovariance: () => resultOf(null),
  };
}

function sizeOf({ sidesOfOne }: CovarianceRank): CovarianceForm['size'] {
  return (d) => sidesOfOne(d).reduce((product, side) => product * side, 1);
}

/** What is asked of a component, of the covariance that is its. */
function throughIndex(
  { elementOf, gaussianFactorsOf, sharpnessOf }: CovarianceRank,
  indexOf: (c: number) => number,
): Pick<CovarianceForm, 'indexOf' | 'element' | 'gaussianFactors' | 'sharpness'> {
  return {
    indexOf,
    element: (covariances, c, i, j, d) => elementOf(covariances, indexOf(c), i, j, d),
    gaussianFactors: (precisionFactors, k, d) => gaussianFactorsOf(precisionFactors, indexOf, k, d),
    sharpness: (precisionFactors, c) => sharpnessOf(precisionFactors, indexOf(c)),
  };
}

function* weightedMean(covariances: Float64Array, weights: Float64Array, size: number): Steps<Float64Array> {
  const mean = new Float64Array(size);
  let total = 0;
  for (let c = 0; c < weights.length; c++) {
    if (weights[c] === 0) continue;
    total += weights[c];
    for (let i = 0; i < size; i++) mean[i] += weights[c] * covariances[c * size + i];
    yield;
  }
  return mean.map((sum) => sum / total);
}
