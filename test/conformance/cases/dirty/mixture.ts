/** Mixtures of groups that lie far apart, of rows far from everything, and of correlations near 1. */
import { type CovarianceType, type Engine, GaussianMixtureModel } from '../../../../src/index.ts';
import { inLayout, isTied, type ReferenceMixture, referenceMixture } from '../../../reference/mixture.ts';
import { atMost, type ConformanceCase, check, equal, withEngine } from '../../case.ts';
import { asInput, upload } from '../bounds.ts';
import { type CasePoints, normals, uniforms } from '../data.ts';
import { asInit, checkModel, checkStep, closeParameters } from '../mixture/bounds.ts';
import { isFine } from './oracle.ts';
import { checkDensities, gaussians, nearGaussians } from './rows.ts';

export interface Groups {
  /** Where the groups lie. */
  readonly centres: readonly number[];
  /** How wide each of them is. */
  readonly width: number;
  readonly offset: number;
  readonly covarianceType: CovarianceType;
  readonly seed: number;
}

/** Rows of two features, the first of which tells the groups apart. */
function groupsOf({ centres, width, offset, seed }: Groups): CasePoints & { readonly means: number[][] } {
  const n = 60 * centres.length;
  const uniform = uniforms(seed);
  const data = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    data[2 * i] = offset + centres[i % centres.length] + width * uniform();
    data[2 * i + 1] = width * uniform();
  }
  return { data, n, d: 2, means: centres.map((centre) => [offset + centre + width / 2, width / 2]) };
}

/** What k-means tells apart, a mixture from its centroids does too: each group is a component, with its own moments. */
export async function checkGroups(engine: Engine, backend: 'cpu' | 'webgpu', groups: Groups): Promise<void> {
  const { centres, width, offset, covarianceType } = groups;
  const points = groupsOf(groups);
  const k = centres.length;
  const dataset = await engine.upload(asInput(points));
  if (backend === 'webgpu' && !isFine(dataset.rounding)) {
    const model = await engine.gaussianMixture(dataset, { k, covarianceType, init: { means: points.means } });
    check(model.means.every(Number.isFinite), 'a mean is not finite');
    dataset.destroy();
    return;
  }
  const precise = !isFine(dataset.rounding);
  const start = await engine.kmeans(dataset, { k, init: points.means });
  check(
    start.counts.every((count) => count === 60),
    `k-means has not told the groups apart: ${start.counts.join()}`,
  );
  const options = { k, covarianceType, maxIterations: 3, tolerance: 0, regularization: 0 } as const;
  const models = {
    toGaussianMixture: await start.toGaussianMixture(dataset, { covarianceType }),
    'from k-means': await engine.gaussianMixture(dataset, { ...options, init: start }),
    'from means': await engine.gaussianMixture(dataset, { ...options, init: { means: points.means } }),
  };
  for (const [name, model] of Object.entries(models)) {
    check(!model.components.includes('empty'), `${name}: components ${model.components.join()}`);
    for (let c = 0; c < k; c++) {
      atMost(Math.abs(model.weights[c] - 1 / k), 1e-9, `${name}: weight ${c} is ${model.weights[c]}: difference`);
      const expected = momentsOf(points, c, k);
      const away = Math.abs(centres[c] - centres[0]) + Math.abs(centres[c] - centres[k - 1]);
      // The engine's values: float32 about the shift, or all of their digits.
      const rounding = (precise ? 2 ** -47 : 2 ** -24) * (away + 2 * width) + 2 ** -52 * Math.abs(offset + centres[c]);
      expected.mean.forEach((value, j) => {
        const bound = 1e-6 * Math.sqrt(expected.variance[j]) + rounding;
        atMost(Math.abs(model.means[2 * c + j] - value), bound, `${name}: mean ${c}, feature ${j}: difference`);
      });
      if (covarianceType !== 'full' && covarianceType !== 'diag') continue;
      expected.variance.forEach((value, j) => {
        const found = model.covariances[covarianceType === 'full' ? 4 * c + 3 * j : 2 * c + j];
        const bound = 2e-6 * value + rounding * (2 * width + rounding);
        // The method adds what a fit adds by default.
        const added = name === 'toGaussianMixture' ? 1e-6 : 0;
        atMost(Math.abs(found - value), bound + added, `${name}: variance ${c}, feature ${j}: ${found}, not ${value}`);
      });
    }
  }
  equal(models['from means'].labels.join(), start.labels.join(), 'labels');
  dataset.destroy();
}

