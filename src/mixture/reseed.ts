import { owns } from '../check.ts';
import type { EngineDataset, MixtureWorkspace, WeightedRow } from '../engine/contract.ts';
import { worstRows } from '../kmeans/worst-rows.ts';
import { resultOf, type Steps } from '../steps.ts';
import type { BlockwisePoints } from './expectation.ts';
import { formOf } from './forms/index.ts';
import { NO_WEIGHT, type Update, type UpdateRules } from './maximize.ts';
import type { Parameters } from './parameters.ts';

/** A component that loses all weight again and again has nothing to be for. */
const MAX_RESEEDS = 10;
/** Rows nearer to the mean of their component than this share of a usual deviation, and of the mean, lie on it. */
const ON_THE_MEAN = 4e-7;

/**
 * Moves components without weight, in index order, to distinct rows of positive weight that the mixture explains worst:
 * what k-means does with the farthest rows. Such a component gets the weight of its row and the mean covariance of the
 * others, so that the bound hardly changes. `empty` of the result are those that stay without.
 */
export function* reseedEmpty(
  points: EngineDataset | BlockwisePoints,
  workspace: MixtureWorkspace,
  update: Update,
  previous: Parameters,
  rules: UpdateRules,
  temperature: number,
  reseeds: Uint32Array,
): Steps<Update> {
  const fixedWeights = rules.fixed.includes('weights');
  const movable = update.empty.filter((c) => reseeds[c] < MAX_RESEEDS && !(fixedWeights && previous.weights[c] === 0));
  if (movable.length === 0 || rules.fixed.includes('means')) return update;
  const { d, totalWeight } = points;
  const rows = owns(points, 'worstExplained')
    ? yield* resultOf(points.worstExplained(previous, temperature, rules.variances, movable.length))
    : yield* worstExplained(points, workspace, previous.means, rules.variances, totalWeight, movable.length);
  const taken = movable.slice(0, rows.length);
  const means = update.parameters.means.slice();
  let { weights } = update.parameters;
  rows.forEach(({ values }, i) => {
    means.set(values, taken[i] * d);
    reseeds[taken[i]]++;
  });
  if (rules.mixing === 'free' && !fixedWeights) {
    weights = weights.slice();
    rows.forEach(({ weight }, i) => {
      weights[taken[i]] = weight / totalWeight;
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    weights = weights.map((weight) => weight / sum);
  }
  const parameters = { ...update.parameters, means, weights };
  return {
    ...update,
    parameters: rules.fixed.includes('covariances')
      ? parameters
      : yield* withMeanCovariance(parameters, taken, update.empty),
    empty: update.empty.filter((c) => !taken.includes(c)),
  };
}

/** See `BlockwisePoints.worstExplained`, of rows that are all of them, or some of those of that weight. */
export function* worstExplained(
  dataset: EngineDataset,
  workspace: MixtureWorkspace,
  means: Float64Array,
  variances: Float64Array,
  totalWeight: number,
  wanted: number,
): Steps<WeightedRow[]> {
  const { d, weights } = dataset;
  const labels = yield* resultOf(workspace.labels());
  const values = yield* resultOf(workspace.values());
  // A component that gets less would be without weight again.
  const least = NO_WEIGHT * totalWeight;
  const badness = (row: number) => (weights === null || weights[row] > least ? -values[row] : -Infinity);
  const offTheMean = (row: number, values: Float64Array) => {
    const mean = means.subarray(labels[row] * d, (labels[row] + 1) * d);
    return values.some((value, j) => {
      const near = ON_THE_MEAN * (Math.sqrt(variances[j]) + Math.abs(mean[j]));
      return Math.abs(value - mean[j]) > near;
    });
  };
  const rows = yield* worstRows(dataset, badness, wanted, offTheMean);
  return rows.map((row) => ({ ...row, weight: weights?.[row.index] ?? 1, badness: badness(row.index) }));
}

/** Gives the components `taken` the mean covariance of those that have weight, each counted by it; one for all stays. */
export function* withMeanCovariance(
  parameters: Parameters,
  taken: readonly number[],
  empty: readonly number[],
): Steps<Parameters> {
  const { covarianceType, d, weights } = parameters;
  const form = formOf(covarianceType);
  const counted = weights.map((weight, c) => (empty.includes(c) ? 0 : weight));
  const covariance = yield* form.meanCovariance(parameters.covariances, counted, d);
  const factor = covariance && (yield* form.precisionFactor(covariance));
  if (covariance === null || factor === null) return parameters;
  const covariances = parameters.covariances.slice();
  const precisionsCholesky = parameters.precisionsCholesky.slice();
  for (const c of taken) {
    covariances.set(covariance, c * covariance.length);
    precisionsCholesky.set(factor, c * factor.length);
  }
  return { ...parameters, covariances, precisionsCholesky };
}
