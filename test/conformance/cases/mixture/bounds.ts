/** The bounds that every engine's mixtures are held to, against the float64 reference on the same float32 data. */
import type { Dataset, Engine, GaussianMixtureFitOptions, GaussianMixtureModel } from '../../../../src/index.ts';
import {
  cellsOf,
  correlationCondition,
  covarianceOf,
  criteria,
  expectation,
  isDense,
  jointLogDensities,
  type ReferenceMixture,
  referenceMixture,
} from '../../../reference/mixture.ts';
import { atMost, check, equal, sameValues } from '../../case.ts';
import type { CasePoints } from '../data.ts';

const STATUSES = ['ok', 'regularized', 'reseeded', 'empty'];

function weightsOf({ n, weights }: CasePoints): Float64Array {
  return weights === undefined ? new Float64Array(n).fill(1) : Float64Array.from(weights);
}

export function totalOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}

/** The mean of a value of each row, by the rows' weights. */
export function meanOf(values: ArrayLike<number>, points: CasePoints): number {
  const weights = weightsOf(points);
  return totalOf(weights.map((weight, i) => (weight > 0 ? weight * values[i] : 0))) / totalOf(weights);
}

/** How far a log-density may be off: 1e-6·(|log p| + d + √κ). */
export function logBound(mixture: ReferenceMixture): (logDensity: number) => number {
  const root = Math.sqrt(worstCondition(mixture));
  return (logDensity) => 1e-6 * (Math.abs(logDensity) + mixture.d + root);
}

/** The largest condition of a component's correlations. Very wide ones are held to that of none: no bound is stricter. */
export function worstCondition({ covarianceType, covariances, d }: ReferenceMixture): number {
  if (!isDense(covarianceType) || d > 100) return 1;
  let worst = 1;
  for (let from = 0; from < covariances.length; from += d * d) {
    worst = Math.max(worst, correlationCondition(covariances.subarray(from, from + d * d), d));
  }
  return worst;
}

/** Variance of each feature in each component: [k, d]. */
function variancesOf(mixture: ReferenceMixture): Float64Array {
  const { k, d } = mixture;
  const variances = new Float64Array(k * d);
  for (let c = 0; c < k; c++) {
    const covariance = covarianceOf(mixture, c);
    for (let j = 0; j < d; j++) variances[c * d + j] = covariance[j * (d + 1)];
  }
  return variances;
}

/** √(Σᵢᵢ·Σⱼⱼ) for each entry of `covariances`. */
function scalesOf({ covarianceType, covariances, d }: ReferenceMixture): Float64Array {
  if (!isDense(covarianceType)) return covariances;
  return covariances.map((_, at) => {
    const from = at - (at % (d * d));
    const [i, j] = [Math.floor((at - from) / d), at % d];
    return Math.sqrt(covariances[from + i * d + i] * covariances[from + j * d + j]);
  });
}

/** Weights, means and covariances, each within `tolerance` of its natural scale. */
export function closeParameters(
  actual: ReferenceMixture,
  expected: ReferenceMixture,
  what: string,
  tolerance = 1e-6,
): void {
  const compare = (name: 'weights' | 'means' | 'covariances', scale: (at: number) => number) => {
    equal(actual[name].length, expected[name].length, `${what}: length of the ${name}`);
    expected[name].forEach((value, at) => {
      const difference = Math.abs(actual[name][at] - value);
      atMost(difference, tolerance * scale(at), `${what}: ${name}[${at}] is ${actual[name][at]}, not ${value}`);
    });
  };
  const deviations = variancesOf(expected).map(Math.sqrt);
  const scales = scalesOf(expected);
  compare('weights', () => 1);
  compare('means', (at) => deviations[at]);
  compare('covariances', (at) => scales[at]);
}

/** Shapes and signs: what holds for a mixture of anything. */
export function checkParameters(model: GaussianMixtureModel): void {
  const { k, d, covarianceType, weights, means, covariances, precisionsCholesky } = model;
  const cells = cellsOf(covarianceType, k, d);
  equal(weights.length, k, 'length of the weights');
  equal(means.length, k * d, 'length of the means');
  equal(covariances.length, cells, 'length of the covariances');
  equal(precisionsCholesky.length, cells, 'length of precisionsCholesky');
  check(
    weights.every((weight) => weight >= 0),
    `a weight is no weight: ${weights.join()}`,
  );
  atMost(Math.abs(totalOf(weights) - 1), 1e-12, 'sum of the weights less 1');
  check(means.every(Number.isFinite), 'a mean is not finite');
  check(covariances.every(Number.isFinite), 'a covariance is not finite');
  if (isDense(covarianceType)) checkMatrices(model);
  else {
    covariances.forEach((variance, at) => {
      check(variance > 0, `covariances[${at}] is ${variance}`);
      atMost(Math.abs(precisionsCholesky[at] * Math.sqrt(variance) - 1), 1e-12, `precisionsCholesky[${at}]`);
    });
  }
}

