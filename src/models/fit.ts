/** How a finished fit becomes a model. */
import { runAsync } from '../engine/steps.ts';
import { DeviceLostError } from '../errors.ts';
import * as kmeans from '../kmeans/fit.ts';
import type { KMeansPlan } from '../kmeans/plan.ts';
import * as mixture from '../mixture/fit.ts';
import type { MixturePlan } from '../mixture/plan.ts';
import type { Dataset } from '../placement.ts';
import { GaussianMixtureModel } from './gaussian-mixture-model.ts';
import { KMeansModel } from './kmeans-model.ts';

/** k-means of points that are resident, wherever they may move meanwhile. */
export async function fitKMeans(
  points: Dataset,
  plan: KMeansPlan,
  signal: AbortSignal | undefined,
): Promise<KMeansModel> {
  const best = kmeans.fitBest(plan, (fit) =>
    points.use(signal, async ({ dataset, reason }) => {
      if (reason === 'device-lost' && plan.output === 'buffer') {
        throw new DeviceLostError('the GPU device was lost, and the labels were to stay on it');
      }
      return { ...(await runAsync(fit(dataset))), reason };
    }),
  );
  return new KMeansModel(await runAsync(best));
}

/** A mixture of points that are resident, wherever they may move meanwhile. */
export async function fitMixture(
  points: Dataset,
  plan: MixturePlan,
  signal: AbortSignal | undefined,
): Promise<GaussianMixtureModel> {
  const best = await mixture.fitBest(plan, (fit) =>
    points.use(signal, async ({ dataset, reason }) => ({ ...(await fit(dataset)), reason })),
  );
  return new GaussianMixtureModel(best, best.reason);
}
