/**
 * Stepwise EM (Cappé and Moulines 2009): an M-step from a mean of the statistics of all batches so far, in which the last one has
 * a share. None are kept: parameters tell what they were made from.
 */
import type { EngineDataset } from '../engine/contract.ts';
import type { Gaussians } from '../engine/gaussians.ts';
import { addMixtureStatistics, type MixtureStatistics } from '../engine/statistics.ts';
import { checkFeatures } from '../points.ts';
import { runAsync, type Steps } from '../steps.ts';
import { meanValue, withMixture } from './expectation.ts';
import { type ComponentStatus, rulesOf, statusOf } from './fit.ts';
import { congruence, transpose } from './linear.ts';
import { maximize, type Update, type UpdateRules } from './maximize.ts';
import {
  type Parameters,
  parametersIntoFrame,
  parametersOutOfFrame,
  toFiniteGaussians,
  toGaussians,
} from './parameters.ts';
import { checkMixturePlan, type MixturePlan, needEuclidean } from './plan.ts';
import { firstParameters } from './start.ts';

/** What is known of the batches so far. */
export interface Learned {
  /** In the caller's coordinates: each batch has a frame of its own. */
  readonly parameters: Parameters;
  /** Summed weight of the batches, and of the start, which counts as one like the first. */
  readonly weight: number;
  /** Of each batch the mean log-likelihood under the parameters before it. */
  readonly lowerBounds: readonly number[];
  readonly components: readonly ComponentStatus[];
}

/**
 * One step.
 *
 * @param decay how the share of a batch falls with the weight of those before
 * @throws {RangeError} where what is known cannot be said in the frame of the batch.
 */
export async function learnedFrom(
  batch: EngineDataset,
  known: Learned | null,
  plan: MixturePlan,
  decay: number,
): Promise<Learned> {
  const { frame, totalWeight, signal } = batch;
  if (known === null) {
    checkMixturePlan(plan, batch);
  } else {
    needEuclidean(batch);
    checkFeatures(batch.d, known.parameters.d);
  }
  const rules = rulesOf(batch, plan);
  const previous =
    known === null ? await firstParameters(batch, plan, rules, 0) : parametersIntoFrame(known.parameters, frame);
  const gaussians =
    known === null ? toGaussians(previous) : toFiniteGaussians(previous, 'points', 'those of the batches before');
  const weight = (known?.weight ?? totalWeight) + totalWeight;
  return withMixture(batch, previous, async (workspace) => {
    const statistics = await workspace.accumulate(gaussians, 1);
    const step = stepped(statistics, previous, rules, (totalWeight / weight) ** decay);
    const { parameters, regularized, empty } = await runAsync(step, signal);
    return {
      parameters: parametersOutOfFrame(parameters, frame),
      weight,
      lowerBounds: [...(known?.lowerBounds ?? []), meanValue(statistics, batch)],
      components: regularized.map((collapsed, c) => statusOf(empty.includes(c), collapsed, false)),
    };
  });
}

/** @param share of the batch, above 0 and at most 1 */
function* stepped(batch: MixtureStatistics, previous: Parameters, rules: UpdateRules, share: number): Steps<Update> {
  const total = batch.counts.reduce((sum, count) => sum + count, 0);
  const counts = previous.weights.map((weight) => (weight * total * (1 - share)) / share);
  const before = yield* remembered(batch.used, counts, rules.regularization);
  return yield* maximize(addMixtureStatistics(before, batch), previous, rules, 1);
}

/**
 * Statistics of which an M-step makes these Gaussians: about their own means, and in coordinates in which a covariance is
 * 1 / sharpness, less what regularization added to it, U'·U times that.
 */
function* remembered(used: Gaussians, counts: Float64Array, added: number): Steps<MixtureStatistics> {
  const { k, d, shape, factors, sharpness } = used;
  const squares = new Float64Array(factors.length);
  if (shape === 'axes') {
    for (let at = 0; at < squares.length; at++) {
      const c = Math.floor(at / d);
      squares[at] = counts[c] * Math.max(0, 1 / sharpness[c] - added * factors[at] ** 2);
    }
  } else {
    const scaled = new Float64Array(d * d);
    for (let at = 0; at < scaled.length; at += d + 1) scaled[at] = added;
    for (let from = 0, c = 0; from < factors.length; from += d * d, c++) {
      const count = shape === 'own' ? counts[c] : counts.reduce((a, b) => a + b);
      const u = factors.subarray(from, from + d * d);
      const excess = yield* congruence(yield* transpose(u, d), scaled, d);
      for (let at = 0; at < excess.length; at++) squares[from + at] = -count * excess[at];
      for (let j = 0; j < d; j++) {
        // A covariance below what was added leaves none behind, and not less: by Gershgorin's circles.
        const others = excess
          .subarray(j * d, (j + 1) * d)
          .reduce((sum, value, i) => sum + (i === j ? 0 : Math.abs(value)), 0);
        squares[from + j * (d + 1)] = count * Math.max(1 / sharpness[c] - excess[j * (d + 1)], others);
      }
      yield;
    }
  }
  return { used, counts, sums: new Float64Array(k * d), squares, logLikelihood: 0 };
}
