import type { Random } from '../random.ts';
import type { Steps } from '../steps.ts';
import { covarianceSize, formOf } from './covariance.ts';
import { cholesky } from './linear.ts';
import type { Parameters } from './parameters.ts';

/** Draws points [d] of a component: m + L·z, with L·Lᵀ its covariance and z standard normal. */
export function* pointsOf({
  k,
  d,
  covarianceType,
  means,
  covariances,
}: Omit<Parameters, 'weights' | 'precisionsCholesky'>): Steps<(component: number, random: Random) => Float64Array> {
  const { rank, shared } = formOf(covarianceType);
  const { count, size } = covarianceSize(covarianceType, k, d);
  const factors: Float64Array[] = [];
  for (let c = 0; c < count; c++) {
    const covariance = covariances.subarray(c * size, (c + 1) * size);
    factors.push(rank === 'matrix' ? (yield* cholesky(covariance, d))! : covariance.map(Math.sqrt));
  }
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
