import { checkSignal, checkWord, type Names, readOptions } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import { withPoints } from '../defaults.ts';
import type { BisectingStrategy } from '../kmeans/bisecting.ts';
import { METRICS } from '../metric.ts';
import { KMeansModel } from '../models/kmeans-model.ts';
import type { PointsInput } from '../points.ts';
import { PLACEMENT_OPTIONS } from '../reading.ts';
import { runAsync } from '../steps.ts';
import { checkKMeansOptions, type KMeansOptions } from './kmeans-options.ts';

/** Options of {@link bisectingKMeans}: those of a fit, which hold for each split. */
export interface BisectingKMeansOptions extends Omit<KMeansOptions, 'init' | 'onIteration' | 'output' | 'maxSize'> {
  /** Which cluster is split next. Default `'largest-inertia'`. */
  readonly strategy?: BisectingStrategy;
  /** How each split starts; default `'k-means++'`. */
  readonly init?: 'k-means++' | 'k-means||' | 'random';
}

const OPTIONS: Names<BisectingKMeansOptions> = {
  ...PLACEMENT_OPTIONS,
  k: true,
  strategy: true,
  init: true,
  nInit: true,
  maxIterations: true,
  tolerance: true,
  seed: true,
  metric: true,
  sampleWeight: true,
  signal: true,
};

const STRATEGIES = ['largest-inertia', 'largest-cluster'] as const satisfies readonly BisectingStrategy[];

/** Loaded where it is asked for. */
const bisecting = () => import('../kmeans/bisecting.ts');

/**
 * Clusters points [n, d] by splitting one cluster in two by k-means, until there are k (Steinbach, Karypis and Kumar 2000):
 * less work than k-means for large k, and clusters of more even size. The clusters stand in the order of the tree, those that were
 * split last beside one another. A last assignment gives each point the label of the nearest centroid, where scikit-learn
 * keeps that of the tree; so the inertia is at most that of the tree.
 *
 * A cluster of one distinct point cannot be split: the model has fewer than k clusters, `model.k`, where there are fewer
 * distinct points of positive weight. `iterations` are Lloyd's in all splits, and `converged` says whether each split did.
 *
 * @param points [n, d]: a typed array with its shape, rows, columns, a GPUBuffer, or a Dataset of an engine
 * @throws {TypeError | RangeError} as `kmeans` does; a start other than by a method is a `TypeError`.
 * @throws {WebGPUUnavailableError} under `backend: 'webgpu'`, where there is no adapter.
 * @throws {DeviceLostError} where the device was lost and the points could not go on to the CPU.
 * @example
 * ```ts
 * import { bisectingKMeans } from 'webgpu-clustering';
 *
 * const points = [[0], [1], [8], [9], [20], [21]];
 * const model = await bisectingKMeans(points, { k: 3 });
 * console.log(model.counts.join(), model.inertia); // 2,2,2 1.5
 * ```
 */
export async function bisectingKMeans(
  points: PointsInput | Dataset,
  options: BisectingKMeansOptions,
): Promise<KMeansModel> {
  const given = readOptions('bisectingKMeans', options, OPTIONS);
  const { strategy: asked, metric, sampleWeight, backend, device, signal: heeded, ...fit } = given;
  const strategy = checkWord('strategy', asked ?? 'largest-inertia', STRATEGIES);
  const init = fit.init === undefined ? undefined : checkWord('init', fit.init, ['k-means++', 'k-means||', 'random']);
  const plan = checkKMeansOptions({ ...fit, init, onIteration: undefined });
  const signal = checkSignal(heeded);
  if (metric !== undefined) checkWord('metric', metric, METRICS);
  const placement = { backend, device, metric, sampleWeight, signal, frame: undefined };
  return withPoints(points, placement, (resident) =>
    resident.use(signal, async ({ dataset, reason }) => {
      const { fitBisecting } = await bisecting();
      return new KMeansModel({ ...(await runAsync(fitBisecting(dataset, plan, strategy), signal)), reason });
    }),
  );
}
