import { checkInteger, checkNotNegative, checkOptions, checkWord, readNumbers } from '../check.ts';
import type { Assignment, Backend } from '../engine.ts';
import { COVARIANCE_TYPES, type CovarianceType } from '../mixture/covariance.ts';
import { mixtureOfCentroids } from '../mixture/fit.ts';
import { GaussianMixtureModel } from '../mixture/model.ts';
import { type Dataset, type Home, type MethodOptions, withPointsOf } from '../placement.ts';
import { intoFrame } from '../frame.ts';
import { kindOf, type Metric, type PointsInput } from '../points.ts';
import { runAsync } from '../steps.ts';
import { assignOnce } from './assign.ts';

/** What `toJSON` gives: all of the model but its labels. */
export interface KMeansJSON {
  readonly type: 'KMeansModel';
  readonly k: number;
  readonly d: number;
  readonly metric: Metric;
  readonly centroids: number[];
  readonly counts: number[];
  readonly inertia: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly backend: Backend;
}

type Fields = Omit<KMeansJSON, 'type' | 'centroids' | 'counts'> & {
  readonly centroids: Float64Array;
  readonly labels: Uint32Array;
  readonly counts: Float64Array;
};

/** Distances in one block of `transform`: 16 MiB. */
const BLOCK_VALUES = 2 ** 22;

/** The result of k-means. It holds no engine and no GPU memory. */
export class KMeansModel {
  /** Number of clusters. */
  readonly k: number;
  /** Number of features. */
  readonly d: number;
  readonly metric: Metric;
  /** [k, d] row-major: exactly the centroids that the last assignment used. */
  readonly centroids: Float64Array;
  /** Index of the nearest centroid [n]; empty in a model made from JSON. */
  readonly labels: Uint32Array;
  /** Summed weights of the clusters [k]. */
  readonly counts: Float64Array;
  /** Σ w·‖x − c‖², for cosine Σ w·(1 − cos): of `labels` and `centroids`. */
  readonly inertia: number;
  /** Lloyd iterations. */
  readonly iterations: number;
  /** Whether the fit stopped by its rule, at a local minimum within tolerance, and not at `maxIterations`. */
  readonly converged: boolean;
  /** Where the fit ended. */
  readonly backend: Backend;

  /** @internal */
  constructor(fields: Fields) {
    this.k = fields.k;
    this.d = fields.d;
    this.metric = fields.metric;
    this.centroids = fields.centroids;
    this.labels = fields.labels;
    this.counts = fields.counts;
    this.inertia = fields.inertia;
    this.iterations = fields.iterations;
    this.converged = fields.converged;
    this.backend = fields.backend;
  }

  /**
   * Index of the nearest centroid of each point; ties go to the lowest index.
   *
   * @returns Uint32Array [n]
   * @throws {RangeError} where the points do not have `d` features.
   */
  predict(points: PointsInput | Dataset, options?: MethodOptions): Promise<Uint32Array> {
    return this.#withPoints(points, options, async (home, signal) => (await this.#assign(home, signal)).labels);
  }

