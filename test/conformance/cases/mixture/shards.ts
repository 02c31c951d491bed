/** What must not change a bit: the same call again, points split over several buffers. And the order of rows. */
import type { Engine, GaussianMixtureFitOptions } from '../../../../src/index.ts';
import { type ConformanceCase, type ConformanceContext, check, equal, sameValues, withEngine } from '../../case.ts';
import { upload } from '../bounds.ts';
import { type CasePoints, permutation, rowsAt } from '../data.ts';
import { asInit, checkModel, closeParameters, sameModels } from './bounds.ts';
import { covarianceTypes, draw, weighted } from './data.ts';

/** Rows that shards are multiples of. */
const GRANULE = 4096;
const n = 3 * GRANULE + 77;

interface Fit {
  readonly what: string;
  readonly points: CasePoints;
  readonly options: GaussianMixtureFitOptions;
}

const stop = { maxIterations: 3, tolerance: 0 };

function fitOf(covarianceType: (typeof covarianceTypes)[number], d: number, k: number, more: object = {}): Fit {
  const { points, start } = draw({ covarianceType, n, d, k, condition: 100, seed: 431 });
  const options = { k, covarianceType, init: asInit(start), ...stop, ...more };
  return { what: `${covarianceType}, d = ${d}, k = ${k}`, points, options };
}

const small = fitOf('full', 2, 3);
const seeded = (init: 'kmeans' | 'k-means++' | 'random'): Fit => {
  const fit = fitOf('full', 3, 3);
  return { ...fit, what: init, options: { ...fit.options, init, seed: 1 } };
};
const fits: readonly Fit[] = [
  fitOf('full', 3, 5),
  fitOf('full', 17, 2),
  fitOf('tied', 3, 5),
  fitOf('spherical', 3, 5),
  fitOf('diag', 33, 7),
  { ...small, what: 'weights', points: weighted(small.points, (i) => (i % 5) / 3) },
  { ...small, what: 'temperature 0', options: { ...small.options, temperature: 0 } },
  seeded('kmeans'),
  seeded('k-means++'),
  seeded('random'),
];

async function outcome(engine: Engine, { points, options }: Fit) {
  const dataset = await upload(engine, points);
  const model = await engine.gaussianMixture(dataset, options);
  const proba = await model.predictProba(dataset);
  const scores = await model.scoreSamples(dataset);
  return { dataset, model, proba, scores, score: await model.score(dataset) };
}

/** The whole, the whole again, shards of one granule, and of two. */
async function checkChunks(context: ConformanceContext, fit: Fit): Promise<void> {
  const engine = await context.createEngine();
  const { dataset, ...whole } = await outcome(engine, fit);
  const { temperature = 1 } = fit.options;
  checkModel(whole.model, fit.points, { ...stop, temperature: temperature as number });
  sameModels(await engine.gaussianMixture(dataset, fit.options), whole.model);
  for (const granules of [1, 2]) {
    const before = context.liveBuffers?.() ?? 0;
    const bindingLimit = granules * GRANULE * fit.points.d * 4;
    const chunked = await outcome(await context.createEngine({ bindingLimit }), fit);
    const buffers = (context.liveBuffers?.() ?? 0) - before;
    if (context.backend === 'webgpu')
      check(buffers >= 4 / granules, `${buffers} buffers are not ${4 / granules} shards`);
    sameModels(chunked.model, whole.model);
    sameValues(chunked.proba, whole.proba, 'predictProba');
    sameValues(chunked.scores, whole.scores, 'scoreSamples');
    equal(chunked.score, whole.score, 'score');
  }
}

export const shards: readonly ConformanceCase[] = [
  ...fits.map((fit) => ({
    name: `mixture: again, and from several buffers, the same bits: ${fit.what}`,
    run: (context: ConformanceContext) => checkChunks(context, fit),
  })),
  withEngine('mixture: permuted rows have the labels of their rows', async (engine) => {
    for (const covarianceType of covarianceTypes) {
      const { points, start } = draw({ covarianceType, n: 1501, d: 3, k: 4, condition: 100, seed: 433 });
      const order = permutation(points.n, 435);
      const shuffled = { ...points, data: Float32Array.from(rowsAt(points, order)) };
      const options = { k: 4, covarianceType, init: asInit(start), maxIterations: 3, tolerance: 0 };
      const plain = await engine.gaussianMixture(await upload(engine, points), options);
      const other = await engine.gaussianMixture(await upload(engine, shuffled), options);
      closeParameters(other, plain, `${covarianceType}, rows permuted`);
      const expected = Uint32Array.from(order, (row) => plain.labels[row]);
      sameValues(other.labels, expected, `${covarianceType}: labels`);
    }
  }),
];
