/** What fits returned, held against float64: on all rows where that is cheap, else on a sample of them. Runs in pages too. */
import type { GaussianMixtureModel, KMeansModel } from '../../src/index.ts';
import { expectation } from '../../test/reference/mixture.ts';
import { squaredDistance } from '../kmeans/judge.ts';
import type { GpuProblem } from './cases.ts';

/** Rows whose distances to all centroids, or whose densities, are computed in float64. */
const SAMPLE = { kmeans: 256, mixture: 64 } as const;

export interface Judgement {
  /** Of the objective that the fit tells, relative to the float64 one. */
  readonly told: number;
  /** Of the sample: what its labels cost more than the nearest centroids in float64; of mixtures, the worst row's log p. */
  readonly sample: number;
}

interface Sample {
  readonly rows: readonly number[];
  readonly data: Float32Array;
  readonly n: number;
  readonly d: number;
}

export function sampleOf({ data, n, d }: GpuProblem, model: keyof typeof SAMPLE): Sample {
  const size = Math.min(n, SAMPLE[model]);
  const rows = Array.from({ length: size }, (_, i) => Math.floor((i * n) / size));
  const values = new Float32Array(size * d);
  for (const [i, row] of rows.entries()) values.set(data.subarray(row * d, (row + 1) * d), i * d);
  return { rows, data: values, n: size, d };
}

/** Σ‖x − c‖² over the sample and the nearest of the centroids [k, d]. */
export function sampledInertia(problem: GpuProblem, centroids: ArrayLike<number>): number {
  const { data, n } = sampleOf(problem, 'kmeans');
  const { k, d } = problem;
  const wide = Float64Array.from(centroids);
  let inertia = 0;
  for (let i = 0; i < n; i++) {
    let least = Infinity;
    for (let c = 0; c < k; c++) least = Math.min(least, squaredDistance(data, i * d, wide, c * d, d, least));
    inertia += least;
  }
  return inertia;
}

/** The inertia that the model tells beside that of its labels and centroids, row by row; and the labels of the sample. */
export function judgeKMeans(problem: GpuProblem, { centroids, labels, inertia }: KMeansModel): Judgement {
  const { data, n, d } = problem;
  const wide = Float64Array.from(centroids);
  const costOf = (row: number) => squaredDistance(data, row * d, wide, labels[row] * d, d, Infinity);
  let total = 0;
  for (let row = 0; row < n; row++) total += costOf(row);
  const sampled = sampleOf(problem, 'kmeans').rows.reduce((sum, row) => sum + costOf(row), 0);
  return { told: inertia / total - 1, sample: sampled / sampledInertia(problem, centroids) - 1 };
}

/** @param scores log p of the sample's rows, as the engine has them */
export function judgeMixture(problem: GpuProblem, model: GaussianMixtureModel, scores: Float64Array): Judgement {
  const { data, n } = sampleOf(problem, 'mixture');
  const { k, d, covarianceType, weights, means, covariances } = model;
  const { values } = expectation({ data, n, d }, { k, d, covarianceType, weights, means, covariances });
  const errors = scores.map((score, i) => Math.abs(score - values[i]) / (1 + Math.abs(values[i])));
  const mean = (all: Float64Array) => all.reduce((sum, value) => sum + value, 0) / n;
  return { told: (mean(scores) - mean(values)) / (1 + Math.abs(mean(values))), sample: Math.max(...errors) };
}