  /**
   * Distance of each point to each centroid: Euclidean, or 1 − cos.
   *
   * @returns Float32Array [n·k], row-major
   * @throws {RangeError} where the points do not have `d` features.
   */
  transform(points: PointsInput | Dataset, options?: MethodOptions): Promise<Float32Array> {
    return this.#withPoints(points, options, async (home, signal) => {
      const { frame, metric, n } = home.dataset;
      const distances = new Float32Array(n * this.k);
      const toDistance =
        metric === 'cosine' ? (squared: number) => squared / 2 : (squared: number) => Math.sqrt(squared) / frame.scale;
      await this.#eachBlock(home, signal, (block, from) => {
        for (let i = 0; i < block.length; i++) distances[from * this.k + i] = toDistance(block[i]);
      });
      return distances;
    });
  }

  /**
   * −inertia of the points under these centroids.
   *
   * @throws {RangeError} where the points do not have `d` features.
   */
  score(points: PointsInput | Dataset, options?: MethodOptions): Promise<number> {
    return this.#withPoints(points, options, async (home, signal) => {
      const { frame, metric } = home.dataset;
      const { inertia } = await this.#assign(home, signal);
      return -(metric === 'cosine' ? inertia / 2 : inertia / (frame.scale * frame.scale));
    });
  }

  /**
   * Bayesian information criterion of the tied-spherical mixture that this model is: weights counts / Σcounts, one
   * variance σ² = inertia / (d·Σcounts); k·d + (k − 1) + 1 free parameters, N the summed weight of `points`.
   * −Infinity where the inertia is 0.
   *
   * @throws {TypeError} for a cosine model, which has no density.
   */
  async bic(points: PointsInput | Dataset, options?: MethodOptions): Promise<number> {
    this.#needDensity('bic');
    // A density without width has no bounds.
    return this.inertia === 0 ? -Infinity : this.#mixture.bic(points, options);
  }

  /**
   * The mixture that this model is, with densities: means are the centroids, and each component has the weight and the
   * covariance of the points nearest to its centroid. With the points of the fit and `'tied-spherical'`, the default, that
   * is the mixture of {@link bic} and {@link sample}; EM can start from it.
   *
   * @throws {TypeError} for a cosine model, which has no density.
   * @throws {RangeError} where the points do not have `d` features.
   */
  async toGaussianMixture(
    points: PointsInput | Dataset,
    options?: MethodOptions & { readonly covarianceType?: CovarianceType },
  ): Promise<GaussianMixtureModel> {
    this.#needDensity('toGaussianMixture');
    const { covarianceType = 'tied-spherical', ...rest } = checkOptions(options);
    checkWord('covarianceType', covarianceType, COVARIANCE_TYPES);
    return this.#withPoints(points, rest, (home, signal) =>
      mixtureOfCentroids(home, intoFrame(this.centroids, home.dataset.frame), covarianceType, signal),
    );
  }

  /**
   * Draws points from the tied-spherical mixture that this model is (see {@link bic}).
   *
   * @returns `data` Float64Array [count·d], its `shape`, and the cluster that each point came from
   * @throws {TypeError} for a cosine model, which has no density.
   */
  sample(
    count: number,
    options: { seed?: number } = {},
  ): { data: Float64Array; shape: [n: number, d: number]; labels: Uint32Array } {
    this.#needDensity('sample');
    return this.#mixture.sample(count, options);
  }

  /** All of the model but its labels, in float64. */
  toJSON(): KMeansJSON {
    const { k, d, metric, inertia, iterations, converged, backend } = this;
    const centroids = Array.from(this.centroids);
    const counts = Array.from(this.counts);
    return { type: 'KMeansModel', k, d, metric, centroids, counts, inertia, iterations, converged, backend };
  }

  /**
   * The model that `toJSON` gave, with empty `labels`.
   *
   * @throws {TypeError | RangeError} where `json` is no such object.
   */
  static fromJSON(json: KMeansJSON): KMeansModel {
    if (json === null || typeof json !== 'object' || json.type !== 'KMeansModel') {
      throw new TypeError("json must be what KMeansModel.toJSON gives, with type 'KMeansModel'");
    }
    const k = checkInteger('json.k', json.k, 1);
    const d = checkInteger('json.d', json.d, 1);
    if (typeof json.converged !== 'boolean') {
      throw new TypeError(`json.converged must be a boolean, got ${kindOf(json.converged)}`);
    }
    const counts = readNumbers('json.counts', json.counts, k);
    counts.forEach((count, c) => {
      checkNotNegative(`json.counts[${c}]`, count);
    });
    return new KMeansModel({
      k,
      d,
      metric: checkWord('json.metric', json.metric, ['euclidean', 'cosine'] as const),
      centroids: readNumbers('json.centroids', json.centroids, k * d),
      labels: new Uint32Array(0),
      counts,
      inertia: checkNotNegative('json.inertia', json.inertia),
      iterations: checkInteger('json.iterations', json.iterations, 0),
      converged: json.converged,
      backend: checkWord('json.backend', json.backend, ['webgpu', 'cpu'] as const),
    });
  }

  #withPoints<T>(
    points: PointsInput | Dataset,
    options: MethodOptions | undefined,
    work: (home: Home, signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    return withPointsOf(this, points, options, work);
  }

  #assign(home: Home, signal: AbortSignal | undefined): Promise<Assignment> {
    return runAsync(assignOnce(home, intoFrame(this.centroids, home.dataset.frame), signal));
  }

  /** Squared distances of some rows to all centroids at a time, in the dataset's frame. */
  async #eachBlock(
    { engine, dataset }: Home,
    signal: AbortSignal | undefined,
    visit: (block: Float32Array | Float64Array, from: number) => void,
  ): Promise<void> {
    const centroids = intoFrame(this.centroids, dataset.frame);
    const rows = Math.max(1, Math.floor(BLOCK_VALUES / this.k));
    for (let from = 0; from < dataset.n; from += rows) {
      signal?.throwIfAborted();
      const end = Math.min(dataset.n, from + rows);
      visit(await engine.allDistances(dataset, centroids, from, end, signal), from);
    }
  }

  /** The tied-spherical mixture that this model is. */
  get #mixture(): GaussianMixtureModel {
    const { k, d, centroids, counts, inertia } = this;
    const total = counts.reduce((sum, count) => sum + count, 0);
    const variance = inertia / (d * total);
    return GaussianMixtureModel.unfitted({
      k,
      d,
      covarianceType: 'tied-spherical',
      weights: counts.map((count) => count / total),
      means: centroids,
      covariances: Float64Array.of(variance),
      precisionsCholesky: Float64Array.of(1 / Math.sqrt(variance)),
    });
  }

  #needDensity(method: string): void {
    if (this.metric === 'cosine')
      throw new TypeError(`${method} needs a Euclidean model: cosine k-means has no density`);
  }
}
