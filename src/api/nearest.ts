import { checkInteger, checkWord, isJSONOf, type Names, readOptions } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import type { Frame } from '../frame.ts';
import { frameOfCentroids } from '../kmeans/frame-of-centroids.ts';
import type { NearestCentroids } from '../kmeans/nearest.ts';
import { withPointsOf } from '../methods.ts';
import { METRICS, type Metric } from '../metric.ts';
import { KMeansModel } from '../models/kmeans-model.ts';
import {
  featuresOf,
  givenCentroids,
  type HostPoints,
  type PointsInput,
  type Rows,
  readRowsOf,
  type Tensor,
} from '../points.ts';
import { unwrapped } from '../proxies.ts';
import { isDataset, PLACEMENT_OPTIONS, type PlacementOptions } from '../reading.ts';
import { resultOf, runAsync } from '../steps.ts';

/** Options of {@link nearest}. */
export interface NearestOptions extends PlacementOptions {
  /** How many centroids for each point: 1, the default, to k. */
  readonly count?: number;
  /** Default `'euclidean'`, or that of the model or the dataset. `'cosine'` takes both sides at unit length. */
  readonly metric?: Metric;
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/** Loaded as models load it: what is imported in both ways would be in the first file of every page. */
const finding = () => import('../kmeans/nearest.ts');

const NEAREST_OPTIONS: Names<NearestOptions> = { ...PLACEMENT_OPTIONS, count: true, metric: true, signal: true };

/**
 * The nearest centroids of each point, and how far they are; equally near ones in the order of their indices. The i-th
 * distance is that of the i-th nearest within (1 + 2e-5), or within a millionth of how far the points reach where float32
 * rounds them by more; on the CPU the order is that of the rows as they are held, in float64. What is said of a point does not
 * depend on the others, unless they are a Dataset. Distances of all pairs are never held at once.
 *
 * @param points [n, d]: a typed array with its shape, rows, columns, a GPUBuffer, or a Dataset of an engine
 * @param centroids [k, d]: a typed array with its shape, rows, or a KMeansModel, whose metric is then used
 * @throws {RangeError} where `count` is not from 1 to k, where `points` and `centroids` do not have the same features, or under
 *   `'cosine'` where a row of either is zero.
 * @throws {TypeError} where `metric` is another than that of the model or the dataset, or where `centroids` are a Dataset or in a
 *   GPUBuffer.
 * @throws {TypeError | RangeError} as `kmeans` does, for points and options.
 * @example
 * ```ts
 * import { nearest } from 'webgpu-clustering';
 *
 * const { indices, distances } = await nearest([[1], [7]], [[0], [5], [9]], { count: 2 });
 * console.log(indices.join(), distances.join()); // 0,1,1,2 1,4,2,2
 * ```
 */
export async function nearest(
  points: PointsInput | Dataset,
  centroids: HostPoints | Tensor | Rows | KMeansModel,
  options?: NearestOptions,
): Promise<NearestCentroids> {
  const { count: asked, metric, backend, device, signal } = readOptions('nearest', options, NEAREST_OPTIONS);
  if (metric !== undefined) checkWord('metric', metric, METRICS);
  const target = targetOf(centroids, points, metric);
  const k = target.values.length / target.d;
  const count = checkInteger('count', asked ?? 1, 1);
  if (count > k) throw new RangeError(`count is ${count}, there are ${k} centroids`);
  return withPointsOf(
    target,
    points,
    { backend, device, signal, sampleWeight: undefined },
    async ({ dataset }) => runAsync((await finding()).nearestOf(dataset, target.values, count), dataset.signal),
    function* (few) {
      return yield* (yield* resultOf(finding())).nearestOfFew(few, target.values, count);
    },
  );
}

/** What points are compared with, and what they are seen in where they have no engine yet. */
interface Target {
  /** [k, d] */
  readonly values: Float64Array;
  readonly d: number;
  readonly metric: Metric;
  readonly frame: Frame | undefined;
}

function targetOf(
  given: HostPoints | Tensor | Rows | KMeansModel,
  points: PointsInput | Dataset,
  asked: Metric | undefined,
): Target {
  const centroids = unwrapped(given);
  if (centroids instanceof KMeansModel) {
    const { centroids: values, d, metric, frame } = centroids;
    if (asked !== undefined && asked !== metric) {
      throw new TypeError(`metric '${asked}' differs from the model's '${metric}'`);
    }
    return { values, d, metric, frame };
  }
  if (isJSONOf('KMeansModel', centroids)) {
    throw new TypeError('centroids is the JSON of a model: pass KMeansModel.fromJSON(centroids)');
  }
  const resident = unwrapped(points);
  const isResident = isDataset(resident);
  const metric = asked ?? (isResident ? resident.metric : 'euclidean');
  const { values: raw, d } = readRowsOf('centroids', centroids, '{ data, shape }, rows or a KMeansModel');
  const features = isResident ? resident.d : featuresOf(resident);
  if (features !== d) throw new RangeError(`points have ${features} features, centroids have ${d}`);
  const values = givenCentroids('centroids', raw, { metric, d });
  // What is said of a row does not depend on the other rows, as where a model says it.
  return { values, d, metric, frame: isResident ? undefined : frameOfCentroids(values, d) };
}
