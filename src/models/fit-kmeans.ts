/** How a finished fit of k-means becomes a model. Apart from that of mixtures, which a page of k-means does not load. */

import type { Dataset } from '../dataset.ts';
import type { EngineDataset } from '../engine/contract.ts';
import { DeviceLostError } from '../errors.ts';
import type { Reason } from '../home.ts';
import { fitBest, fitFrom, type KMeansFit } from '../kmeans/fit.ts';
import type { KMeansPlan } from '../kmeans/plan.ts';
import { runAsync } from '../steps.ts';
import { KMeansModel } from './kmeans-model.ts';

/** k-means of points that are resident, wherever they may move meanwhile. */
export async function fitKMeans(
  points: Dataset,
  plan: KMeansPlan,
  signal: AbortSignal | undefined,
): Promise<KMeansModel> {
  const best = fitBest<KMeansFit & { readonly reason: Reason }, EngineDataset>(
    plan,
    (fit) =>
      points.use(signal, async ({ dataset, reason }) => {
        if (plan.output === 'buffer') checkRoom(dataset, reason);
        return { ...(await runAsync(fit(dataset), signal)), reason };
      }),
    plan.maxSize === undefined ? fitFrom : (await import('../kmeans/balanced.ts')).fitWithin(plan.maxSize),
  );
  return new KMeansModel(await runAsync(best));
}

/** Checks that the labels of points have a place on the GPU. */
function checkRoom({ n, largestBuffer }: EngineDataset, reason: Reason): void {
  if (reason === 'device-lost') throw new DeviceLostError('the GPU device was lost, and the labels were to stay on it');
  if (largestBuffer === 0) throw new TypeError("output 'buffer' needs points on WebGPU");
  if (4 * n > largestBuffer) {
    throw new RangeError(`${n} labels need ${4 * n} bytes, the device has buffers of at most ${largestBuffer}`);
  }
}
