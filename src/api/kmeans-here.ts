/** k-means on the calling thread as a record: callers that want labels and centroids do not load models. */
import { uploadHere } from '../calling-thread.ts';
import { checkWord, type Names, readOptions } from '../check.ts';
import { fitBest, fitFrom, type KMeansFit } from '../kmeans/fit.ts';
import { METRICS } from '../metric.ts';
import { type Columns, type HostPoints, preparePoints, type Rows, type Tensor } from '../points.ts';
import { isDataset } from '../reading.ts';
import { runNow } from '../steps.ts';
import { checkKMeansOptions, KMEANS_FIT_NAMES, type KMeansFitOptions, type KMeansOptions } from './kmeans-options.ts';

/**
 * Those of `kmeans`, but for where it runs, for `maxSize`, and for `signal`: nothing can abort a call that nothing interrupts. Nothing
 * waits for a promise that `onIteration` returns either.
 */
export type KMeansSyncOptions = Omit<KMeansFitOptions, 'signal' | 'output' | 'maxSize'> &
  Pick<KMeansOptions, 'metric' | 'sampleWeight'>;

const OPTIONS: Names<KMeansSyncOptions> = { ...KMEANS_FIT_NAMES, metric: true, sampleWeight: true };

/** See `kmeansSync`. */
export function kmeansHere(points: HostPoints | Tensor | Columns | Rows, options: KMeansSyncOptions): KMeansFit {
  const given = readOptions('kmeansSync', options, OPTIONS);
  const { metric, sampleWeight } = given;
  const plan = checkKMeansOptions(given);
  if (metric !== undefined) checkWord('metric', metric, METRICS);
  if (isDataset(points)) throw new TypeError('kmeansSync needs points on the host');
  const dataset = uploadHere(preparePoints(points, { metric, sampleWeight, frame: undefined }));
  try {
    return runNow(fitBest(plan, (fit) => runNow(fit(dataset)), fitFrom));
  } finally {
    dataset.destroy();
  }
}