/** Mean and variance of the rows of one group, about its first row. */
function momentsOf({ data, n }: CasePoints, c: number, k: number): { mean: number[]; variance: number[] } {
  const columns = [0, 1].map((j) => Array.from({ length: n / k }, (_, i) => data[2 * (i * k + c) + j]));
  const mean = columns.map((values) => values[0] + values.reduce((sum, x) => sum + (x - values[0]), 0) / values.length);
  const variance = columns.map((values, j) => values.reduce((sum, x) => sum + (x - mean[j]) ** 2, 0) / values.length);
  return { mean, variance };
}

/** Measurements in groups, and rows that are none in a component of their own; some rows of weight 0 hold anything. */
export function drawStep(covarianceType: CovarianceType, value: number, seed: number) {
  const uniform = uniforms(seed);
  const normal = normals(seed + 1);
  const [n, d, k] = [240, 2, 3];
  const data = new Float64Array(n * d);
  const weights = new Float32Array(n).fill(1);
  const grid = (x: number) => Math.round(64 * x) / 64;
  for (let i = 0; i < n; i++) {
    const c = i % 8 === 7 ? 2 : i % 2;
    // Wide enough that the rounding of float32 is nothing beside it.
    const [centre, width] = c === 2 ? [value, Math.abs(value) / 16] : [280 + 16 * c, 2];
    for (let j = 0; j < d; j++) data[i * d + j] = grid(centre + width * normal());
    if (i % 30 === 29) {
      weights[i] = 0;
      data.fill([2147483647, 1e20, -1e150, 5e-324][Math.floor(4 * uniform())], i * d, (i + 1) * d);
    }
  }
  const size = (value / 8) ** 2;
  // What all share has to hold the widest.
  const variances = isTied(covarianceType) ? [size, size, size] : [5, 7, size];
  const full = variances.map((variance) => Float64Array.of(variance, variance / 4, variance / 4, variance));
  const means = Float64Array.of(281, 280, 295, 297, value, value * (1 + 2 ** -6));
  const start: ReferenceMixture = {
    ...{ k, d, covarianceType, means },
    weights: Float64Array.of(0.5, 0.375, 0.125),
    covariances: inLayout(covarianceType, full, d),
  };
  return { points: { data, n, d, weights }, start };
}

/** Rows drawn from two features of a correlation near 1, on a grid that float32 holds. */
export function correlated(correlation: number, seed: number): { points: CasePoints; model: GaussianMixtureModel } {
  const uniform = uniforms(seed);
  const normal = normals(seed + 1);
  const mean = [10 * uniform(), 10 * uniform()].map((x) => Math.round(100 * x) / 100);
  const n = 60;
  const data = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const [a, b] = [normal(), normal()];
    const pair = [a, correlation * a + Math.sqrt(1 - correlation ** 2) * b];
    pair.forEach((x, j) => {
      data[2 * i + j] = Math.round(128 * (mean[j] + 3 * x)) / 128;
    });
  }
  const model = GaussianMixtureModel.fromParameters({
    covarianceType: 'full',
    weights: [1],
    means: [mean],
    covariances: [1, correlation, correlation, 1],
  });
  return { points: { data, n, d: 2 }, model };
}

