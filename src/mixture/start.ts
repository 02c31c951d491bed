/**
 * Parameters to start from. Most ways end in one hard M-step: each row goes to the nearest of k means, and each component
 * gets the weight, the mean and the covariance of its rows. Nearest is meant in whitened features, as far as the
 * covariance type can tell them from the plain ones: a full covariance does not care how the data are stretched, so
 * neither should its start. Everything here is in the dataset's frame.
 */

import type { ExplicitStart, InitMethod, MixturePlan } from '../api/gaussian-mixture-options.ts';
import type { MixtureWorkspace } from '../engine/contract.ts';
import { runAsync, type Steps } from '../engine/steps.ts';
import { isCoarse, startIntoFrame } from '../frame.ts';
import { centroidsOf } from '../kmeans/fit.ts';
import { plusPlus, randomRows } from '../kmeans/seeding.ts';
import type { Home } from '../placement.ts';
import { Random } from '../random.ts';
import { type CovarianceType, covarianceSize, formOf } from './covariance.ts';
import { pointsOf } from './draw.ts';
import { inverseTranspose, transpose } from './linear.ts';
import type { FixedPart, Update, UpdateRules } from './maximize.ts';
import { factorEach, type Parameters, shapeOf, toGaussians } from './parameters.ts';
import { maximizeFrom } from './recentre.ts';
import { withMeanCovariance } from './reseed.ts';

/** The parameters that a start begins with. */
export async function firstParameters(
  home: Home,
  plan: MixturePlan,
  rules: UpdateRules,
  start: number,
): Promise<Parameters> {
  if (typeof plan.start !== 'string') return explicitParameters(home, plan, plan.start, rules);
  // What a fit keeps fixed it has to start with.
  const free = { ...rules, fixed: [] };
  const random = new Random(plan.seed, start);
  const whole = await wholeGaussian(home, plan.covarianceType, free, plan.signal);
  const means = await firstMeans(home, plan, plan.start, whole, random, start);
  const { k, covarianceType } = plan;
  if (plan.start === 'random') return likeWhole(whole, covarianceType, k, means);
  return (await hardStep(home, likeWhole(whole, covarianceType, k, means), free, plan.signal)).parameters;
}

async function explicitParameters(
  home: Home,
  { k, covarianceType, signal }: MixturePlan,
  { means, weights, covariances }: ExplicitStart,
  rules: UpdateRules,
): Promise<Parameters> {
  const { frame } = home.dataset;
  const assigned =
    weights === null || covariances === null
      ? (await nearestMeans(home, startIntoFrame(means, home.dataset), covarianceType, rules, signal)).parameters
      : null;
  const scaled = covariances?.map((value) => value * frame.scale * frame.scale);
  return {
    k,
    d: frame.shift.length,
    covarianceType,
    weights: rules.mixing === 'equal' ? new Float64Array(k).fill(1 / k) : (weights ?? assigned!.weights),
    means: assigned?.means ?? startIntoFrame(means, home.dataset),
    covariances: scaled ?? assigned!.covariances,
    precisionsCholesky: scaled
      ? ((await runAsync(factorEach(covarianceType, k, frame.shift.length, scaled), signal)) as Float64Array)
      : assigned!.precisionsCholesky,
  };
}

/**
 * The mixture that k-means with these centroids is: its means are theirs, and each row belongs to the nearest. One that
 * is nearest to no row gets the mean covariance of the others.
 */
export async function nearestMeans(
  home: Home,
  means: Float64Array,
  covarianceType: CovarianceType,
  rules: UpdateRules,
  signal: AbortSignal | undefined,
): Promise<Update> {
  const { d } = home.dataset;
  const unit: Parameters = {
    k: 1,
    d,
    covarianceType,
    weights: Float64Array.of(1),
    means: new Float64Array(d),
    covariances: identity(covarianceType, d),
    precisionsCholesky: identity(covarianceType, d),
  };
  const fixed: FixedPart[] = ['means'];
  const startAt = (means: Float64Array) => likeWhole(unit, covarianceType, means.length / d, means);
  let start = startAt(means);
  if (areCoarse(means, home)) {
    const own = (await hardStep(home, start, { ...rules, fixed: [] }, signal)).parameters.means;
    start = startAt(means.map((mean, i) => (Math.abs(mean - own[i]) <= ROUNDED * Math.abs(mean) ? own[i] : mean)));
  }
  const update = await hardStep(home, start, { ...rules, fixed }, signal);
  const parameters = withMeanCovariance(update.parameters, update.empty, update.empty);
  return { ...update, parameters: await runAsync(parameters, signal) };
}

/** A mean that is off by this share of itself may be the mean of rows that float32 rounded. */
const ROUNDED = 2 ** -23;
/**
 * Whether float32 rounds rows near such means by what matters: then a mean that is theirs but for that is taken to be
 * theirs, or its distance from them would be all their variance.
 */
