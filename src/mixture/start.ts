/**
 * Parameters to start from. Most ways end in one hard M-step: each row goes to the nearest of k means, and each component
 * gets the weight, the mean and the covariance of its rows. Nearest is meant in whitened features, as far as the
 * covariance type can tell them from the plain ones: a full covariance does not care how the data are stretched, so
 * neither should its start. Everything here is in the dataset's frame.
 */

import { owns } from '../check.ts';
import type { EngineDataset } from '../engine/contract.ts';
import { isCoarse, startIntoFrame } from '../frame.ts';
import { centroidsOf } from '../kmeans/centroids.ts';
import { plusPlus, randomRows } from '../kmeans/seeding.ts';
import type { PointsSummary } from '../points.ts';
import { Random } from '../random.ts';
import { runAsync, type Steps } from '../steps.ts';
import { pointsOf } from './draw.ts';
import { type BlockwisePoints, type ExpectedPoints, withMixture } from './expectation.ts';
import { formOf } from './forms/index.ts';
import type { CovarianceType } from './forms/names.ts';
import type { FixedPart, Update, UpdateRules } from './maximize.ts';
import { type Parameters, precisionFactorsOf, toGaussians } from './parameters.ts';
import type { ExplicitStart, MixturePlan, MixtureStartMethod } from './plan.ts';
import { maximizeFrom } from './recentre.ts';
import { withMeanCovariance } from './reseed.ts';

/** The parameters that a start begins with. */
export async function firstParameters(
  points: EngineDataset | BlockwisePoints,
  plan: MixturePlan,
  rules: UpdateRules,
  start: number,
): Promise<Parameters> {
  const method = plan.start;
  if (typeof method !== 'string') return explicitParameters(points, plan, method, rules);
  // What a fit keeps fixed it has to start with.
  const free = { ...rules, fixed: [] };
  const draw = async (dataset: EngineDataset) => {
    const random = new Random(plan.seed, start);
    const whole = await wholeGaussian(dataset, plan.covarianceType, free);
    const means = await firstMeans(dataset, plan, method, whole, random, start);
    const { k, covarianceType } = plan;
    const around = likeWhole(whole, covarianceType, k, means);
    return method === 'random' ? around : (await hardStep(dataset, around, free)).parameters;
  };
  return owns(points, 'withReservoir') ? points.withReservoir(draw) : draw(points);
}

async function explicitParameters(
  dataset: ExpectedPoints,
  { k, covarianceType }: MixturePlan,
  { means, weights, covariances }: ExplicitStart,
  rules: UpdateRules,
): Promise<Parameters> {
  const { frame } = dataset;
  const assigned =
    weights === null || covariances === null
      ? (await nearestMeans(dataset, startIntoFrame(means, dataset), covarianceType, rules)).parameters
      : null;
  const scaled = covariances?.map((value) => value * frame.scale * frame.scale);
  if (scaled?.every(Number.isFinite) === false) throw noNumbers();
  return {
    k,
    d: frame.shift.length,
    covarianceType,
    weights: rules.mixing === 'equal' ? new Float64Array(k).fill(1 / k) : (weights ?? assigned!.weights),
    means: assigned?.means ?? startIntoFrame(means, dataset),
    covariances: scaled ?? assigned!.covariances,
    precisionsCholesky: scaled
      ? factorsIn(await runAsync(precisionFactorsOf(covarianceType, k, frame.shift.length, scaled), dataset.signal))
      : assigned!.precisionsCholesky,
  };
}

/** Of covariances that are positive definite, wherever they have numbers. */
function factorsIn(factors: Float64Array | number): Float64Array {
  if (typeof factors !== 'number' && factors.every((factor) => factor * factor < Infinity)) return factors;
  throw noNumbers();
}

function noNumbers(): RangeError {
  return new RangeError('init.covariances are too small, or too large, beside the points');
}

/**
 * The mixture that k-means with these centroids is: its means are theirs, and each row belongs to the nearest. One that
 * is nearest to no row gets the mean covariance of the others.
 */
export async function nearestMeans(
  dataset: ExpectedPoints,
  means: Float64Array,
  covarianceType: CovarianceType,
  rules: UpdateRules,
): Promise<Update> {
  const { d } = dataset;
  const unit = atOrigin(covarianceType, new Float64Array(d).fill(1));
  const fixed: FixedPart[] = ['means'];
  const startAt = (means: Float64Array) => likeWhole(unit, covarianceType, means.length / d, means);
  let start = startAt(means);
  if (areCoarse(means, dataset)) {
    const own = (await hardStep(dataset, start, { ...rules, fixed: [] })).parameters.means;
    start = startAt(means.map((mean, i) => (Math.abs(mean - own[i]) <= ROUNDED * Math.abs(mean) ? own[i] : mean)));
  }
  const update = await hardStep(dataset, start, { ...rules, fixed });
  const parameters = withMeanCovariance(update.parameters, update.empty, update.empty);
  return { ...update, parameters: await runAsync(parameters, dataset.signal) };
}

