/**
 * EM (Dempster, Laird and Rubin 1977) at one temperature after the other. An iteration is an M-step and the E-step of
 * the parameters that it made, so that the bound, the labels and the parameters of a result belong together. Everything
 * here is in the dataset's frame; what comes out is in the caller's coordinates.
 */

import type { EngineDataset, MixtureWorkspace } from '../engine/contract.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import type { Frame } from '../frame.ts';
import type { Backend, FarRows, PointsSummary } from '../points.ts';
import { type Awaitable, runAsync } from '../steps.ts';
import { type BlockwisePoints, type ExpectedPoints, meanValue, withMixture } from './expectation.ts';
import { answersOfFar } from './far.ts';
import type { CovarianceType } from './forms/names.ts';
import type { UpdateRules } from './maximize.ts';
import { type Mixing, type Parameters, parametersOutOfFrame, toGaussians } from './parameters.ts';
import { checkMixturePlan, type MixturePlan, needEuclidean } from './plan.ts';
import { maximizeFrom } from './recentre.ts';
import { reseedEmpty } from './reseed.ts';
import { firstParameters, nearestMeans } from './start.ts';

export const STATUSES = ['ok', 'regularized', 'reseeded', 'empty'] as const;

/**
 * `'regularized'`: the component's covariance is positive definite only because something was added to its diagonal: it
 * has collapsed. `'reseeded'`: it had lost all weight and was moved to the point that the others explain worst.
 * `'empty'`: it has no weight, and no point was left for it. `'ok'` is none of these.
 *
 * @useDeclaredType
 */
export type ComponentStatus = (typeof STATUSES)[number];

/** What a fit tells beside the parameters. */
export interface FitReport {
  readonly mixing: Mixing;
  readonly temperature: number;
  readonly lowerBound: number;
  readonly lowerBounds: readonly number[];
  readonly labels: Uint32Array;
  readonly iterations: number;
  readonly converged: boolean;
  readonly decreased: boolean;
  readonly components: readonly ComponentStatus[];
  readonly backend: Backend;
  /** Of the points of the fit; null where there was none. */
  readonly frame: Frame | null;
}

/** What a fit came to, in the caller's coordinates and units. */
export interface MixtureFit {
  readonly parameters: Parameters;
  readonly report: FitReport;
}

/** A change of the bound below this share of it may be rounding. */
const ROUNDING = 1e-6;

/** How far one start has come; also where it goes on after a device was lost. */
interface FitState {
  parameters: Parameters | null;
  /** Index of the temperature, and iterations at it. */
  stage: number;
  atStage: number;
  /** Whether the last iteration at this temperature met the rule for stopping. */
  settled: boolean;
  /** Whether the caller has enough. */
  stopped: boolean;
  readonly lowerBounds: number[];
  decreased: boolean;
  /** Whether the last E-step left all labels as they were. */
  unchanged: boolean;
  /** How often each component was moved. */
  readonly reseeds: Uint32Array;
  regularized: readonly boolean[];
  empty: readonly number[];
}

/**
 * Fits `plan.nInit` times and returns the fit of the highest bound.
 *
 * @param use runs one of the fits where the points are, and again, from where it was, if they have moved
 */
export async function fitBest<T extends MixtureFit>(
  plan: MixturePlan,
  use: (fit: (points: EngineDataset | BlockwisePoints) => Promise<MixtureFit>) => Promise<T>,
): Promise<T> {
  let best: T | null = null;
  for (let start = 0, stopped = false; start < plan.nInit && !stopped; start++) {
    const state = newState(plan.k);
    const fit = await use((points) => fitOnce(points, plan, start, state));
    if (best === null || fit.report.lowerBound > best.report.lowerBound) best = fit;
    stopped = state.stopped;
  }
  return best!;
}

function newState(k: number): FitState {
  return {
    parameters: null,
    stage: 0,
    atStage: 0,
    settled: false,
    stopped: false,
    lowerBounds: [],
    decreased: false,
    unchanged: false,
    reseeds: new Uint32Array(k),
    regularized: [],
    empty: [],
  };
}

async function fitOnce(
  points: EngineDataset | BlockwisePoints,
  plan: MixturePlan,
  start: number,
  state: FitState,
): Promise<MixtureFit> {
  checkMixturePlan(plan, points);
  const rules = rulesOf(points, plan);
  state.parameters ??= await firstParameters(points, plan, rules, start);
  return withMixture(points, state.parameters, async (workspace) => {
    let statistics = await expect(workspace, state, plan);
    while (!state.stopped) {
      if (!state.settled && state.atStage < plan.maxIterations) {
        statistics = await iterate(points, workspace, plan, rules, state, statistics);
      } else if (state.stage + 1 < plan.temperatures.length) {
        state.stage++;
        state.atStage = 0;
        state.settled = false;
        state.unchanged = false;
        statistics = await expect(workspace, state, plan);
      } else break;
    }
    return outcomeOf(points, plan, state, meanValue(statistics, points), await workspace.labels());
  });
}

function expect(workspace: MixtureWorkspace, state: FitState, plan: MixturePlan): Awaitable<MixtureStatistics> {
  return workspace.accumulate(toGaussians(state.parameters!), plan.temperatures[state.stage]);
}

