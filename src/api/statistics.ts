/**
 * Fits of points that no single call sees: a shard of them turns parameters into statistics, and statistics add up. Where they
 * were computed, and in which order they are added, does not show in the centroids of k-means on the CPU engine.
 */
import { checkInteger, checkSignal, checkWhole, checkWord, kindOf, type Names, readOptions } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import { withReading } from '../defaults.ts';
import { type SharedFrame, sameFrame, sharedFrameOf } from '../engine/shared-frame.ts';
import type { PointsRange } from '../frame.ts';
import type { Home } from '../home.ts';
import { heldCentroids } from '../kmeans/held.ts';
import { addShards as addOfKMeans, type KMeansShardStatistics, statisticsAt as ofKMeans } from '../kmeans/shards.ts';
import { METRICS, type Metric } from '../metric.ts';
import { heldParameters } from '../mixture/held.ts';
import {
  addShards as addOfMixtures,
  type MixtureShardStatistics,
  statisticsAt as ofMixture,
} from '../mixture/shards.ts';
import { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import { KMeansModel } from '../models/kmeans-model.ts';
import { checkFeatures, type PointsInput, type Weights } from '../points.ts';
import { unwrapped } from '../proxies.ts';
import { rangeOfPoints } from '../range.ts';
import { isDataset, PLACEMENT_OPTIONS, type PlacementOptions } from '../reading.ts';
import { shardOf } from '../shard.ts';
import { run, runAsync } from '../steps.ts';

/** What a shard of points tells of the parameters of a model. */
export type ShardStatistics = KMeansShardStatistics | MixtureShardStatistics;

/** Options of {@link rangeOf}. */
export interface RangeOptions {
  /** Under which the points will be clustered. Default `'euclidean'`. */
  readonly metric?: Metric;
  /** Weights [n], finite and not negative, in float32. */
  readonly sampleWeight?: Weights;
  /**
   * Where the rows of positive weight lie among those of all shards: so many are in the shards before, so many in all. Then the
   * frame is that of all rows in one call, and a fit from the same start has the same bits; without it, nearly.
   */
  readonly place?: {
    /** Rows of positive weight in the shards before. */
    readonly first: number;
    /** Rows of positive weight in all shards. */
    readonly total: number;
  };
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

const RANGE_OPTIONS: Names<RangeOptions> = { metric: true, sampleWeight: true, place: true, signal: true };

/** Places among rows are integers of 32 bits. */
const MOST_ROWS = 2 ** 32;

/**
 * What a shard of points [n, d] tells before any statistics: its range, and some of its rows.
 *
 * @throws {TypeError | RangeError} as `kmeans` does, for points and weights.
 * @example
 * ```ts
 * import { addRanges, addStatistics, frameOf, fromCentroids, rangeOf, statisticsOf } from 'webgpu-clustering';
 *
 * const shards = [[[0], [1]], [[8], [9], [10]]];
 * const frame = frameOf((await Promise.all(shards.map((shard) => rangeOf(shard)))).reduce(addRanges));
 * let model = fromCentroids([[0], [1]]);
 * while (!model.converged) {
 *   const statistics = await Promise.all(shards.map((shard) => statisticsOf(shard, model, { frame })));
 *   model = await model.update(statistics.reduce((a, b) => addStatistics(a, b)));
 * }
 * console.log(model.centroids.join()); // 0.5,9
 * ```
 */
export async function rangeOf(points: PointsInput, options?: RangeOptions): Promise<PointsRange> {
  const { metric, sampleWeight, place, signal } = readOptions('rangeOf', options, RANGE_OPTIONS);
  if (metric !== undefined) checkWord('metric', metric, METRICS);
  if (place !== undefined) {
    checkInteger('place.first', place.first, 0);
    checkInteger('place.total', place.total, 1);
    if (place.total > MOST_ROWS) throw new RangeError(`place.total must be at most ${MOST_ROWS}, got ${place.total}`);
  }
  return runAsync(rangeOfPoints(points, { metric, sampleWeight }, place), checkSignal(signal));
}

/** Options of {@link frameOf}. */
export interface FrameOptions {
  /** Rows that statistics in the frame may be of, at most. Default those of the range: more, where it is that of a part. */
  readonly rows?: number;
}

/**
 * The frame that all shards hold their points in, by the range of all of them, or of points like them. Statistics in different
 * frames do not add up.
 *
 * @throws {RangeError} where `rows` is less than those of the range.
 * @example
 * ```ts
 * import { frameOf, rangeOf } from 'webgpu-clustering';
 *
 * const frame = frameOf(await rangeOf([[0], [1], [9]]), { rows: 1e6 });
 * console.log(frame.n); // 1000000
 * ```
 */
export function frameOf(range: PointsRange, options?: FrameOptions): SharedFrame {
  const { rows } = readOptions('frameOf', options, { rows: true });
  return sharedFrameOf(rows === undefined ? range : { ...range, n: checkInteger('rows', rows, range.n) });
}

/** Options of {@link statisticsOf}. */
export interface StatisticsOptions extends PlacementOptions {
  /** What all shards agreed on: see {@link frameOf}. Default one of these points alone; a Dataset has its own. */
  readonly frame?: SharedFrame;
  /** Weights [n], finite and not negative, in float32; for points in a Dataset they belong to it. */
  readonly sampleWeight?: Weights;
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

const STATISTICS_OPTIONS: Names<StatisticsOptions> = {
  ...PLACEMENT_OPTIONS,
  frame: true,
  sampleWeight: true,
  signal: true,
};

/**
 * What a shard of points [n, d] tells of a model: one assignment, or one E-step. The rows of all shards together, in whatever cut
 * and order, make of it the model that {@link KMeansModel.update} returns, to the bit for k-means on the CPU engine, which is the
 * default here; on WebGPU, and for mixtures, within rounding.
 *
 * @param points [n, d], or a Dataset that was uploaded with the frame
 * @throws {TypeError} where an argument is of the wrong kind, or an option does not exist.
 * @throws {RangeError} where a value is wrong, points have other features than the model or the frame, lie beyond what it holds, or
 *   are more than it has room for.
 * @example
 * ```ts
 * import { fromCentroids, statisticsOf } from 'webgpu-clustering';
 *
 * const statistics = await statisticsOf([[0], [1], [9]], fromCentroids([[0], [8]]));
 * console.log(statistics.counts.join()); // 2,1
 * ```
 */
export async function statisticsOf(
  points: PointsInput | Dataset,
  model: KMeansModel,
  options?: StatisticsOptions,
): Promise<KMeansShardStatistics>;
export async function statisticsOf(
  points: PointsInput | Dataset,
  model: GaussianMixtureModel,
  options?: StatisticsOptions,
): Promise<MixtureShardStatistics>;
export async function statisticsOf(
  points: PointsInput | Dataset,
  model: KMeansModel | GaussianMixtureModel,
  options?: StatisticsOptions,
): Promise<ShardStatistics>;
export async function statisticsOf(
  given: PointsInput | Dataset,
  model: KMeansModel | GaussianMixtureModel,
  options?: StatisticsOptions,
): Promise<ShardStatistics> {
  const {
    frame,
    sampleWeight,
    backend = 'cpu',
    device,
    signal: heeded,
  } = readOptions('statisticsOf', options, STATISTICS_OPTIONS);
  const signal = checkSignal(heeded);
  const work = workOf(unwrapped(model));
  const points = unwrapped(given);
  const { metric } = work;
  const reading = isDataset(points) ? points : run(shardOf(points, { metric, sampleWeight }, frame), signal);
  return withReading(reading, { backend, device, signal }, (dataset) =>
    dataset.use(signal, async (home) => {
      checkFeatures(dataset.d, work.d);
      if (dataset.metric !== metric)
        throw new TypeError(`the points are '${dataset.metric}', the model is '${metric}'`);
      if (frame !== undefined && !sameFrame(home.dataset.frame, frame.frame)) {
        throw new RangeError('the dataset is in another frame: upload its points with this one');
      }
      return work.in(home);
    }),
  );
}

function workOf(model: KMeansModel | GaussianMixtureModel): {
  readonly d: number;
  readonly metric: Metric;
  in(home: Home): Promise<ShardStatistics>;
} {
  if (model instanceof KMeansModel) {
    const { d, metric } = model;
    return {
      ...{ d, metric },
      in: ({ dataset }) => runAsync(ofKMeans(dataset, heldCentroids(model, dataset)), dataset.signal),
    };
  }
  if (model instanceof GaussianMixtureModel) {
    return {
      ...{ d: model.d, metric: 'euclidean' },
      in: ({ dataset }) => ofMixture(dataset, heldParameters(model, dataset.frame), model.temperature),
    };
  }
  throw new TypeError(`model must be a KMeansModel or a GaussianMixtureModel, got ${kindOf(model)}`);
}

/**
 * The statistics of two shards as those of one.
 *
 * @throws {RangeError} where they do not belong together: another k, d, metric or covariance type, other parameters, another frame.
 * @example
 * ```ts
 * import { addStatistics, frameOf, fromCentroids, rangeOf, statisticsOf } from 'webgpu-clustering';
 *
 * const frame = frameOf(await rangeOf([[0], [1], [9]]));
 * const model = fromCentroids([[0], [8]]);
 * const shards = [[[0], [9]], [[1]]];
 * const [a, b] = await Promise.all(shards.map((shard) => statisticsOf(shard, model, { frame })));
 * console.log((await model.update(addStatistics(a, b))).centroids.join()); // 0.5,9
 * ```
 */
export function addStatistics(a: KMeansShardStatistics, b: KMeansShardStatistics): KMeansShardStatistics;
export function addStatistics(a: MixtureShardStatistics, b: MixtureShardStatistics): MixtureShardStatistics;
export function addStatistics(a: ShardStatistics, b: ShardStatistics): ShardStatistics;
export function addStatistics(a: ShardStatistics, b: ShardStatistics): ShardStatistics {
  for (const statistics of [a, b]) checkWhole('statistics', statistics?.counts);
  if (a.type === 'KMeansStatistics' && b.type === 'KMeansStatistics') return addOfKMeans(a, b);
  if (a.type === 'MixtureStatistics' && b.type === 'MixtureStatistics') return addOfMixtures(a, b);
  throw new RangeError('statistics of k-means and of a mixture do not add up');
}
