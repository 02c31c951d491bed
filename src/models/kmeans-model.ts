import {
  checkBoolean,
  checkInteger,
  checkNotNegative,
  checkWord,
  finite,
  isJSONOf,
  propertyOf,
  readCoordinates,
  readNumbers,
  readOptions,
} from '../check.ts';
import type { Dataset } from '../dataset.ts';
import type { EngineDataset } from '../engine/contract.ts';
import { type Frame, type FrameJSON, frameFromJSON, frameOfModel, frameToJSON } from '../frame.ts';
import { REASONS, type Reason } from '../home.ts';
import type { KMeansFit } from '../kmeans/fit.ts';
import type { KMeansShardStatistics } from '../kmeans/shards.ts';
import { METHOD_OPTIONS, type MethodOptions, withPointsOf } from '../methods.ts';
import { METRICS, type Metric, metricOf } from '../metric.ts';
import type { CovarianceType } from '../mixture/forms/names.ts';
import type { Parameters } from '../mixture/parameters.ts';
import { drawSample, type SampleOptions } from '../mixture/sample.ts';
import type { Backend, PointsInput } from '../points.ts';
import { knowSelf } from '../proxies.ts';
import type { Random } from '../random.ts';
import { type BlockSource, isSource } from '../reading.ts';
import { resultOf, runAsync, type Steps } from '../steps.ts';
import type { GaussianMixtureModel } from './gaussian-mixture-model.ts';
import { kmeansModels } from './known.ts';
import type { RecordOf } from './record.ts';

/** What `toJSON` gives: all of the model but its labels. */
export interface KMeansJSON {
  /** What it is the JSON of. */
  readonly type: 'KMeansModel';
  /** Number of clusters. */
  readonly k: number;
  /** Number of features. */
  readonly d: number;
  /** Metric of the fit. */
  readonly metric: Metric;
  /** [k, d] row-major */
  readonly centroids: number[];
  /** Summed weights of the clusters [k]. */
  readonly counts: number[];
  /** At most the largest float64; null where it is not known: JSON has no NaN. */
  readonly inertia: number | null;
  /** Lloyd iterations. */
  readonly iterations: number;
  /** Whether the fit stopped by its rule. */
  readonly converged: boolean;
  /** Where the fit ended. */
  readonly backend: Backend;
  /** Why the fit ended on that backend. */
  readonly reason?: Reason | undefined;
  /** What its methods see points in; where it is missing it is made of the centroids. */
  readonly frame?: FrameJSON | undefined;
}

/** What a fit came to, and why there; without a frame where there was no fit. */
interface Fields extends Omit<KMeansFit, 'frame'> {
  readonly frame: Frame | null;
  readonly reason: Reason;
  readonly held?: Float64Array;
}

/** Loaded by those who want densities, behind the reading of the points. */
const mixtures = () => import('./gaussian-mixture-model.ts');
/** Loaded by those who have sources of blocks. */
const blocks = () => import('../streams/over.ts');

/** Loaded with the first question; there at once for the next. */
let answers: Answers | undefined;

type Answers = typeof import('../kmeans/answers.ts');

async function loadAnswers(): Promise<Answers> {
  answers = await import('../kmeans/answers.ts');
  return answers;
}

/**
 * The result of k-means. It holds no engine, and no GPU memory but `labelsBuffer`: methods that take points run where calls
 * without an engine do, or where the dataset is.
 *
 * @example
 * ```ts
 * import { KMeansModel, kmeans } from 'webgpu-clustering';
 *
 * const model = await kmeans([[0, 0], [0, 1], [9, 9], [9, 8]], { k: 2, init: [[0, 0], [9, 9]] });
 * console.log((await model.predict([[1, 1], [7, 7]])).join()); // 0,1
 * const back = KMeansModel.fromJSON(JSON.parse(JSON.stringify(model)));
 * console.log(back.centroids.join()); // 0,0.5,9,8.5
 * ```
 */
