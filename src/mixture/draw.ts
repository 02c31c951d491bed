import { checkInteger, readOptions } from '../check.ts';
import { runNow, type Steps } from '../engine/steps.ts';
import { Random } from '../random.ts';
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
