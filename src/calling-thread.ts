/** The engine of callers that cannot wait. */
import { createSyncCpuEngine } from './cpu/sync-engine.ts';
import type { KMeansDataset } from './engine/contract.ts';
import type { PreparedPoints } from './points.ts';
import { resultOf, runNow } from './steps.ts';

/** Kept, once there is one: to make its memory costs more than a small fit. */
let engine: ReturnType<typeof createSyncCpuEngine> | undefined;

/** Points on the CPU engine of the calling thread: its verbs return values, not promises. */
export function uploadHere(points: PreparedPoints): KMeansDataset {
  engine ??= createSyncCpuEngine();
  return runNow(resultOf(engine.upload(points)));
}
