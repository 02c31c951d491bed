/** k-means of a source. */
import type { Given } from '../check.ts';
import { defaultEngines } from '../defaults.ts';
import type { BlockwisePoints } from '../engine/contract.ts';
import type { Reason } from '../home.ts';
import { firstCentroids, fitBest, fitBlocks, type KMeansFit } from '../kmeans/fit.ts';
import { checkKMeansPlan, type KMeansPlan } from '../kmeans/plan.ts';
import type { Metric } from '../metric.ts';
import type { Weights } from '../points.ts';
import type { BlockSource, PlacementOptions } from '../reading.ts';
import { resultOf, runAsync } from '../steps.ts';
import { SourcePoints, surveySource } from './passes.ts';
import { checkSource } from './source.ts';

/** Fits exactly: an iteration is a pass over all rows. */
export async function fitSource(
  given: BlockSource,
  plan: KMeansPlan,
  {
    metric = 'euclidean',
    sampleWeight,
    signal,
    ...placement
  }: Given<PlacementOptions> & {
    readonly metric: Metric | undefined;
    readonly sampleWeight: Weights | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<KMeansFit & { readonly reason: Reason }> {
  if (plan.output === 'buffer') throw new TypeError("output 'buffer' is not for a source: no labels are kept");
  if (plan.maxSize !== undefined) throw new TypeError('maxSize is not for a source: no labels are kept');
  const source = checkSource(given, sampleWeight);
  const engines = await defaultEngines(placement);
  const surveyed = await surveySource(source, { metric, k: plan.k, seed: plan.seed, signal });
  const points = new SourcePoints(source, engines, surveyed, signal);
  checkKMeansPlan(plan, points.summary);
  const best = fitBest<KMeansFit & { readonly reason: Reason }, BlockwisePoints>(
    plan,
    async (fit) => {
      const fitted = await runAsync(fit(points.blockwise), signal);
      return { ...fitted, backend: points.backend, reason: points.reason };
    },
    (blockwise, _, start, state) =>
      fitBlocks(blockwise, plan, state, () =>
        resultOf(points.withReservoir((dataset) => runAsync(firstCentroids(dataset, plan, start), signal))),
      ),
  );
  return runAsync(best);
}
