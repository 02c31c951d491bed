import type { Random } from '../random.ts';
import { covarianceSize, formOf } from './covariance.ts';
import { cholesky } from './linear.ts';
import type { Parameters } from './parameters.ts';

/** Draws points [d] of a component: m + L·z, with L·Lᵀ its covariance and z standard normal. */
export function pointsOf({
  k,
  d,
  covarianceType,
  means,
  covariances,
}: Omit<Parameters, 'weights' | 'precisionsCholesky'>): (component: number, random: Random) => Float64Array {
  const { rank, shared } = formOf(covarianceType);
  const { count, size } = covarianceSize(covarianceType, k, d);
  const factors = Array.from({ length: count }, (_, c) => {
    const covariance = covariances.subarray(c * size, (c + 1) * size);
    return rank === 'matrix' ? cholesky(covariance, d)! : covariance.map(Math.sqrt);
  });
  return (component, random) => {
    const factor = factors[shared ? 0 : component];
    const normals = Float64Array.from({ length: d }, () => random.normal());
    return Float64Array.from({ length: d }, (_, i) => {
      let deviation = rank === 'matrix' ? 0 : factor[i % size] * normals[i];
      if (rank === 'matrix') for (let j = 0; j <= i; j++) deviation += factor[i * d + j] * normals[j];
      return means[component * d + i] + deviation;
    });
  };
}
