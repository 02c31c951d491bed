/**
 * EM (Dempster, Laird and Rubin 1977) at one temperature after the other. An iteration is an M-step and the E-step of
 * the parameters that it made, so that the bound, the labels and the parameters of a result belong together. Everything
 * here is in the dataset's frame; the model gets the caller's coordinates.
 */

import { checkPlanAgainst, type MixturePlan } from '../api/gaussian-mixture-options.ts';
import type { MixtureWorkspace } from '../engine/contract.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import { type Awaitable, runAsync } from '../engine/steps.ts';
import { type ComponentStatus, GaussianMixtureModel, meanValue } from '../models/gaussian-mixture-model.ts';
import type { Dataset, Home } from '../placement.ts';
import type { FarRows } from '../points.ts';
import type { CovarianceType } from './covariance.ts';
import { answersOfFar } from './far.ts';
import type { Update, UpdateRules } from './maximize.ts';
import { type Parameters, parametersOutOfFrame, toGaussians } from './parameters.ts';
import { maximizeFrom } from './recentre.ts';
import { reseedEmpty } from './reseed.ts';
import { firstParameters, nearestMeans, withMixture } from './start.ts';

/** A change of the bound below this share of it may be rounding. */
const ROUNDING = 1e-6;

/** What one start has come to; also where it goes on after a device was lost. */
interface Run {
  parameters: Parameters | null;
  /** Index of the temperature, and iterations at it. */
  stage: number;
  atStage: number;
  /** Whether the last iteration at this temperature met the rule for stopping. */
  settled: boolean;
  readonly lowerBounds: number[];
  decreased: boolean;
  /** At temperature 0: what the E-step before the last one said. */
  labels: Uint32Array | null;
  /** How often each component was moved. */
  readonly reseeds: Uint32Array;
  regularized: readonly boolean[];
  empty: readonly number[];
}

/** Fits `plan.nInit` times and returns the model of the highest bound. */
export async function fitMixture(dataset: Dataset, plan: MixturePlan): Promise<GaussianMixtureModel> {
  let best: GaussianMixtureModel | null = null;
  for (let start = 0; start < plan.nInit; start++) {
    const run = newRun(plan.k);
    const model = await dataset.use((home) => {
      needEuclidean(home);
      checkPlanAgainst(plan, home.dataset);
      return fitOnce(home, plan, start, run);
    });
    if (best === null || model.lowerBound > best.lowerBound) best = model;
  }
  return best!;
}

function newRun(k: number): Run {
  return {
    parameters: null,
    stage: 0,
    atStage: 0,
    settled: false,
    lowerBounds: [],
    decreased: false,
    labels: null,
    reseeds: new Uint32Array(k),
    regularized: [],
    empty: [],
  };
}

/** @throws {TypeError} where the points are unit rows. */
export function needEuclidean({ dataset }: Home): void {
  if (dataset.metric === 'cosine') throw new TypeError('a Gaussian mixture needs Euclidean points, not cosine ones');
}

async function fitOnce(home: Home, plan: MixturePlan, start: number, run: Run): Promise<GaussianMixtureModel> {
  const { signal, temperatures } = plan;
  const { dataset } = home;
  signal?.throwIfAborted();
  const rules = rulesOf(home, plan);
  run.parameters ??= await firstParameters(home, plan, rules, start);
  return withMixture(home, run.parameters, signal, async (workspace) => {
    let statistics = await expect(workspace, run, plan);
    while (true) {
      if (!run.settled && run.atStage < plan.maxIterations) {
        statistics = await iterate(home, workspace, plan, rules, run, statistics);
      } else if (run.stage + 1 < temperatures.length) {
        run.stage++;
        run.atStage = 0;
        run.settled = false;
        run.labels = null;
        statistics = await expect(workspace, run, plan);
      } else {
        return toModel(home, plan, run, meanValue(statistics, dataset), await workspace.labels());
      }
    }
  });
}

function expect(workspace: MixtureWorkspace, run: Run, plan: MixturePlan): Awaitable<MixtureStatistics> {
  return workspace.accumulate(toGaussians(run.parameters!), plan.temperatures[run.stage], plan.signal);
}

function rulesOf({ dataset }: Home, { mixing, fixed, regularization }: MixturePlan): UpdateRules {
  const { scale } = dataset.frame;
  const added = regularization * scale * scale;
  return { mixing, fixed, regularization: added, units: unitsOf(dataset, added) };
}

/** What rows in float64 can tell from zero beside what those in float32 can, in variances. */
const PRECISE_SHARE = 2 ** -40;

/** Variances [d] that jitters and floors are shares of. */
function unitsOf({ usualVariance, frame }: Home['dataset'], added: number): Float64Array {
  return positive(frame.precise ? usualVariance.map((value) => value * PRECISE_SHARE) : usualVariance, added);
}

/**
 * Variances to measure by: a feature that does not vary is measured by the one that varies least, and where none does,
 * by what regularization adds: no rounding of points stands against it.
 */