/** Symmetric and positive definite; UᵀΣU is the identity and U upper triangular. */
function checkMatrices({ covariances, precisionsCholesky, d }: GaussianMixtureModel): void {
  for (let from = 0; from < covariances.length; from += d * d) {
    const covariance = covariances.subarray(from, from + d * d);
    const factor = precisionsCholesky.subarray(from, from + d * d);
    const condition = d > 100 ? 1 : correlationCondition(covariance, d);
    check(condition > 0 && condition < Infinity, `covariance ${from / (d * d)} is not positive definite`);
    for (let i = 0; i < d; i++) {
      check(factor[i * d + i] > 0, 'a diagonal entry of precisionsCholesky is not positive');
      for (let j = 0; j < i; j++) {
        equal(covariance[i * d + j], covariance[j * d + i], `covariance ${i}, ${j} and its mirror image`);
        equal(factor[i * d + j], 0, 'precisionsCholesky below its diagonal');
      }
    }
    if (d <= 100) checkInverse(covariance, factor, d, 2 ** -50 * d * d * condition);
  }
}

function checkInverse(covariance: Float64Array, factor: Float64Array, d: number, bound: number): void {
  const product = (a: Float64Array, i: number, b: Float64Array, j: number) => {
    let sum = 0;
    for (let l = 0; l < d; l++) sum += a[l * d + i] * b[l * d + j];
    return sum;
  };
  // Σ is symmetric: its rows are its columns.
  const half = covariance.map((_, at) => product(covariance, Math.floor(at / d), factor, at % d));
  half.forEach((_, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    atMost(Math.abs(product(factor, i, half, j) - (i === j ? 1 : 0)), bound, `UᵀΣU less 1 at ${i}, ${j}`);
  });
}

/** The component that explains each row best, where that is clear. */
export function checkLabels(labels: Uint32Array, points: CasePoints, mixture: ReferenceMixture): void {
  const { k } = mixture;
  equal(labels.length, points.n, 'length of the labels');
  const joint = jointLogDensities(points, mixture);
  const bound = logBound(mixture);
  labels.forEach((label, i) => {
    check(label < k, `label ${label} of row ${i} is no component`);
    const best = joint.subarray(i * k, (i + 1) * k).reduce((a, b) => Math.max(a, b));
    const own = joint[i * k + label];
    atMost(best - own, bound(best) + bound(own), `row ${i} has label ${label}, short of the best by`);
  });
}

export interface FitFacts {
  readonly temperature?: number;
  readonly tolerance?: number;
  readonly maxIterations?: number;
}

/** What holds for every result of a fit: parameters, labels, bounds and the words about them agree. */
export function checkModel(model: GaussianMixtureModel, points: CasePoints, facts: FitFacts = {}): void {
  checkParameters(model);
  checkLabels(model.labels, points, model);
  checkLowerBound(model, points, facts);
  checkConvergence(model, facts);
  equal(model.components.length, model.k, 'number of statuses');
  for (const status of model.components) check(STATUSES.includes(status), `status ${status}`);
}

/** Of the returned parameters: each row within its bound, hence their mean within the mean of these. */
function checkLowerBound(model: GaussianMixtureModel, points: CasePoints, { temperature = 1 }: FitFacts): void {
  equal(model.temperature, temperature, 'temperature');
  equal(model.lowerBounds.length, model.iterations, 'number of bounds');
  equal(model.lowerBound, model.lowerBounds.at(-1), 'the last of the bounds');
  const { values, lowerBound } = expectation(points, model, temperature);
  const bound = meanOf(values.map(logBound(model)), points);
  atMost(Math.abs(model.lowerBound - lowerBound), bound, `lowerBound ${model.lowerBound}, in float64 ${lowerBound}`);
}

function checkConvergence(
  model: GaussianMixtureModel,
  { temperature = 1, tolerance = 1e-3, maxIterations = 100 }: FitFacts,
): void {
  const { lowerBounds, iterations, converged, decreased } = model;
  atMost(iterations, maxIterations, 'iterations');
  if (!converged) equal(iterations, maxIterations, 'iterations of a fit that did not converge');
  if (falls(lowerBounds)) equal(decreased, true, 'decreased, where a bound is below the one before');
  if (!converged || iterations < 2) return;
  check(!falls(lowerBounds.slice(-2)), 'converged, though the last change is a fall');
  const change = Math.abs(lowerBounds[iterations - 1] - lowerBounds[iterations - 2]);
  // The same labels make the same parameters again: what changes is rounding.
  const rounding = temperature === 0 ? 1e-6 * (1 + Math.abs(model.lowerBound)) : 0;
  check(change < tolerance || change <= rounding, `converged, though the last change is ${change}`);
}

