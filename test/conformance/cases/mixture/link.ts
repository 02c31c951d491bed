/** k-means is the tied-spherical mixture of equal weights at temperature zero. */
import type { Engine, GaussianMixtureModel, KMeansModel } from '../../../../src/index.ts';
import { assign, moments } from '../../../reference/kmeans.ts';
import { cellsOf, maximization, type ReferenceMixture } from '../../../reference/mixture.ts';
import { atMost, type ConformanceCase, check, equal, sameValues, withEngine } from '../../case.ts';
import { checkModel as checkKMeans, upload } from '../bounds.ts';
import { blobs, type CasePoints, lattice, rowsAt, spacedRows } from '../data.ts';
import { checkDensities, checkMethods, checkParameters, closeParameters } from './bounds.ts';
import { covarianceTypes, weighted } from './data.ts';

const hard = { covarianceType: 'tied-spherical', mixing: 'equal', temperature: 0, tolerance: 0 } as const;

/** The largest difference of a mean from its centroid, in standard deviations of the feature. */
function distance(model: GaussianMixtureModel, lloyd: KMeansModel, points: CasePoints): number {
  const deviations = moments(points).variance.map(Math.sqrt);
  return model.means.reduce((largest, mean, at) => {
    return Math.max(largest, Math.abs(mean - lloyd.centroids[at]) / deviations[at % points.d]);
  }, 0);
}

/** After each of the first iterations, the labels and the centroids of k-means. */
async function checkIterations(engine: Engine, points: CasePoints, means: Float64Array, count = 6): Promise<void> {
  const k = means.length / points.d;
  const dataset = await upload(engine, points);
  for (let maxIterations = 1; maxIterations <= count; maxIterations++) {
    const init = { data: means, shape: [k, points.d] as const };
    const lloyd = await engine.kmeans(dataset, { k, init, maxIterations, tolerance: 0 });
    equal(lloyd.iterations, maxIterations, 'the case is not fair: iterations of k-means');
    const mixture = await engine.gaussianMixture(dataset, { ...hard, k, init: { means }, maxIterations });
    equal(mixture.iterations, maxIterations, 'iterations');
    sameValues(mixture.labels, lloyd.labels, `labels after ${maxIterations} iterations`);
    atMost(distance(mixture, lloyd, points), 1e-6, `difference of the means after ${maxIterations} iterations`);
    checkParameters(mixture);
  }
}

/** The hard assignment of k-means as a mixture: its M-step, not regularized. */
function asMixture(
  lloyd: KMeansModel,
  points: CasePoints,
  covarianceType: ReferenceMixture['covarianceType'],
): ReferenceMixture {
  const { k, d, centroids, labels } = lloyd;
  const responsibilities = new Float64Array(points.n * k);
  labels.forEach((label, i) => {
    responsibilities[i * k + label] = 1;
  });
  const covariances = new Float64Array(cellsOf(covarianceType, k, d));
  const before = { k, d, covarianceType, weights: new Float64Array(k), means: centroids, covariances };
  return maximization(points, responsibilities, before, { regularization: 0 });
}

const overlapping = blobs({ n: 1501, d: 3, groups: 12, spread: 3, seed: 401 });

