/** How a finished fit of k-means becomes a model. Apart from that of mixtures, which a page of k-means does not load. */
import { runAsync } from '../engine/steps.ts';
import { DeviceLostError } from '../errors.ts';
import { fitBest } from '../kmeans/fit.ts';
import type { KMeansPlan } from '../kmeans/plan.ts';
import type { Dataset } from '../placement.ts';
import { KMeansModel } from './kmeans-model.ts';

/** k-means of points that are resident, wherever they may move meanwhile. */
export async function fitKMeans(
  points: Dataset,
  plan: KMeansPlan,
  signal: AbortSignal | undefined,
): Promise<KMeansModel> {
  const best = fitBest(plan, (fit) =>
    points.use(signal, async ({ dataset, reason }) => {
      if (reason === 'device-lost' && plan.output === 'buffer') {
        throw new DeviceLostError('the GPU device was lost, and the labels were to stay on it');
      }
      return { ...(await runAsync(fit(dataset))), reason };
    }),
  );
  return new KMeansModel(await runAsync(best));
}
