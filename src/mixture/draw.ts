import { checkInteger, readOptions } from '../check.ts';
import { runNow, type Steps } from '../engine/steps.ts';
import { Random } from '../random.ts';
import { formOf } from './forms/index.ts';
import type { Parameters } from './parameters.ts';

/** Draws points [d] of a component: m + L·z, with L·Lᵀ its covariance and z standard normal. */
export function* pointsOf({
  d,
  covarianceType,
  means,
  covariances,
}: Omit<Parameters, 'k' | 'weights' | 'precisionsCholesky'>): Steps<
  (component: number, random: Random) => Float64Array
> {
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

export interface SampleOptions {
  /** The same seed draws the same points. A whole number, default 0. */
  readonly seed?: number;
}

/** Points drawn from a mixture, with the component that each came from. */
export function drawSample(
  parameters: Omit<Parameters, 'precisionsCholesky'>,
  count: number,
  options: SampleOptions | undefined,
): { data: Float64Array; shape: [n: number, d: number]; labels: Uint32Array } {
  checkInteger('count', count, 1);
  const { seed } = readOptions('sample', options, { seed: true });
  const random = new Random(checkInteger('seed', seed ?? 0, 0));
  const { k, d, weights } = parameters;
  const draw = runNow(pointsOf(parameters));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const data = new Float64Array(count * d);
  const labels = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let rest = random.uniform() * total;
    let label = 0;
    while (label < k - 1 && rest >= weights[label]) rest -= weights[label++];
    labels[i] = label;
    data.set(draw(label, random), i * d);
  }
  return { data, shape: [count, d], labels };
}