function areCoarse(means: Float64Array, { dataset }: Home): boolean {
  const { frame, usualVariance, d } = dataset;
  return !frame.precise && means.some((mean, i) => isCoarse(mean, usualVariance[i % d]));
}

function identity(type: CovarianceType, d: number): Float64Array {
  const identity = new Float64Array(covarianceSize(type, 1, d).size);
  const stride = formOf(type).rank === 'matrix' ? d + 1 : 1;
  for (let at = 0; at < identity.length; at += stride) identity[at] = 1;
  return identity;
}

/** One M-step from a hard assignment. */
async function hardStep(
  home: Home,
  parameters: Parameters,
  rules: UpdateRules,
  signal: AbortSignal | undefined,
): Promise<Update> {
  return withMixture(home, parameters, signal, async (workspace) => {
    const statistics = await workspace.accumulate(toGaussians(parameters), 0, signal);
    return runAsync(maximizeFrom(workspace, statistics, parameters, rules, 0, signal), signal);
  });
}

/** Opens what the E-step of such parameters needs, and closes it. */
export async function withMixture<T>(
  { engine, dataset }: Home,
  { k, covarianceType }: Parameters,
  signal: AbortSignal | undefined,
  work: (workspace: MixtureWorkspace) => Promise<T>,
): Promise<T> {
  const workspace = await engine.openMixture(dataset, k, shapeOf(covarianceType), signal);
  try {
    return await work(workspace);
  } finally {
    workspace.close();
  }
}

/** One Gaussian of all points, its covariance of that type: the mixture of one. */
async function wholeGaussian(
  home: Home,
  covarianceType: CovarianceType,
  rules: UpdateRules,
  signal: AbortSignal | undefined,
): Promise<Parameters> {
  const { d } = home.dataset;
  const { rank } = formOf(covarianceType);
  const deviations = rules.units.map(Math.sqrt);
  const factors = identity(covarianceType, d);
  if (rank === 'matrix') for (let j = 0; j < d; j++) factors[j * (d + 1)] /= deviations[j];
  if (rank === 'diagonal') for (let j = 0; j < d; j++) factors[j] /= deviations[j];
  const rough: Parameters = {
    k: 1,
    d,
    covarianceType,
    weights: Float64Array.of(1),
    means: new Float64Array(d),
    covariances: identity(covarianceType, d),
    precisionsCholesky: factors,
  };
  return (await hardStep(home, rough, rules, signal)).parameters;
}

/** k components of equal weight with the covariance of one, about those means. */
function likeWhole(whole: Parameters, type: CovarianceType, k: number, means: Float64Array): Parameters {
  const { count } = covarianceSize(type, k, whole.d);
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
  home: Home,
  plan: MixturePlan,
  method: InitMethod,
  whole: Parameters,
  random: Random,
  start: number,
): Promise<Float64Array> {
  const { engine, dataset } = home;
  const { k, seed, signal } = plan;
  const run = <T>(steps: Steps<T>) => runAsync(steps, signal);
  switch (method) {
    case 'random':
      return run(drawn(whole, k, random));
    case 'random-from-data':
      return engine.gather(dataset, await run(randomRows(dataset, k, random)), signal);
    case 'k-means++':
      return inWhitened(home, whole, signal, async (white) =>
        engine.gather(dataset, await run(plusPlus(engine, white.dataset, k, random, signal)), signal),
      );
    case 'kmeans':
      return inWhitened(home, whole, signal, async (white) => {
        const centroids = await run(centroidsOf(white, k, seed, start, signal));
        return run(unwhiten(centroids, whole));
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

/** Runs `work` on the rows times U of the whole; those are the rows themselves where U is one number. */
async function inWhitened<T>(
  home: Home,
  { d, covarianceType, precisionsCholesky }: Parameters,
  signal: AbortSignal | undefined,
  work: (white: Home) => Promise<T>,
): Promise<T> {
  if (formOf(covarianceType).rank === 'scalar') return work(home);
  const { engine, reason } = home;
  const ones = new Float64Array(d).fill(1);
  const dataset = await engine.transformed(home.dataset, precisionsCholesky, ones, signal);
  try {
    return await work({ engine, dataset, reason });
  } finally {
    dataset.destroy();
  }
}

/** c·U⁻¹ of centroids [k, d]. */
function* unwhiten(
  centroids: Float64Array,
  { d, covarianceType, precisionsCholesky }: Parameters,
): Steps<Float64Array> {
  const { rank } = formOf(covarianceType);
  if (rank === 'scalar') return centroids;
  if (rank === 'diagonal') return centroids.map((value, at) => value / precisionsCholesky[at % d]);
  const inverse = yield* inverseTranspose(yield* transpose(precisionsCholesky, d), d);
  const means = new Float64Array(centroids.length);
  for (let from = 0; from < means.length; from += d) {
    for (let i = 0; i < d; i++) {
      for (let j = i; j < d; j++) means[from + j] += centroids[from + i] * inverse[i * d + j];
    }
    yield;
  }
  return means;
}
