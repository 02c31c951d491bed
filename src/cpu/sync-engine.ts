import type { KMeansDataset } from '../engine/contract.ts';
import { runNow } from '../steps.ts';
import { upload } from './dataset.ts';
import { KMEANS } from './families/kmeans.ts';
import { CallingThread } from './threads/place.ts';
import { KMeansVerbs, type Uploading } from './verbs.ts';

/** The engine of callers that cannot wait: on the calling thread, with values in place of promises, and for k-means alone. */
export function createSyncCpuEngine(simd = true): Uploading<KMeansDataset> {
  const places = [new CallingThread(simd)];
  const engine: Uploading<KMeansDataset> = {
    upload(points) {
      const resident = runNow(upload(points, places, KMEANS));
      return Object.assign(new KMeansVerbs(resident, engine, runNow), resident.summary);
    },
  };
  return engine;
}
