/** Data that a component can collapse on. Never NaN, never a throw, and the model says what was done. */
import type { CovarianceType, Engine, GaussianMixtureFitOptions, GaussianMixtureModel } from '../../../../src/index.ts';
import { atMost, type ConformanceCase, check, equal, sameValues, withEngine } from '../../case.ts';
import { upload } from '../bounds.ts';
import { blobs, type CasePoints, mapped, rowsAt } from '../data.ts';
import { checkModel, checkParameters, meanOf, totalOf } from './bounds.ts';
import { covarianceTypes } from './data.ts';

type Options = Omit<GaussianMixtureFitOptions, 'k' | 'covarianceType'>;

/** The fit of one type, and all that must hold of it and of its methods though nothing is known of the data. */
async function checkFit(
  engine: Engine,
  points: CasePoints,
  k: number,
  covarianceType: CovarianceType,
  options: Options = {},
): Promise<GaussianMixtureModel> {
  const dataset = await upload(engine, points);
  const model = await engine.gaussianMixture(dataset, { k, covarianceType, maxIterations: 12, ...options });
  checkParameters(model);
  const { lowerBounds, iterations, converged } = model;
  check(lowerBounds.every(Number.isFinite), `bounds ${lowerBounds.join()}`);
  equal(lowerBounds.length, iterations, 'number of bounds');
  equal(model.lowerBound, lowerBounds[iterations - 1], 'the last of the bounds');
  if (!converged) equal(iterations, 12, 'iterations of a fit that did not converge');
  const scores = await model.scoreSamples(dataset);
  check(scores.every(Number.isFinite), 'a log-density is not finite');
  const proba = await model.predictProba(dataset);
  for (let i = 0; i < points.n; i++) {
    const sum = totalOf(proba.subarray(i * k, (i + 1) * k));
    atMost(Math.abs(sum - 1), (k + 4) * 2 ** -24, `sum of the responsibilities for row ${i} less 1`);
  }
  sameValues(await model.predict(dataset), model.labels, 'predict on the points of the fit');
  const mean = meanOf(scores, points);
  atMost(
    Math.abs((await model.score(dataset)) - mean),
    1e-6 * (1 + Math.abs(mean)),
    'score less the mean of scoreSamples',
  );
  for (const name of ['aic', 'bic', 'icl'] as const) {
    check(Number.isFinite(await model[name](dataset)), `${name} is not finite`);
  }
  return model;
}

/** Each of the rows this often, in turn. */
function copies(points: CasePoints, times: number): CasePoints {
  const order = Array.from({ length: points.n * times }, (_, i) => i % points.n);
  return { data: Float32Array.from(rowsAt(points, order)), n: order.length, d: points.d };
}

const seven = mapped(blobs({ n: 7, d: 3, groups: 7, seed: 411 }), (value) => value / 3);
const flat = mapped(blobs({ n: 301, d: 4, groups: 3, seed: 413 }), (value, j) => (j === 1 ? 123456.7 : value));
const few = blobs({ n: 9, d: 17, groups: 2, seed: 415 });
/** The third feature is the sum of the others, but for float32's rounding: on the grid there is none. */
const dependent = ((): CasePoints => {
  const points = blobs({ n: 301, d: 3, groups: 3, seed: 417 });
  for (let i = 0; i < points.n; i++) points.data[3 * i + 2] = points.data[3 * i] + points.data[3 * i + 1];
  return points;
})();
const equalRows = mapped({ data: new Float32Array(3 * 101), n: 101, d: 3 }, (_, j) => [0.1, 1e5, -7][j]);

/** Everything with scikit-learn's regularization, and with none. */
const regularizations = [1e-6, 0];

const ofEveryType = covarianceTypes.flatMap((type) => [
  withEngine(`collapse: ${type}, all points equal`, async (engine) => {
    for (const regularization of regularizations) {
      for (const k of [1, 3]) {
        const model = await checkFit(engine, equalRows, k, type, { regularization });
        for (let at = 0; at < 3 * k; at++) equal(model.means[at], equalRows.data[at % 3], `means[${at}]`);
        check(model.components[0] === 'regularized', `statuses ${model.components.join()}`);
      }
    }
  }),
  withEngine(`collapse: ${type}, more components than distinct points`, async (engine) => {
    const points = copies(seven, 43);
    for (const init of ['kmeans', 'random-from-data', 'random'] as const) {
      await checkFit(engine, points, 10, type, { init });
    }
    await checkFit(engine, points, 10, type, { regularization: 0 });
    await checkFit(engine, points, 10, type, { regularization: 0, temperature: 0 });
  }),
  withEngine(`collapse: ${type}, features of zero variance and dependent ones`, async (engine) => {
    for (const regularization of regularizations) {
      const constant = await checkFit(engine, flat, 3, type, { regularization });
      for (const at of [1, 5, 9]) equal(constant.means[at], flat.data[1], 'mean of a constant feature');
      await checkFit(engine, dependent, 3, type, { regularization });
    }
  }),
  withEngine(`collapse: ${type}, fewer points than features`, async (engine) => {
    for (const regularization of regularizations) {
      await checkFit(engine, few, 2, type, { regularization });
      await checkFit(engine, few, 9, type, { regularization, temperature: 0 });
    }
  }),
  withEngine(`collapse: ${type}, components that no point is near to`, async (engine) => {
    const points = blobs({ n: 301, d: 3, groups: 3, seed: 419 });
    const means = new Float64Array(12).fill(1e6);
    means.set(rowsAt(points, [0, 1]));
    means[11] = -1e6;
    for (const temperature of [1, 0, 0.5]) {
      const options = { init: { means }, temperature, maxIterations: 40, tolerance: 1e-6 } as const;
      const model = await engine.gaussianMixture(await upload(engine, points), {
        k: 4,
        covarianceType: type,
        ...options,
      });
      checkModel(model, points, options);
      for (const c of [2, 3]) {
        const status = model.components[c];
        check(status !== 'ok', `component ${c}, which had no weight, is ok`);
        check(status === 'empty' || model.weights[c] > 0, `component ${c} is ${status} and has no weight`);
      }
      // A hard one of the weight of one row may lose that row again.
      const kept = temperature === 0 || !model.components.includes('empty');
      check(kept, `a component stayed empty: ${model.components.join()}`);
    }
  }),
]);

