/** The E-step of an engine, and what it says of the likelihood. */
import type { EngineDataset, MixtureWorkspace, WeightedRow } from '../engine/contract.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import type { PointsSummary } from '../points.ts';
import { formOf } from './forms/index.ts';
import type { Parameters } from './parameters.ts';

/** Points that have E-steps, wherever they are. */
export type ExpectedPoints = PointsSummary & Pick<EngineDataset, 'backend' | 'signal' | 'mixture'>;

/** The same where only some rows are there at a time: their labels are not kept. */
export interface BlockwisePoints extends ExpectedPoints {
  /** Runs `work` on rows that stand for all. */
  withReservoir<T>(work: (dataset: EngineDataset) => Promise<T>): Promise<T>;

  /**
   * At most `wanted` rows of weight, distinct by value and off the means, that the mixture explains worst; the worst first.
   *
   * @param variances [d]: what is near is a share of them
   */
  worstExplained(
    parameters: Parameters,
    temperature: number,
    variances: Float64Array,
    wanted: number,
  ): Promise<readonly WeightedRow[]>;
}

/** Opens what the E-step of such parameters needs, and closes it. */
export async function withMixture<T>(
  dataset: ExpectedPoints,
  { k, covarianceType }: Pick<Parameters, 'k' | 'covarianceType'>,
  work: (workspace: MixtureWorkspace) => Promise<T>,
): Promise<T> {
  const workspace = await dataset.mixture(k, formOf(covarianceType).shape);
  try {
    return await work(workspace);
  } finally {
    workspace.close();
  }
}

/** Weighted mean of T·log Σ(π·p)^(1/T), with p in the caller's units. */
export function meanValue(statistics: MixtureStatistics, points: PointsSummary): number {
  return likelihoodOf(statistics, points) / points.totalWeight;
}

/** The sum of which that is the mean. */
export function likelihoodOf({ logLikelihood }: MixtureStatistics, { totalWeight, d, frame }: PointsSummary): number {
  return logLikelihood + totalWeight * d * Math.log(frame.scale);
}