function positive(variance: Float64Array, added: number): Float64Array {
  const least = variance.reduce((low, value) => (value > 0 && value < low ? value : low), Infinity);
  const other = [least, added].find((value) => value > 0 && value < Infinity) ?? 1;
  return variance.map((value) => (value > 0 ? value : other));
}

async function iterate(
  home: Home,
  workspace: MixtureWorkspace,
  plan: MixturePlan,
  rules: UpdateRules,
  run: Run,
  statistics: MixtureStatistics,
): Promise<MixtureStatistics> {
  const { signal, tolerance } = plan;
  const temperature = plan.temperatures[run.stage];
  const before = meanValue(statistics, home.dataset);
  // The rule of k-means, and firmer than a bound in float32: the same labels make the same parameters again.
  const labels = temperature === 0 ? await workspace.labels() : null;
  const unchanged = labels !== null && run.labels !== null && labels.every((label, i) => label === run.labels![i]);
  const improve = maximizeFrom(workspace, statistics, run.parameters!, rules, temperature, signal);
  const update = await runAsync(improve, signal);
  const reseed = reseedEmpty(home, workspace, update, run.parameters!, rules, run.reseeds, signal);
  const reseeded = await runAsync(reseed, signal);
  const next = await workspace.accumulate(toGaussians(reseeded.parameters), temperature, signal);
  const lowerBound = meanValue(next, home.dataset);
  const change = lowerBound - before;
  const rounding = ROUNDING * (1 + Math.abs(lowerBound));

  run.parameters = reseeded.parameters;
  run.regularized = update.regularized;
  run.empty = reseeded.empty;
  run.atStage++;
  run.lowerBounds.push(lowerBound);
  run.decreased ||= change < -rounding;
  const moved = reseeded.empty.length < update.empty.length;
  // Labels that were met before a component was moved say nothing of those behind.
  run.labels = moved ? null : labels;
  const settles = unchanged || change === 0 || Math.abs(change) < tolerance;
  run.settled = settles && change >= -rounding && !moved;
  plan.onIteration?.({ iteration: run.lowerBounds.length, lowerBound, change });
  signal?.throwIfAborted();
  return next;
}

function toModel(
  home: Home,
  plan: MixturePlan,
  run: Run,
  lowerBound: number,
  labels: Uint32Array,
): GaussianMixtureModel {
  const { frame, far } = home.dataset;
  const parameters = parametersOutOfFrame(run.parameters!, frame);
  return new GaussianMixtureModel(parameters, {
    mixing: plan.mixing,
    temperature: plan.temperatures[plan.temperatures.length - 1],
    lowerBound,
    lowerBounds: run.lowerBounds,
    labels: withFar(labels, far, parameters),
    iterations: run.lowerBounds.length,
    converged: run.settled,
    decreased: run.decreased,
    components: Array.from(run.reseeds, (times, c) => statusOf(run.empty.includes(c), run.regularized[c], times > 0)),
    backend: home.engine.backend,
    reason: home.reason,
    frame,
  });
}

/** The labels, with those of rows of weight 0 that the engine does not hold. */
function withFar(labels: Uint32Array, far: FarRows, parameters: Parameters): Uint32Array {
  for (const { index, label } of answersOfFar(far, toGaussians(parameters), 0)) labels[index] = label;
  return labels;
}

function statusOf(empty: boolean, regularized: boolean, reseeded: boolean): ComponentStatus {
  if (empty) return 'empty';
  if (regularized) return 'regularized';
  return reseeded ? 'reseeded' : 'ok';
}

/**
 * The mixture that k-means with these centroids [k, d] is, in the dataset's frame: weights and covariances are those of
 * the rows nearest to each. No EM: `iterations` is 0.
 */
export async function mixtureOfCentroids(
  home: Home,
  centroids: Float64Array,
  covarianceType: CovarianceType,
  signal: AbortSignal | undefined,
): Promise<GaussianMixtureModel> {
  needEuclidean(home);
  const rules: UpdateRules = {
    mixing: 'free',
    fixed: [],
    regularization: 0,
    units: unitsOf(home.dataset, 0),
  };
  const { parameters, regularized, empty }: Update = await nearestMeans(home, centroids, covarianceType, rules, signal);
  const { frame, far } = home.dataset;
  const given = parametersOutOfFrame(parameters, frame);
  return withMixture(home, parameters, signal, async (workspace) => {
    const statistics = await workspace.accumulate(toGaussians(parameters), 1, signal);
    return new GaussianMixtureModel(given, {
      mixing: 'free',
      temperature: 1,
      lowerBound: meanValue(statistics, home.dataset),
      lowerBounds: [],
      labels: withFar(await workspace.labels(), far, given),
      iterations: 0,
      converged: false,
      decreased: false,
      components: regularized.map((collapsed, c) => statusOf(empty.includes(c), collapsed, false)),
      backend: home.engine.backend,
      reason: home.reason,
      frame,
    });
  });
}
