import type { ClusteringEngine } from '../engine/contract.ts';
import { runNow } from '../steps.ts';
import { CallingThread } from './threads/place.ts';
import { engineOf } from './verbs.ts';

/** The engine of callers that cannot wait: on the calling thread, with values in place of promises. */
export function createSyncCpuEngine(simd = true): ClusteringEngine {
  const here = new CallingThread(simd);
  return engineOf(runNow, 1, [], {
    kmeans: undefined,
    // biome-ignore lint/correctness/useYield: nothing to wait for
    *places() {
      return [here];
    },
    destroy: () => undefined,
  });
}
