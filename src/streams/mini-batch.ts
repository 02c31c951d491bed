/** Mini-batch k-means of a source: batches of the rows of its blocks. */
import type { Reason } from '../home.ts';
import type { KMeansFit } from '../kmeans/fit.ts';
import { firstLearned, MiniBatchFit, type MiniBatchPlan } from '../kmeans/mini-batch.ts';
import { checkKMeansPlan } from '../kmeans/plan.ts';
import type { BlockSource } from '../reading.ts';
import { runAsync } from '../steps.ts';
import { openSource, type SourceOptions } from './passes.ts';

/** Passes in which batches are learnt, until one is left early, and one that assigns all rows. */
export async function fitSource(
  given: BlockSource,
  plan: MiniBatchPlan,
  options: SourceOptions,
): Promise<KMeansFit & { readonly reason: Reason }> {
  const { signal } = options;
  const points = await openSource(given, plan, options);
  checkKMeansPlan(plan, points.summary);
  // Rows that stand for all are few enough for all of them to be fitted.
  const { initSize = Infinity } = plan;
  const start = await points.withReservoir((rows) => runAsync(firstLearned(rows, { ...plan, initSize }), signal));
  const fit = new MiniBatchFit(points.summary, plan, start);
  for (let pass = 0; pass < plan.maxIterations && fit.goesOn; pass++) {
    // Each batch is taught to what the ones before have taught.
    await points.each(async (dataset) => ({
      async take() {
        await runAsync(fit.learnAll(dataset, pass > 0), signal);
        return fit.goesOn;
      },
    }));
  }
  const fitted = await runAsync(fit.outcome(points.blockwise), signal);
  return { ...fitted, backend: points.backend, reason: points.reason };
}
