/** What a shard of points tells of the parameters of a mixture, and how that of several is one. */
import type { EngineDataset } from '../engine/contract.ts';
import { needOneFrame } from '../engine/shared-frame.ts';
import { addMixtureStatistics, type MixtureStatistics } from '../engine/statistics.ts';
import type { Frame } from '../frame.ts';
import { likelihoodOf, withMixture } from './expectation.ts';
import type { CovarianceType } from './forms/names.ts';
import { type Parameters, toFiniteGaussians } from './parameters.ts';

/** What a shard of points tells of the parameters of a mixture. */
export interface MixtureShardStatistics {
  /** What they are. */
  readonly type: 'MixtureStatistics';
  /** Number of components. */
  readonly k: number;
  /** Number of features. */
  readonly d: number;
  /** That of the model. */
  readonly covarianceType: CovarianceType;
  /** Number of rows, of all weights. */
  readonly n: number;
  /** Summed weight of the rows. */
  readonly weight: number;
  /** Summed weighted responsibilities of each component [k]. */
  readonly counts: Float64Array;
  /**
   * Σ w·T·log Σ(π·p)^(1/T) with the T of the model, in the units of the data: it belongs to the parameters of the E-step, not
   * to the next ones.
   */
  readonly logLikelihood: number;
  /** @internal */
  readonly frame: Frame;
  /** @internal */
  readonly temperature: number;
  /** Those of the E-step, in the frame. @internal */
  readonly parameters: Parameters;
  /** @internal */
  readonly moments: MixtureStatistics;
  /** See `PointsSummary` [d]. @internal */
  readonly usualVariance: Float64Array;
}

/**
 * One E-step of the rows that an engine holds, with parameters in their frame.
 *
 * @throws {RangeError} where the parameters have no numbers there.
 */
export async function statisticsAt(
  dataset: EngineDataset,
  parameters: Parameters,
  temperature: number,
): Promise<MixtureShardStatistics> {
  const { n, d, frame, totalWeight, usualVariance } = dataset;
  const { k, covarianceType } = parameters;
  const gaussians = toFiniteGaussians(parameters, 'points', 'the model');
  return withMixture(dataset, parameters, async (workspace) => {
    const moments = await workspace.accumulate(gaussians, temperature);
    return {
      ...{ type: 'MixtureStatistics', k, d, covarianceType, n, weight: totalWeight, counts: moments.counts },
      ...{ logLikelihood: likelihoodOf(moments, dataset), frame, temperature, parameters, moments, usualVariance },
    };
  });
}

/** @throws {RangeError} where they do not belong together. */
export function addShards(a: MixtureShardStatistics, b: MixtureShardStatistics): MixtureShardStatistics {
  if (a.k !== b.k || a.d !== b.d || a.covarianceType !== b.covarianceType) {
    const [first, second] = [a, b].map(({ k, d, covarianceType }) => `${covarianceType} [${k}, ${d}]`);
    throw new RangeError(`statistics of mixtures ${first} and ${second} do not add up`);
  }
  if (a.temperature !== b.temperature) throw new RangeError('statistics at different temperatures do not add up');
  needOneFrame(a, b);
  const moments = addMixtureStatistics(a.moments, b.moments);
  const logLikelihood = a.logLikelihood + b.logLikelihood;
  return { ...a, n: a.n + b.n, weight: a.weight + b.weight, counts: moments.counts, logLikelihood, moments };
}
