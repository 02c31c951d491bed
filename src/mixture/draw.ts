import type { Steps } from '../steps.ts';
import { formOf } from './forms/index.ts';
import type { Parameters } from './parameters.ts';
import type { Draw } from './sample.ts';

/** Draws points [d] of a component: m + L·z, with L·Lᵀ its covariance and z standard normal. */
export function* pointsOf({
  d,
  covarianceType,
  means,
  covariances,
}: Omit<Parameters, 'k' | 'weights' | 'precisionsCholesky'>): Steps<Draw> {
  const form = formOf(covarianceType);
  const size = form.size(d);
  const scatters: ((normals: Float64Array) => Float64Array)[] = [];
  for (let from = 0; from < covariances.length; from += size) {
    scatters.push(yield* form.scatter(covariances.subarray(from, from + size), d));
  }
  return (component, random) => {
    const normals = Float64Array.from({ length: d }, () => random.normal());
    return scatters[form.indexOf(component)](normals).map((deviation, i) => means[component * d + i] + deviation);
  };
}