export const link: readonly ConformanceCase[] = [
  withEngine('the link: hard, tied-spherical and equal is k-means, iteration by iteration', async (engine) => {
    await checkIterations(engine, overlapping, spacedRows(overlapping, 9));
    const wide = blobs({ n: 701, d: 17, groups: 7, spread: 0.5, seed: 403 });
    await checkIterations(engine, wide, spacedRows(wide, 5));
  }),
  withEngine('the link: far from the origin, with weights', async (engine) => {
    const far = blobs({ n: 1501, d: 3, groups: 12, spread: 3, offset: 1e4, seed: 405 });
    const heavy = weighted(far, (i) => (i % 5) / 3);
    await checkIterations(engine, heavy, spacedRows(heavy, 9));
  }),
  withEngine('the link: empty clusters take the same points', async (engine) => {
    const means = new Float64Array(9 * 3).fill(1e4);
    means.set(rowsAt(overlapping, [1, 2, 3, 4, 5, 6]));
    for (const at of [21, 24]) means[at] += at;
    await checkIterations(engine, overlapping, means);
  }),
  withEngine('the link: rows that are as near to one mean as to another go to the lower index', async (engine) => {
    const corners = [
      { points: lattice(11, 2), rows: [0, 10, 110, 120] },
      { points: lattice(7, 3), rows: [0, 6, 42, 48, 294, 300, 336, 342] },
    ];
    for (const { points, rows } of corners) {
      const means = rowsAt(points, rows);
      const { distances, seconds } = assign(points, means);
      const ties = distances.filter((distance, i) => distance === seconds[i]).length;
      check(ties > 10, `the case is not fair: ${ties} ties`);
      await checkIterations(engine, points, means, 1);
    }
  }),
  withEngine('the link: as the temperature falls, the soft fit tends to k-means', async (engine) => {
    const points = blobs({ n: 901, d: 2, groups: 4, spread: 4, seed: 407 });
    const means = spacedRows(points, 4);
    const dataset = await upload(engine, points);
    const init = { data: means, shape: [4, 2] as const };
    const lloyd = await engine.kmeans(dataset, { k: 4, init, tolerance: 0 });
    const distances: number[] = [];
    for (const temperature of [1, 0.1, 0.01, 1e-3, 1e-4, 1e-6]) {
      const options = { ...hard, k: 4, init: { means }, temperature, maxIterations: 200, tolerance: 1e-9 };
      distances.push(distance(await engine.gaussianMixture(dataset, options), lloyd, points));
    }
    check(distances[0] > 1e-2, `the case is not fair: at temperature 1 the distance is ${distances[0]}`);
    for (let i = 1; i < distances.length; i++) {
      check(
        distances[i] <= distances[i - 1] + 1e-6,
        `the distance rises as the temperature falls: ${distances.join()}`,
      );
    }
    atMost(distances.at(-1)!, 1e-6, 'the last distance');
  }),
  ...covarianceTypes.map((covarianceType) =>
    withEngine(`the link: toGaussianMixture, ${covarianceType}`, async (engine) => {
      // So large that the regularization of a fit is below rounding.
      const points = weighted(
        { ...overlapping, data: overlapping.data.map((value) => 64 * value) as typeof overlapping.data },
        (i) => 1 + (i % 3),
      );
      const dataset = await upload(engine, points);
      const lloyd = await engine.kmeans(dataset, { k: 7, tolerance: 0 });
      equal(lloyd.converged, true, 'converged');
      const mixture = await lloyd.toGaussianMixture(dataset, { covarianceType });
      equal(mixture.covarianceType, covarianceType, 'covarianceType');
      checkParameters(mixture);
      closeParameters(mixture, asMixture(lloyd, points, covarianceType), 'the assignment as a mixture');
      await checkDensities(mixture, dataset, points);
      const total = lloyd.counts.reduce((sum, count) => sum + count, 0);
      sameValues(
        mixture.weights,
        lloyd.counts.map((count) => count / total),
        'weights',
      );
      if (covarianceType !== 'tied-spherical') return;
      const variance = lloyd.inertia / (3 * total);
      atMost(Math.abs(mixture.covariances[0] / variance - 1), 1e-6, 'σ² less inertia / (d·Σcounts), in units of that');
      const [bic, expected] = [await mixture.bic(dataset), await lloyd.bic(dataset)];
      atMost(Math.abs(bic - expected), 1e-6 * Math.abs(expected), `bic ${bic}, that of k-means ${expected}`);
    }),
  ),
  withEngine('the link: toKMeans gives the means back as centroids', async (engine) => {
    const dataset = await upload(engine, overlapping);
    const lloyd = await engine.kmeans(dataset, { k: 5, tolerance: 0 });
    const mixture = await lloyd.toGaussianMixture(dataset, { covarianceType: 'tied-spherical' });
    const back = await mixture.toKMeans(dataset);
    checkKMeans(back, overlapping, 5);
    sameValues(back.centroids, mixture.means, 'centroids');
    sameValues(back.labels, lloyd.labels, 'labels');
    const fit = await engine.gaussianMixture(dataset, { k: 5, covarianceType: 'full' });
    const nearest = await fit.toKMeans(dataset);
    checkKMeans(nearest, overlapping, 5);
    sameValues(nearest.centroids, fit.means, 'centroids of a full mixture');
    await checkMethods(fit, dataset, overlapping);
  }),
];
