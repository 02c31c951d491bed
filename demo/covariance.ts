import type { GaussianMixtureModel } from '../src/index.ts';
import { formOf } from '../src/mixture/forms/index.ts';

/** The components' covariances as matrices, whatever the layout that the model keeps them in: [k, d, d]. */
export function covarianceMatrices({
  covarianceType,
  covariances,
  k,
  d,
}: Pick<GaussianMixtureModel, 'covarianceType' | 'covariances' | 'k' | 'd'>): Float64Array {
  const form = formOf(covarianceType);
  return Float64Array.from({ length: k * d * d }, (_, at) => {
    const [component, i, j] = [Math.floor(at / (d * d)), Math.floor(at / d) % d, at % d];
    return form.element(covariances, component, i, j, d);
  });
}