/** A mean that is off by this share of itself may be the mean of rows that float32 rounded. */
const ROUNDED = 2 ** -23;
/**
 * Whether float32 rounds rows near such means by what matters: then a mean that is theirs but for that is taken to be
 * theirs, or its distance from them would be all their variance.
 */
function areCoarse(means: Float64Array, { frame, usualVariance, d }: PointsSummary): boolean {
  return !frame.precise && means.some((mean, i) => isCoarse(mean, usualVariance[i % d]));
}

/** One Gaussian about the frame's origin with independent features, to measure by: deviations [d] as the type has them. */
function atOrigin(covarianceType: CovarianceType, deviations: Float64Array): Parameters {
  const form = formOf(covarianceType);
  const d = deviations.length;
  return {
    k: 1,
    d,
    covarianceType,
    weights: Float64Array.of(1),
    means: new Float64Array(d),
    // Nobody asks for it before an M-step has made another.
    covariances: form.precisionFactorOf(new Float64Array(d).fill(1)),
    precisionsCholesky: form.precisionFactorOf(deviations),
  };
}

/** One M-step from a hard assignment. */
async function hardStep(dataset: ExpectedPoints, parameters: Parameters, rules: UpdateRules): Promise<Update> {
  return withMixture(dataset, parameters, async (workspace) => {
    const statistics = await workspace.accumulate(toGaussians(parameters), 0);
    return runAsync(maximizeFrom(workspace, statistics, parameters, rules, 0), dataset.signal);
  });
}

/** One Gaussian of all points, its covariance of that type: the mixture of one. */
async function wholeGaussian(
  dataset: EngineDataset,
  covarianceType: CovarianceType,
  rules: UpdateRules,
): Promise<Parameters> {
  const rough = atOrigin(covarianceType, rules.variances.map(Math.sqrt));
  return (await hardStep(dataset, rough, rules)).parameters;
}

/** k components of equal weight with the covariance of one, about those means. */
function likeWhole(whole: Parameters, type: CovarianceType, k: number, means: Float64Array): Parameters {
  const count = formOf(type).count(k);
  return {
    ...whole,
    k,
    weights: new Float64Array(k).fill(1 / k),
    means,
    covariances: repeat(whole.covariances, count),
    precisionsCholesky: repeat(whole.precisionsCholesky, count),
  };
}

function repeat(values: Float64Array, times: number): Float64Array {
  const repeated = new Float64Array(values.length * times);
  for (let at = 0; at < repeated.length; at += values.length) repeated.set(values, at);
  return repeated;
}

async function firstMeans(
  dataset: EngineDataset,
  plan: MixturePlan,
  method: MixtureStartMethod,
  whole: Parameters,
  random: Random,
  start: number,
): Promise<Float64Array> {
  const { k, seed } = plan;
  const run = <T>(steps: Steps<T>) => runAsync(steps, dataset.signal);
  switch (method) {
    case 'random':
      return run(drawn(whole, k, random));
    case 'random-from-data':
      return dataset.gather(await run(randomRows(dataset, k, random)));
    case 'k-means++':
      return inWhitened(dataset, whole, async (white) => dataset.gather(await run(plusPlus(white, k, random))));
    case 'kmeans':
      return inWhitened(dataset, whole, async (white) => {
        const centroids = await run(centroidsOf(white, k, seed, start));
        return run(formOf(whole.covarianceType).unwhiten(centroids, whole.precisionsCholesky, whole.d));
      });
  }
}

/** k points of one Gaussian: [k, d]. */
function* drawn(whole: Parameters, k: number, random: Random): Steps<Float64Array> {
  const draw = yield* pointsOf(whole);
  const points = new Float64Array(k * whole.d);
  for (let from = 0; from < points.length; from += whole.d) {
    points.set(draw(0, random), from);
    yield;
  }
  return points;
}

/** Runs `work` on the rows whitened by the whole, or on the rows themselves where that does no more than stretch them. */
async function inWhitened<T>(
  dataset: EngineDataset,
  { d, covarianceType, precisionsCholesky }: Parameters,
  work: (white: EngineDataset) => Promise<T>,
): Promise<T> {
  const whitening = formOf(covarianceType).whitening(precisionsCholesky);
  if (whitening === null) return work(dataset);
  const white = await dataset.transformed(whitening, new Float64Array(d).fill(1));
  try {
    return await work(white);
  } finally {
    white.destroy();
  }
}
