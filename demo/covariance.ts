import { formOf } from '../src/mixture/forms/index.ts';
import type { MixtureClusters } from './messages.ts';

/** Element [i, j] of a component's covariance [d, d], whatever the layout that it is kept in. */
export function covarianceAt(
  { covarianceType, covariances, k, means }: Pick<MixtureClusters, 'covarianceType' | 'covariances' | 'k' | 'means'>,
  component: number,
  i: number,
  j: number,
): number {
  return formOf(covarianceType).element(covariances, component, i, j, means.length / k);
}