export class KMeansModel {
  /** Number of clusters. */
  readonly k!: number;
  /** Number of features. */
  readonly d!: number;
  /** Metric of the fit, which is that of its methods. */
  readonly metric!: Metric;
  /**
   * [k, d] row-major: the centroids that the last assignment used, rounded once as they come out of the fit's frame. Where a row
   * is as near to two of them, but for that, `predict` may choose the other one.
   */
  readonly centroids!: Float64Array;
  /** Index of the nearest centroid [n]; empty in a model made from JSON, and where they are in `labelsBuffer`. */
  readonly labels!: Uint32Array;
  /**
   * Under `output: 'buffer'` the labels as u32 [n], in a buffer of the device's that the caller destroys (STORAGE, COPY_SRC);
   * else null.
   */
  readonly labelsBuffer!: GPUBuffer | null;
  /** Summed weights of the clusters [k]. */
  readonly counts!: Float64Array;
  /** Of `labels` and `centroids`, as {@link Metric} has it; NaN where there are none that it could be of: see {@link update}. */
  readonly inertia!: number;
  /** Lloyd iterations. */
  readonly iterations!: number;
  /** Whether the fit stopped by its rule, at a local minimum within tolerance, and not at `maxIterations`. */
  readonly converged!: boolean;
  /** Where the fit ended. */
  readonly backend!: Backend;
  /** Why the fit ended on that backend. */
  readonly reason!: Reason;
  /**
   * What its methods see points in: so what they say of a row does not depend on the other rows, and of the points of the
   * fit it is what the fit says.
   * @internal
   */
  readonly frame: Frame;
  /** What the centroids are in the frame, where they come of statistics in it. @internal */
  declare readonly held?: Float64Array;
  /** Whether the frame is that of a fit, and not made of the centroids. */
  readonly #fitted: boolean;

  /** @internal */
  constructor(fields: Fields) {
    knowSelf(this, KMeansModel);
    kmeansModels.add(this);
    Object.assign(this, fields);
    this.#fitted = fields.frame !== null;
    this.frame = fields.frame ?? frameOfCentroids(fields);
  }