export function rulesOf(
  points: Pick<PointsSummary, 'frame' | 'usualVariance'>,
  { mixing, fixed, regularization }: Pick<MixturePlan, 'mixing' | 'fixed' | 'regularization'>,
): UpdateRules {
  const { scale } = points.frame;
  const added = regularization * scale * scale;
  return { mixing, fixed, regularization: added, variances: variancesOf(points, added) };
}

/** What rows in float64 can tell from zero beside what those in float32 can, in variances. */
const PRECISE_SHARE = 2 ** -40;

/** Variances [d] that jitters and floors are shares of. */
function variancesOf(
  { usualVariance, frame }: Pick<PointsSummary, 'frame' | 'usualVariance'>,
  added: number,
): Float64Array {
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
  points: EngineDataset | BlockwisePoints,
  workspace: MixtureWorkspace,
  plan: MixturePlan,
  rules: UpdateRules,
  state: FitState,
  statistics: MixtureStatistics,
): Promise<MixtureStatistics> {
  const temperature = plan.temperatures[state.stage];
  const before = meanValue(statistics, points);
  const improve = maximizeFrom(workspace, statistics, state.parameters!, rules, temperature);
  const update = await runAsync(improve, points.signal);
  const reseed = reseedEmpty(points, workspace, update, state.parameters!, rules, temperature, state.reseeds);
  const reseeded = await runAsync(reseed, points.signal);
  const next = await workspace.accumulate(toGaussians(reseeded.parameters), temperature);
  const lowerBound = meanValue(next, points);
  const change = lowerBound - before;
  const rounding = ROUNDING * (1 + Math.abs(lowerBound));

  state.parameters = reseeded.parameters;
  state.regularized = update.regularized;
  state.empty = reseeded.empty;
  state.atStage++;
  state.lowerBounds.push(lowerBound);
  state.decreased ||= change < -rounding;
  const moved = reseeded.empty.length < update.empty.length;
  // The rule of k-means, and firmer than a bound in float32: the same labels make the same parameters again.
  const settles = state.unchanged || change === 0 || Math.abs(change) < plan.tolerance;
  state.settled = settles && change >= -rounding && !moved;
  // Labels that were met before a component was moved say nothing of those behind.
  state.unchanged = !workspace.changed && !moved;
  const { frame } = points;
  const parameters = () => copyOf(reseeded.parameters, frame);
  const answer = await plan.onIteration?.({ iteration: state.lowerBounds.length, lowerBound, change, parameters });
  state.stopped = answer === 'stop';
  return next;
}

/** In the caller's coordinates. */
function copyOf(parameters: Parameters, frame: Frame): Pick<Parameters, 'weights' | 'means' | 'covariances'> {
  const { weights, means, covariances } = parametersOutOfFrame(parameters, frame);
  return { weights: weights.slice(), means, covariances };
}

function outcomeOf(
  points: ExpectedPoints,
  plan: MixturePlan,
  state: FitState,
  lowerBound: number,
  labels: Uint32Array,
): MixtureFit {
  const { frame, far, backend } = points;
  const parameters = parametersOutOfFrame(state.parameters!, frame);
  return {
    parameters,
    report: {
      mixing: plan.mixing,
      temperature: plan.temperatures[state.stage],
      lowerBound,
      lowerBounds: state.lowerBounds,
      labels: withFar(labels, far, parameters),
      iterations: state.lowerBounds.length,
      converged: state.settled && !state.stopped,
      decreased: state.decreased,
      components: Array.from(state.reseeds, (times, c) =>
        statusOf(state.empty.includes(c), state.regularized[c], times > 0),
      ),
      ...{ backend, frame },
    },
  };
}

/** The labels, with those of rows of weight 0 that the engine does not hold. */
function withFar(labels: Uint32Array, far: FarRows, parameters: Parameters): Uint32Array {
  for (const { index, label } of answersOfFar(far, toGaussians(parameters), 0)) labels[index] = label;
  return labels;
}

export function statusOf(empty: boolean, regularized: boolean, reseeded: boolean): ComponentStatus {
  if (empty) return 'empty';
  if (regularized) return 'regularized';
  return reseeded ? 'reseeded' : 'ok';
}

/**
 * The mixture that k-means with these centroids [k, d] is, in the dataset's frame: weights and covariances are those of
 * the rows nearest to each. No EM: `iterations` is 0.
 */
export async function fitCentroids(
  dataset: EngineDataset,
  centroids: Float64Array,
  covarianceType: CovarianceType,
): Promise<MixtureFit> {
  needEuclidean(dataset);
  const rules: UpdateRules = { mixing: 'free', fixed: [], regularization: 0, variances: variancesOf(dataset, 0) };
  const { parameters, regularized, empty } = await nearestMeans(dataset, centroids, covarianceType, rules);
  const { frame, far, backend } = dataset;
  const given = parametersOutOfFrame(parameters, frame);
  return withMixture(dataset, parameters, async (workspace) => {
    const statistics = await workspace.accumulate(toGaussians(parameters), 1);
    const report: FitReport = {
      mixing: 'free',
      temperature: 1,
      lowerBound: meanValue(statistics, dataset),
      lowerBounds: [],
      labels: withFar(await workspace.labels(), far, given),
      iterations: 0,
      converged: false,
      decreased: false,
      components: regularized.map((collapsed, c) => statusOf(empty.includes(c), collapsed, false)),
      ...{ backend, frame },
    };
    return { parameters: given, report };
  });
}
