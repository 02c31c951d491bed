/** k-means of a source. */
import type { BlockwisePoints } from '../engine/contract.ts';
import type { Reason } from '../home.ts';
import { firstCentroids, fitBest, fitBlocks, type KMeansFit } from '../kmeans/fit.ts';
import { checkKMeansPlan, type KMeansPlan } from '../kmeans/plan.ts';
import type { BlockSource } from '../reading.ts';
import { resultOf, runAsync } from '../steps.ts';
import { openSource, type SourceOptions } from './passes.ts';

/** Fits exactly: an iteration is a pass over all rows. */
export async function fitSource(
  given: BlockSource,
  plan: KMeansPlan,
  options: SourceOptions,
): Promise<KMeansFit & { readonly reason: Reason }> {
  if (plan.output === 'buffer') throw new TypeError("output 'buffer' is not for a source: no labels are kept");
  if (plan.maxSize !== undefined) throw new TypeError('maxSize is not for a source: no labels are kept');
  const { signal } = options;
  const points = await openSource(given, plan, options);
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