  /**
   * Index of the nearest centroid of each point; ties go to the lowest index.
   *
   * @returns Uint32Array [n]
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `kmeans` does, for points and options.
   */
  predict(points: PointsInput | Dataset, options?: MethodOptions): Promise<Uint32Array> {
    return this.#ask(
      points,
      options,
      ({ labelPoints }, dataset) => labelPoints(dataset, this.centroids),
      ({ labels }) => labels,
    );
  }

  /**
   * The same for the blocks of a source, one after the other, as they are asked for.
   *
   * @throws {TypeError | RangeError} as `predict` does, with the number of the block.
   * @example
   * ```ts
   * import { kmeans } from 'webgpu-clustering';
   *
   * async function* blocks() {
   *   yield [[0], [1]];
   *   yield [[8], [9], [10]];
   * }
   * const model = await kmeans({ blocks }, { k: 2, init: [[0], [9]] });
   * for await (const labels of model.predictBlocks({ blocks })) console.log(labels.join()); // 0,0 | 1,1,1
   * ```
   */
  async *predictBlocks(source: BlockSource, options?: MethodOptions): AsyncGenerator<Uint32Array, void, undefined> {
    yield* (await blocks()).labelsOf(this, source, options);
  }

  /**
   * Of each cluster the points that are nearest to its centroid, to show what it is about: of those with its label, and of
   * positive weight, up to `count` (default 1), the nearest first; equally near ones in the order of their indices.
   *
   * @returns for each of the k clusters row indices: Uint32Array [at most count]
   * @throws {RangeError} where `count` is less than 1, or the points do not have `d` features.
   * @throws {TypeError | RangeError} as `kmeans` does, for points and options.
   * @example
   * ```ts
   * import { kmeans } from 'webgpu-clustering';
   *
   * const points = [[0], [2], [3], [8], [9]];
   * const model = await kmeans(points, { k: 2, init: [[0], [9]] });
   * console.log((await model.representatives(points, { count: 2 })).join(' ')); // 1,2 3,4
   * ```
   */
  async representatives(
    points: PointsInput | Dataset,
    options?: MethodOptions & { readonly count?: number },
  ): Promise<Uint32Array[]> {
    const { count = 1, ...given } = readOptions('representatives', options, { ...METHOD_OPTIONS, count: true });
    checkInteger('count', count, 1);
    return withPointsOf(this, points, given, async ({ dataset }) =>
      runAsync((await loadAnswers()).representativesOf(dataset, this.centroids, count), dataset.signal),
    );
  }

  /**
   * Distance of each point to each centroid, as {@link Metric} has it.
   *
   * @returns Float32Array [n·k], row-major
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `kmeans` does, for points and options.
   * @example
   * ```ts
   * import { kmeans } from 'webgpu-clustering';
   *
   * const model = await kmeans([[0], [1], [8], [9]], { k: 2, init: [[0], [9]] });
   * console.log((await model.transform([[2.5]])).join()); // 2,6
   * ```
   */
  transform(points: PointsInput | Dataset, options?: MethodOptions): Promise<Float32Array> {
    const { centroids } = this;
    return withPointsOf(
      this,
      points,
      options,
      async ({ dataset }) => runAsync((await loadAnswers()).distancesOf(dataset, centroids), dataset.signal),
      function* (few) {
        return yield* (yield* resultOf(loadAnswers())).distancesOfFew(few, centroids);
      },
    );
  }

  /**
   * −inertia of the points under these centroids, in squared units of the data: the greater the better.
   *
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `kmeans` does, for points and options.
   */
  async score(points: PointsInput | Dataset | BlockSource, options?: MethodOptions): Promise<number> {
    if (isSource(points)) return (await blocks()).scoreOf(this, points, options);
    return -(await this.#ask(
      points,
      options,
      ({ inertiaOfPoints }, dataset) => inertiaOfPoints(dataset, this.centroids),
      ({ inertia }) => inertia,
    ));
  }

  /**
   * Bayesian information criterion (Schwarz 1978) of the tied-spherical mixture that this model is: weights counts / Σcounts, one
   * variance σ² = inertia / (d·Σcounts); k·d + (k − 1) + 1 free parameters, N the summed weight of `points`.
   * −Infinity where the inertia is 0.
   *
   * @throws {TypeError} for a model that is not Euclidean, which has no density.
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `kmeans` does, for points and options.
   */
  async bic(points: PointsInput | Dataset | BlockSource, options?: MethodOptions): Promise<number> {
    this.#needDensity('bic');
    // A density without width has no bounds.
    if (this.inertia === 0) return -Infinity;
    const { frame } = this;
    const mixture = this.#mixture;
    if (isSource(points)) return (await mixtures()).GaussianMixtureModel.unfitted(mixture, frame).bic(points, options);
    return withPointsOf(this, points, options, async ({ dataset: { signal } }, dataset) => {
      const { GaussianMixtureModel } = await mixtures();
      return GaussianMixtureModel.unfitted(mixture, frame).bic(dataset, signal && { signal });
    });
  }

  /**
   * The mixture that this model is, with densities: means are the centroids, and each component has the weight and the
   * covariance of the points nearest to its centroid. With the points of the fit and `'tied-spherical'`, the default, that
   * is the mixture of {@link bic} and {@link sample}; EM can start from it.
   *
   * @throws {TypeError} for a model that is not Euclidean, which has no density.
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `kmeans` does, for points and options.
   * @example
   * ```ts
   * import { kmeans } from 'webgpu-clustering';
   *
   * const points = [[0], [2], [8], [10]];
   * const model = await kmeans(points, { k: 2, init: [[0], [9]] });
   * const mixture = await model.toGaussianMixture(points);
   * console.log(mixture.means.join(), mixture.covariances.map(Math.round).join()); // 1,9 1
   * ```
   */
  async toGaussianMixture(
    points: PointsInput | Dataset,
    options?: MethodOptions & { readonly covarianceType?: CovarianceType },
  ): Promise<GaussianMixtureModel> {
    this.#needDensity('toGaussianMixture');
    const given = readOptions('toGaussianMixture', options, { ...METHOD_OPTIONS, covarianceType: true });
    const { covarianceType = 'tied-spherical', ...rest } = given;
    // What it is made of are the points, not the model: they have their own frame.
    return withPointsOf({ d: this.d, metric: this.metric, frame: undefined }, points, rest, async (home) => {
      const { mixtureOfCentroids } = await mixtures();
      return mixtureOfCentroids(home, this.centroids, covarianceType);
    });
  }

  /**
   * Draws points from the tied-spherical mixture that this model is (see {@link bic}).
   *
   * @returns `data` Float64Array [count·d], its `shape`, and the cluster that each point came from
   * @throws {TypeError} for a model that is not Euclidean, which has no density.
   * @throws {RangeError} where `count` is no positive integer, or all counts are 0.
   */
  sample(
    count: number,
    options?: SampleOptions,
  ): { data: Float64Array; shape: [n: number, d: number]; labels: Uint32Array } {
    this.#needDensity('sample');
    const { d, means, covariances, ...mixture } = this.#mixture;
    const deviation = Math.sqrt(covariances[0]);
    const draw = (cluster: number, random: Random) =>
      Float64Array.from({ length: d }, (_, j) => means[cluster * d + j] + deviation * random.normal());
    return drawSample({ ...mixture, d }, draw, count, options);
  }

  /** All of the model but its labels, in float64. */
  toJSON(): KMeansJSON {
    return { ...this.record(), centroids: Array.from(this.centroids), counts: Array.from(this.counts) };
  }

  /** The same with arrays in the place of lists. @internal */
  record(): RecordOf<KMeansJSON> {
    const { k, d, metric, centroids, counts, iterations, converged, backend, reason } = this;
    const inertia = Number.isNaN(this.inertia) ? null : finite(this.inertia);
    const fit = this.#fitted ? { reason, frame: frameToJSON(this.frame) } : {};
    return { type: 'KMeansModel', k, d, metric, centroids, counts, inertia, iterations, converged, backend, ...fit };
  }

  /**
   * The model that `toJSON` gave, with empty `labels`.
   *
   * @throws {TypeError | RangeError} where `json` is no such object, or holds values that no fit can produce: a coordinate over 1e150, a
   * count that is no sum of float32 weights.
   */
  static fromJSON(json: KMeansJSON): KMeansModel {
    if (!isJSONOf('KMeansModel', json)) {
      throw new TypeError("json must be what KMeansModel.toJSON gives, with type 'KMeansModel'");
    }
    const k = checkInteger('json.k', json.k, 1);
    const d = checkInteger('json.d', json.d, 1);
    return new KMeansModel({
      k,
      d,
      metric: checkWord('json.metric', json.metric, METRICS),
      centroids: readCoordinates('json.centroids', json.centroids, k * d),
      labels: new Uint32Array(0),
      labelsBuffer: null,
      counts: readCounts('json.counts', json.counts, k),
      inertia: json.inertia === null ? NaN : checkNotNegative('json.inertia', json.inertia),
      iterations: checkInteger('json.iterations', json.iterations, 0),
      converged: checkBoolean('json.converged', json.converged),
      backend: checkWord('json.backend', json.backend, ['webgpu', 'cpu'] as const),
      reason: checkWord('json.reason', propertyOf(json, 'reason') ?? 'asked', REASONS),
      frame: frameFromJSON(propertyOf(json, 'frame'), d),
    });
  }

  /**
   * The model that statistics of its centroids make: Lloyd's update. `labels` are empty, and the inertia is NaN, since that of the
   * statistics belongs to the centroids before.
   *
   * @param options `tolerance`: as that of `kmeans`, default 1e-4, for `converged`
   * @throws {RangeError} where the statistics are not of these centroids.
   */
  async update(
    statistics: KMeansShardStatistics,
    { tolerance = 1e-4 }: { readonly tolerance?: number } = {},
  ): Promise<KMeansModel> {
    const { updated } = await import('../kmeans/updated.ts');
    return new KMeansModel({ ...this, ...(await runAsync(updated(this, statistics, tolerance))) });
  }

  #ask<T>(
    points: PointsInput | Dataset,
    options: MethodOptions | undefined,
    ofPoints: (answers: Answers, dataset: EngineDataset) => Steps<T>,
    ofFew: (assigned: { readonly labels: Uint32Array; readonly inertia: number }) => T,
  ): Promise<T> {
    const { centroids } = this;
    return withPointsOf(
      this,
      points,
      options,
      async ({ dataset }) => runAsync(ofPoints(answers ?? (await loadAnswers()), dataset), dataset.signal),
      function* (few) {
        const { assignFew } = answers ?? (yield* resultOf(loadAnswers()));
        return ofFew(yield* assignFew(few, centroids));
      },
    );
  }

  /** The tied-spherical mixture that this model is. */
  get #mixture(): Parameters {
    const { k, d, centroids, counts, inertia } = this;
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) throw new RangeError('a model whose counts are all 0 has no density');
    const variance = inertia / (d * total);
    return {
      k,
      d,
      covarianceType: 'tied-spherical',
      weights: counts.map((count) => count / total),
      means: centroids,
      covariances: Float64Array.of(variance),
      precisionsCholesky: Float64Array.of(1 / Math.sqrt(variance)),
    };
  }

  #needDensity(method: string): void {
    if (metricOf(this.metric).hasDensity) return;
    throw new TypeError(`${method} needs a Euclidean model: ${this.metric} k-means has no density`);
  }
}

/** What sums of float32 weights can be, but for 0: that of the largest of 2³² rows, at most. */
const LEAST_COUNT = 2 ** -149;
const LARGEST_COUNT = 2 ** 160;

function readCounts(name: string, given: unknown, k: number): Float64Array {
  const counts = readNumbers(name, given, k);
  counts.forEach((count, c) => {
    if (count !== 0 && !(count >= LEAST_COUNT && count <= LARGEST_COUNT)) {
      throw new RangeError(`${name}[${c}] must be 0 or a sum of float32 weights, got ${count}`);
    }
  });
  return counts;
}

/** The frame of the centroids, and of where the rows about them lie, as far as the inertia tells. */
function frameOfCentroids({ centroids, counts, inertia, d }: Fields): Frame {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const deviation = total > 0 ? Math.sqrt(inertia / (d * total)) : 0;
  return frameOfModel(centroids, new Float64Array(centroids.length).fill(deviation), d);
}