/** Whether a bound is below the one before it, beyond rounding. */
export function falls(bounds: ArrayLike<number>): boolean {
  return Array.from(bounds).some((bound, i) => i > 0 && bound < bounds[i - 1] - 1e-6 * (1 + Math.abs(bounds[i - 1])));
}

/** Log-densities and responsibilities against the reference. */
export async function checkDensities(model: GaussianMixtureModel, dataset: Dataset, points: CasePoints): Promise<void> {
  const { n } = points;
  const { k } = model;
  const { responsibilities, values } = expectation(points, model);
  const bound = logBound(model);
  const scores = await model.scoreSamples(dataset);
  const proba = await model.predictProba(dataset);
  equal(scores.length, n, 'length of scoreSamples');
  equal(proba.length, n * k, 'length of predictProba');
  for (let i = 0; i < n; i++) {
    atMost(Math.abs(scores[i] - values[i]), bound(values[i]), `log p of row ${i}: ${scores[i]}, not ${values[i]}`);
    for (let at = i * k; at < (i + 1) * k; at++) {
      const what = `responsibility of ${at % k} for row ${i}: ${proba[at]}, not ${responsibilities[at]}`;
      atMost(Math.abs(proba[at] - responsibilities[at]), 2 * bound(values[i]), what);
    }
    // A float32 sum of k terms is off by up to k − 1 half units, the quotients (2.5 units each) by five more.
    const sum = totalOf(proba.subarray(i * k, (i + 1) * k));
    atMost(Math.abs(sum - 1), (k + 4) * 2 ** -24, `sum of the responsibilities for row ${i} less 1`);
  }
}

/** The methods agree with each other, and the criteria with their formulas. */
export async function checkMethods(
  model: GaussianMixtureModel,
  dataset: Dataset,
  points: CasePoints,
  mixing: 'free' | 'equal' = 'free',
): Promise<void> {
  sameValues(await model.predict(dataset), model.labels, 'predict on the points of the fit');
  const scores = await model.scoreSamples(dataset);
  const mean = meanOf(scores, points);
  atMost(
    Math.abs((await model.score(dataset)) - mean),
    1e-6 * (1 + Math.abs(mean)),
    'score less the mean of scoreSamples',
  );
  await checkCriteria(model, dataset, points, mixing);
}

async function checkCriteria(
  model: GaussianMixtureModel,
  dataset: Dataset,
  points: CasePoints,
  mixing: 'free' | 'equal',
): Promise<void> {
  const expected = criteria(points, model, mixing);
  const { values } = expectation(points, model, 0);
  const bound = 2 * totalOf(weightsOf(points)) * meanOf(values.map(logBound(model)), points);
  for (const name of ['aic', 'bic', 'icl'] as const) {
    const value = await model[name](dataset);
    atMost(Math.abs(value - expected[name]), bound, `${name}: ${value}, not ${expected[name]}`);
  }
}

export type StepOptions = Pick<GaussianMixtureFitOptions, 'mixing' | 'fixed' | 'regularization'> & {
  readonly temperature?: number;
};

/** Parameters in the form of the option `init`. */
export function asInit({ weights, means, covariances }: ReferenceMixture) {
  return { weights, means, covariances };
}

/** One iteration from explicit parameters. */
export async function checkStep(
  engine: Engine,
  dataset: Dataset,
  points: CasePoints,
  start: ReferenceMixture,
  options: StepOptions = {},
): Promise<GaussianMixtureModel> {
  const { k, covarianceType } = start;
  const stop = { maxIterations: 1, tolerance: 0 };
  const model = await engine.gaussianMixture(dataset, { k, covarianceType, init: asInit(start), ...options, ...stop });
  equal(model.k, k, 'k');
  equal(model.d, start.d, 'd');
  equal(model.covarianceType, covarianceType, 'covarianceType');
  equal(model.iterations, 1, 'iterations');
  const expected = referenceMixture(points, start, { ...options, ...stop });
  closeParameters(model, expected.mixture, 'after one iteration');
  const { lowerBound } = expected;
  const difference = Math.abs(model.lowerBound - lowerBound);
  atMost(difference, 1e-6 * (1 + Math.abs(lowerBound)), `lowerBound ${model.lowerBound}, not ${lowerBound}`);
  checkModel(model, points, { ...stop, temperature: options.temperature ?? 1 });
  return model;
}

/** The same bits in all that a fit returns. */
export function sameModels(a: GaussianMixtureModel, b: GaussianMixtureModel): void {
  sameValues(a.weights, b.weights, 'weights');
  sameValues(a.means, b.means, 'means');
  sameValues(a.covariances, b.covariances, 'covariances');
  sameValues(a.precisionsCholesky, b.precisionsCholesky, 'precisionsCholesky');
  sameValues(a.lowerBounds, b.lowerBounds, 'bounds');
  sameValues(a.labels, b.labels, 'labels');
  equal(a.components.join(), b.components.join(), 'statuses');
  equal(a.converged, b.converged, 'converged');
}