/** Rows near a mixture and rows up to 1e150 from it, as one dataset, where they count and where they do not. */
export async function checkFarDensities(engine: Engine, backend: 'cpu' | 'webgpu'): Promise<void> {
  const near = nearGaussians();
  const far = [1e15, 1e20, 9.96921e36, -3.4028234663852886e38, 1e100, -1e150].flatMap((x) => [x, 0, 280, x]);
  const points = { data: Float64Array.of(...near.data, ...far), n: near.n + far.length / 2, d: 2 };
  const weights = Float32Array.from({ length: points.n }, (_, i) => +(i < near.n));
  const diagonal = GaussianMixtureModel.fromParameters({
    covarianceType: 'diag',
    weights: [0.5, 0.5],
    means: [
      [0, 0],
      [5, 5],
    ],
    covariances: [1, 1, 2, 1],
  });
  for (const given of [
    { ...points, weights: undefined },
    { ...points, weights },
  ]) {
    const dataset = await upload(engine, given);
    if (backend === 'cpu' || isFine(dataset.rounding)) {
      for (const model of [gaussians, diagonal]) {
        await checkDensities(model, points, {
          labels: await model.predict(dataset),
          scores: await model.scoreSamples(dataset),
          proba: await model.predictProba(dataset),
        });
      }
    } else check(given.weights === undefined, 'rows of weight 0 have made the others coarse');
    dataset.destroy();
  }
}

const TYPES = ['full', 'diag', 'spherical', 'tied-diag'] as const;

export const mixture: readonly ConformanceCase[] = [
  withEngine(
    'dirty: a mixture tells apart what k-means does, however far another group is',
    async (engine, { backend }) => {
      for (const [far, offset] of [
        [1e4, 0],
        [1e9, 0],
        [-1e12, 1000],
        [1e9, 1.76e12],
      ]) {
        for (const covarianceType of backend === 'cpu' ? TYPES : (['diag'] as const)) {
          await checkGroups(engine, backend, { centres: [0, 10, far], width: 1, offset, covarianceType, seed: 101 });
        }
      }
    },
  ),
  withEngine('dirty: a step of EM beside rows that are no measurement', async (engine, { backend }) => {
    for (const covarianceType of TYPES) {
      for (const value of [-9999, 2147483647, 1e15, -1e20]) {
        const { points, start } = drawStep(covarianceType, value, 103);
        const dataset = await upload(engine, points);
        if (backend === 'cpu' || isFine(dataset.rounding)) {
          await checkStep(engine, dataset, points, start);
          await checkTenSteps(engine, points, start);
        }
        dataset.destroy();
      }
    }
  }),
  withEngine('dirty: densities of rows up to 1e150', (engine, { backend }) => checkFarDensities(engine, backend)),
  withEngine('dirty: densities at correlations near 1', async (engine) => {
    for (const [i, correlation] of [0.999995, -0.9999, 0.9999967].entries()) {
      const { points, model } = correlated(correlation, 107 + i);
      const dataset = await engine.upload(asInput(points));
      await checkDensities(model, points, {
        labels: await model.predict(dataset),
        scores: await model.scoreSamples(dataset),
        proba: await model.predictProba(dataset),
      });
      dataset.destroy();
    }
  }),
];

/** Ten iterations: what holds for every result, and the reference's own fit. */
export async function checkTenSteps(engine: Engine, points: CasePoints, start: ReferenceMixture): Promise<void> {
  const { k, covarianceType } = start;
  const dataset = await upload(engine, points);
  const stop = { maxIterations: 10, tolerance: 0 };
  const model = await engine.gaussianMixture(dataset, { k, covarianceType, init: asInit(start), ...stop });
  checkModel(model, points, stop);
  const expected = referenceMixture(points, start, stop);
  closeParameters(model, expected.mixture, 'after ten iterations', 1e-5);
  const { lowerBound } = expected;
  atMost(Math.abs(model.lowerBound - lowerBound), 1e-5 * (1 + Math.abs(lowerBound)), 'lowerBound: difference');
  dataset.destroy();
}
