import { uploadHere } from '../calling-thread.ts';
import { checkWord, type Names, readOptions } from '../check.ts';
import { fitBest, fitFrom } from '../kmeans/fit.ts';
import type { KMeansPlan } from '../kmeans/plan.ts';
import { METRICS } from '../metric.ts';
import { KMeansModel } from '../models/kmeans-model.ts';
import {
  type Columns,
  type HostPoints,
  type PreparedPoints,
  preparePoints,
  type Rows,
  type Tensor,
} from '../points.ts';
import { isDataset } from '../reading.ts';
import { runNow, type Steps } from '../steps.ts';
import { checkKMeansOptions, KMEANS_FIT_NAMES, type KMeansFitOptions, type KMeansOptions } from './kmeans-options.ts';

/**
 * Those of `kmeans`, but for where it runs, for `maxSize`, and for `signal`: nothing can abort a call that nothing interrupts. Nothing
 * waits for a promise that `onIteration` returns either.
 */
export type KMeansSyncOptions = Omit<KMeansFitOptions, 'signal' | 'output' | 'maxSize'> &
  Pick<KMeansOptions, 'metric' | 'sampleWeight'>;

const OPTIONS: Names<KMeansSyncOptions> = { ...KMEANS_FIT_NAMES, metric: true, sampleWeight: true };

/**
 * What `kmeans` gives on the CPU, bit for bit, computed before it returns: the calling thread does nothing else until then.
 *
 * @param points [n, d], on the host
 * @throws {TypeError} as `kmeans` does, and for a Dataset or points in a GPUBuffer.
 * @throws {RangeError} as `kmeans` does.
 * @example
 * ```ts
 * import { kmeansSync } from 'webgpu-clustering/cpu';
 *
 * const model = kmeansSync([[0, 0], [0, 1], [9, 9], [9, 8]], { k: 2, init: [[0, 0], [9, 9]] });
 * console.log(model.labels.join(), model.counts.join()); // 0,0,1,1 2,2
 * ```
 */
export function kmeansSync(points: HostPoints | Tensor | Columns | Rows, options: KMeansSyncOptions): KMeansModel {
  const given = readOptions('kmeansSync', options, OPTIONS);
  const { metric, sampleWeight } = given;
  const plan = checkKMeansOptions(given);
  if (metric !== undefined) checkWord('metric', metric, METRICS);
  if (isDataset(points)) throw new TypeError('kmeansSync needs points on the host');
  return runNow(fitHere(preparePoints(points, { metric, sampleWeight, frame: undefined }), plan));
}

function* fitHere(points: PreparedPoints, plan: KMeansPlan): Steps<KMeansModel> {
  const dataset = uploadHere(points);
  try {
    return new KMeansModel({ ...(yield* fitBest(plan, (fit) => runNow(fit(dataset)), fitFrom)), reason: 'asked' });
  } finally {
    dataset.destroy();
  }
}