const short = blobs({ n: 61, d: 2, groups: 3, seed: 427 });
const unlike = mapped(short, (value, j) => value * [1e30, 1e-12][j]);

/** Squares, or factors, that are no numbers in float32. */
const beyond = (['full', 'tied', 'diag', 'spherical'] as const).map((type) =>
  withEngine(`collapse: ${type}, beyond float32`, async (engine) => {
    await checkFit(engine, unlike, 3, type);
    await checkFit(engine, short, 3, type, { regularization: 1e300 });
    await checkFit(engine, short, 3, type, { init: { means: [1e20, 0, 1e20, 1, 1e25, 0] } });
    const means = [0, 0, 5, 5, 10, 10];
    const one = { full: [1e-42, 0, 0, 1e-42], tied: [1e-42, 0, 0, 1e-42], diag: [1e-42, 1e-42], spherical: [1e-42] }[
      type
    ];
    const covariances = type === 'tied' ? one : [one, one, one].flat();
    await checkFit(engine, short, 3, type, { fixed: ['covariances'], init: { means, covariances } });
  }),
);

const far = blobs({ n: 301, d: 2, groups: 3, spread: 40, seed: 425 });

export const collapse: readonly ConformanceCase[] = [
  ...ofEveryType,
  ...beyond,
  withEngine('collapse: a component that was moved finds the group that was missed', async (engine) => {
    const means = new Float64Array(6).fill(1e6);
    means.set(rowsAt(far, [0, 1]));
    const dataset = await upload(engine, far);
    for (const covarianceType of ['full', 'diag', 'spherical'] as const) {
      const model = await engine.gaussianMixture(dataset, { k: 3, covarianceType, init: { means } });
      checkModel(model, far);
      equal(model.components.join(), 'ok,ok,reseeded', `${covarianceType}: statuses`);
      check(new Set(model.labels.slice(0, 3)).size === 3, `${covarianceType}: two groups have one component`);
      model.labels.forEach((label, i) => {
        equal(label, model.labels[i % 3], `${covarianceType}: label of row ${i}`);
      });
    }
  }),
  withEngine('collapse: a component that may not be moved stays empty', async (engine) => {
    const means = new Float64Array(6).fill(1e6);
    means.set(rowsAt(far, [0, 1]));
    const dataset = await upload(engine, far);
    for (const temperature of [1, 0]) {
      const facts = { temperature, maxIterations: 10 };
      const options = { k: 3, covarianceType: 'diag', init: { means }, fixed: ['means'], ...facts } as const;
      const model = await engine.gaussianMixture(dataset, options);
      checkModel(model, far, facts);
      equal(model.components.join(), 'ok,ok,empty', 'statuses');
      equal(model.weights[2], 0, 'weight');
      sameValues(model.means, means, 'means');
      sameValues(
        (await model.predictProba(dataset)).filter((_, at) => at % 3 === 2),
        new Float32Array(far.n),
        'its share',
      );
    }
  }),
  withEngine('collapse: a bound that falls is reported, and is no convergence', async (engine) => {
    const dataset = await upload(engine, far);
    const options = { k: 3, nInit: 3, tolerance: 1e3 };
    const best = await engine.gaussianMixture(dataset, { ...options, regularization: 0 });
    // Regularization adds a variance of 10 to one of 1.
    const again = { ...options, init: best, regularization: 10 };
    const fallen = await engine.gaussianMixture(dataset, { ...again, maxIterations: 1 });
    check(fallen.lowerBound < best.lowerBound - 0.1, 'the case is not fair: the bound does not fall');
    equal(fallen.decreased, true, 'decreased');
    equal(fallen.converged, false, 'converged');
    const whole = await engine.gaussianMixture(dataset, again);
    equal(whole.iterations, 2, 'iterations');
    equal(whole.decreased, true, 'decreased');
    equal(whole.converged, true, 'converged');
  }),
];
