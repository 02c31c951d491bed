/** The E-step of an engine, and what it says of the likelihood. */
import type { EngineDataset, MixtureWorkspace } from '../engine/contract.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import type { PointsSummary } from '../points.ts';
import { formOf } from './forms/index.ts';
import type { Parameters } from './parameters.ts';

/** Opens what the E-step of such parameters needs, and closes it. */
export async function withMixture<T>(
  dataset: EngineDataset,
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
