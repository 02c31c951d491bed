import type { MixtureClusters } from './messages.ts';

/** Element [i, j] of a component's covariance [d, d], whatever the layout that it is kept in. */
export function covarianceAt(
  { covarianceType, covariances, k, means }: Pick<MixtureClusters, 'covarianceType' | 'covariances' | 'k' | 'means'>,
  component: number,
  i: number,
  j: number,
): number {
  const d = means.length / k;
  if (covarianceType === 'full') return covariances[(component * d + i) * d + j];
  if (covarianceType === 'tied') return covariances[i * d + j];
  if (i !== j) return 0;
  if (covarianceType === 'diag') return covariances[component * d + i];
  if (covarianceType === 'spherical') return covariances[component];
  return covariances[covarianceType === 'tied-diag' ? i : 0];
}
